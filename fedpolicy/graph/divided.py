"""A model divided between clients and a top: activations go up, gradients come down, labels go to the top."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import mask_of
from fedpolicy.graph.jobs import aggregators_of
from fedpolicy.graph.outcome import Outcome

if TYPE_CHECKING:
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.model import Mask, Vertex

__all__ = ["train_divided"]


def train_divided(exchange: Exchange) -> list[Outcome]:
    """Add activations, labels and gradients between the clients and the top model; the result rests at the top."""
    builder, job = exchange.builder, exchange.job
    tops = [
        builder.vertex(place)
        for reference in job.task.top_model_at or aggregators_of(builder, job.task)
        for place in builder.sources(reference)
    ]
    labels = _label_holders(exchange)
    for top in tops:
        for place in job.contributors:
            guards = exchange.guards("uplink", place, "activations")
            exchange.send_up(place, top.id, "activations", "activations", guards=guards, seal=exchange.seal())
        _labels(exchange, labels, top)
        _down(exchange, labels, top)
    mask = reduce(or_, labels.values(), job.mask)
    return [_outcome(exchange, top, mask) for top in tops]


def _outcome(exchange: Exchange, top: Vertex, mask: Mask) -> Outcome:
    guards = exchange.guards("aggregated", top, "model_weights")
    return Outcome(place=top.id, mask=mask, guards=guards, payload="model_weights")


def _label_holders(exchange: Exchange) -> dict[str, Mask]:
    """Who sends labels, and of which data: the place that is said to hold them, else every client its own."""
    builder, job = exchange.builder, exchange.job
    if job.task.labels_at is None:
        return {place.id: job.masks[place.id] for place in job.contributors}
    places = [place for reference in job.task.labels_at for place in builder.sources(reference)]
    found = {}
    for place in places:
        stored = mask_of(builder.places.stored.get(place, []))
        found[place] = (stored & job.mask) or stored or job.mask
    return found


def _labels(exchange: Exchange, labels: dict[str, Mask], top: Vertex) -> None:
    for name, mask in sorted(labels.items()):
        guards = exchange.guards("uplink", exchange.builder.vertex(name), "labels")
        exchange.send("labels", name, top.id, "labels", mask, guards=guards, seal=exchange.seal())


def _down(exchange: Exchange, labels: dict[str, Mask], top: Vertex) -> None:
    """Gradients say what a client sent, and something about the labels that somebody else holds."""
    job = exchange.job
    for place in job.contributors:
        exchange.send("gradients", top.id, place.id, "gradients", job.masks[place.id], echo=True)
        for holder, mask in sorted(labels.items()):
            if holder != place.id and job.task.labels_at is not None:
                exchange.send("gradients", top.id, place.id, "gradients", mask)
