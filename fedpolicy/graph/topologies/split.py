"""Split and vertical training: activations go up, gradients come down, labels go to the top of the model."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import mask_of
from fedpolicy.graph.guards import guards_for, seal_for
from fedpolicy.graph.jobs import Job, aggregators_of
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.topologies.relays import send_up

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder

__all__ = ["desugar"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Add activations, labels and gradients between the clients and the top model; the result rests at the top."""
    tops = [
        builder.vertex(place)
        for reference in job.task.top_model_at or aggregators_of(builder, job.task)
        for place in builder.sources(reference)
    ]
    labels = _label_holders(builder, job)
    for top in tops:
        for place in job.contributors:
            _up(builder, job, place, top)
        _labels(builder, job, labels, top)
        _down(builder, job, labels, top)
    mask = reduce(or_, labels.values(), job.mask)
    return [_outcome(builder, job, top, mask) for top in tops]


def _outcome(builder: Builder, job: Job, top: Vertex, mask: Mask) -> Outcome:
    safeguards, path = job.task.safeguards, job.origin.path
    guards = guards_for(builder, safeguards, path, "aggregated", top, payload="model_weights", clients=job.clients)
    return Outcome(place=top.id, mask=mask, guards=guards, payload="model_weights")


def _label_holders(builder: Builder, job: Job) -> dict[str, Mask]:
    """Who sends labels, and of which data: the place that is said to hold them, else every client its own."""
    if job.task.labels_at is None:
        return {place.id: job.masks[place.id] for place in job.contributors}
    places = [place for reference in job.task.labels_at for place in builder.sources(reference)]
    found = {}
    for place in places:
        stored = mask_of(builder.places.stored.get(place, []))
        found[place] = (stored & job.mask) or stored or job.mask
    return found


def _up(builder: Builder, job: Job, place: Vertex, top: Vertex) -> None:
    safeguards, path = job.task.safeguards, job.origin.path
    guards = guards_for(builder, safeguards, path, "uplink", place, payload="activations", clients=job.clients)
    seal = seal_for(builder, safeguards, path)
    send_up(builder, job, place, top.id, "activations", "activations", guards=guards, seal=seal)


def _labels(builder: Builder, job: Job, labels: dict[str, Mask], top: Vertex) -> None:
    safeguards, path = job.task.safeguards, job.origin.path
    seal = seal_for(builder, safeguards, path)
    for name, mask in sorted(labels.items()):
        place = builder.vertex(name)
        guards = guards_for(builder, safeguards, path, "uplink", place, payload="labels", clients=job.clients)
        builder.add(job.origin, "labels", name, top.id, "labels", mask, guards=guards, seal=seal)


def _down(builder: Builder, job: Job, labels: dict[str, Mask], top: Vertex) -> None:
    """Gradients say what a client sent, and something about the labels that somebody else holds."""
    for place in job.contributors:
        own = job.masks[place.id]
        builder.add(job.origin, "gradients", top.id, place.id, "gradients", own, echo=True)
        for holder, mask in sorted(labels.items()):
            if holder != place.id and job.task.labels_at is not None:
                builder.add(job.origin, "gradients", top.id, place.id, "gradients", mask)
