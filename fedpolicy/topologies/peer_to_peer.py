"""Clients send to one another, and each adds up: all the time, or in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.jobs import Outcome

TOPOLOGIES = {
    "peer_to_peer": Topology(
        about="every client sends to every other", exchanges="updates", aggregator="none", order=3
    ),
    "rotating": Topology(
        about="every client is the aggregator in turn", exchanges="updates", aggregator="none", order=4
    ),
}


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send every contribution to everybody who takes part."""
    return exchange.share_with_all()
