"""No aggregator of its own: each client is the aggregator in turn, and so sees every other client's update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(about="every client is the aggregator in turn", exchanges="updates", aggregator="none", order=4)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send every contribution to everybody who takes part: each of them adds up at some time."""
    return exchange.share_with_all()
