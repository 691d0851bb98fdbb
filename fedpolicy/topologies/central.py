"""No exchange: the task runs in one place, on data that are there or were brought there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(about="everything happens where the task runs", exchanges="nothing", aggregator="none", order=8)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Leave the result where the task runs."""
    return exchange.stay()
