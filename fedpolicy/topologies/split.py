"""A divided model: each client runs the bottom on its own records or columns, another place the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.jobs import Outcome

TOPOLOGIES = {
    "split": Topology(
        about="clients send activations to the node that holds the top of the model, and gradients come back",
        exchanges="activations",
        aggregator="optional",
        keys=("labels_at", "top_model_at"),
        order=5,
    ),
    "vertical": Topology(
        about="clients with other features of the same people send activations to the top of the model",
        exchanges="activations",
        aggregator="optional",
        keys=("labels_at", "top_model_at"),
        order=6,
    ),
}


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send activations and labels up, and gradients down."""
    return exchange.train_divided()
