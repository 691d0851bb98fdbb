"""Split training: each client runs the bottom of the model on its own records, another place the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(
    about="clients send activations to whoever holds the top of the model, and gradients come back",
    exchanges="activations",
    aggregator="optional",
    keys=("labels_at", "top_model_at"),
    order=5,
)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send activations and labels up, and gradients down."""
    return exchange.train_divided()
