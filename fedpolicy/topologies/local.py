"""No exchange: the task runs on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(about="nothing is exchanged", exchanges="nothing", aggregator="none", order=7)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Leave the result where the task runs."""
    return exchange.stay()
