"""No aggregator: every client sees every other client's update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(about="every client sends to every other", exchanges="updates", aggregator="none", order=3)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send every contribution to everybody who takes part."""
    return exchange.share_with_all()
