"""Vertical training: each client has other features of the same people, another place the top of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.outcome import Outcome

__all__ = ["TOPOLOGY", "desugar"]

TOPOLOGY = Topology(
    about="clients with other features of the same people send activations to the top of the model",
    exchanges="activations",
    aggregator="optional",
    keys=("labels_at", "top_model_at"),
    order=6,
)


def desugar(exchange: Exchange) -> list[Outcome]:
    """Send activations and labels up, and gradients down."""
    return exchange.train_divided()
