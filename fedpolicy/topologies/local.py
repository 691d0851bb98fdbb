"""Nothing is exchanged: the task runs where the data are, or the data come to where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.jobs import Outcome

TOPOLOGIES = {
    "local": Topology(about="nothing is exchanged", exchanges="nothing", aggregator="none", order=7),
    "central": Topology(
        about="everything happens where the task runs", exchanges="nothing", aggregator="none", order=8
    ),
}


def desugar(exchange: Exchange) -> list[Outcome]:
    """Leave the result where the task runs."""
    return exchange.stay()
