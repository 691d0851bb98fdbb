"""
A model divided between clients and a top: what goes up, what comes down, labels and, where there is one, an arbiter.

Neural networks send activations up and gradients down. Boosted trees send gradients down to whoever has other columns
of the same rows, and sums of them up: nothing that a record could be read from where they are encrypted.
"""

from __future__ import annotations

from functools import reduce
from itertools import product
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import mask_of
from fedpolicy.graph.guards import guards_on_work, seals_for
from fedpolicy.graph.jobs import Outcome, arranged
from fedpolicy.graph.masks import grouped
from fedpolicy.graph.routes import aggregators_of
from fedpolicy.records import replace
from fedpolicy.topologies import DESUGAR, TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fedpolicy.graph import Mask, Vertex
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.language.model.flow import Task


def train_divided(exchange: Exchange) -> list[Outcome]:
    """Add everything that travels between the clients and the top model; the result rests at the top."""
    job = exchange.job
    above = _above(exchange)
    tops = list({top.id: top for some in above.values() for top in some}.values())
    averages = averaged(job.task, job.topology)
    arbiters = [] if averages else _arbiters(exchange, tops)
    boosts = job.topology in (job.method.up_in or {})
    labels = _labels(exchange, tops if boosts else ())
    _hand_over(exchange, labels)
    # Who computes on what an arbiter alone can open need not read it; no more need those who add up for boosted trees.
    blind = exchange.blind_seals(*arbiters) if arbiters else ()
    for top in tops:
        below = [place for place in job.contributors if top in above[place.id]]
        if not boosts:
            _activations(exchange, below, top, blind)
        _send_labels(exchange, {place.id: labels[place.id] for place in below}, top, blind)
        (_boost if boosts else _gradients)(exchange, below, labels, top, blind)
    _arbitrate(exchange, arbiters, tops, labels)
    if averages:
        # The parts of the clients are alike, and travel as models do that clients train as a whole.
        back = "model_weights"
        averaging = replace(job, method=replace(job.method, down=back), up="model_update", down=back)
        DESUGAR["star"](replace(exchange, job=averaging))
    mask = reduce(or_, (mask for held in labels.values() for mask in held.values()), job.mask)
    return [_outcome(exchange, top, mask) for top in tops]


def averaged(task: Task, topology: str) -> bool:
    """Whether an aggregator beside the top averages the parts of clients that split the same model, each its own."""
    return topology == "split" and bool(task.aggregator and task.top_model_at)


def pass_through_parts(exchange: Exchange, holders: Sequence[str]) -> None:
    """Training a model in parts shows intermediate values to whoever holds the others, as running it does."""
    builder, job = exchange.builder, exchange.job
    ways = arranged(builder, job)
    divided = [TOPOLOGIES[way.topology].exchanges == "activations" for way in ways]
    # Where the task itself divides a model, its own flows say what goes between the parts.
    tops = {top.id for above in _above(exchange).values() for top in above}
    own = tops.union(place.id for place in (*job.members, *builder.places_of(job.task.labels_at or ())))
    others = [name for name in holders if name not in own or not all(divided)]
    for place, name in product(job.contributors, others):
        if name == place.id:
            continue
        other, mask = builder.vertex(name), job.masks[place.id]
        origin = ways[0].origin if name in own and any(divided) else job.origin
        guards = guards_on_work(builder, job.shield, place, other, payload="activations")
        seals = seals_for(builder, job.shield, other)
        builder.add(origin, "call", place.id, name, "activations", mask, guards=guards, seals=seals)
        builder.add(origin, "completion", name, place.id, "gradients", mask, echo=True)


def _above(exchange: Exchange) -> dict[str, list[Vertex]]:
    """The tops that each client sends to: its own party's, where there is one for each."""
    builder, job = exchange.builder, exchange.job
    named = job.task.top_model_at or aggregators_of(builder, job.task)
    return {
        place.id: [builder.vertex(top) for reference in named for top in builder.targets(place, reference)]
        for place in job.contributors
    }


def _arbiters(exchange: Exchange, tops: Sequence[Vertex]) -> list[Vertex]:
    """An aggregator beside the top of the model holds the key, and opens what the others compute."""
    task = exchange.job.task
    found = exchange.builder.places_of(task.aggregator or ()) if task.top_model_at else []
    return [place for place in found if place not in tops]


def _outcome(exchange: Exchange, top: Vertex, mask: Mask) -> Outcome:
    guards = exchange.guards("aggregated", top, "model_weights")
    return Outcome(place=top.id, mask=mask, guards=guards, payload="model_weights")


Labels = dict[str, dict[str, "Mask"]]  # by client, the places that hold its labels, and of which data they are


def _labels(exchange: Exchange, tops: Sequence[Vertex]) -> Labels:
    """
    Who holds the labels of each client: whoever is said to, paired by party, else every client its own.

    Without a word, those of trees are at a top that takes part with data of its own.
    """
    builder, job = exchange.builder, exchange.job
    own = {place.id: {place.id: job.masks[place.id]} for place in job.contributors}
    if job.task.labels_at is None:
        at_top = {top.id: job.masks[top.id] for top in tops if job.masks.get(top.id)}
        return {place.id: at_top or own[place.id] for place in job.contributors}
    found: Labels = {}
    for place in job.contributors:
        holders = [name for reference in job.task.labels_at for name in builder.targets(place, reference)]
        found[place.id] = {name: _labelled(exchange, place, builder.vertex(name)) for name in holders}
    return found


def _labelled(exchange: Exchange, place: Vertex, holder: Vertex) -> Mask:
    """
    Of which data somebody holds the labels: what is stored there, else those of the client's own records.

    Columns that are held apart are about the same people, whose labels somebody else holds for all of them.
    """
    job, stored = exchange.job, _stored(exchange, holder)
    own = holder.party == place.party or job.topology == "split"
    return (stored & job.mask) or stored or (job.masks[place.id] if own else job.mask)


def _stored(exchange: Exchange, holder: Vertex) -> Mask:
    return mask_of(exchange.builder.places.stored.get(holder.id, []))


def _hand_over(exchange: Exchange, labels: Labels) -> None:
    """Whoever holds labels of records that rest elsewhere has got them from there."""
    job, vertex = exchange.job, exchange.builder.vertex
    for place in job.contributors:
        for holder in (vertex(name) for name in sorted(labels[place.id])):
            if not _stored(exchange, holder):
                exchange.send_leg("labels", place, holder, "labels", job.masks[place.id])


def _send_labels(exchange: Exchange, labels: Labels, top: Vertex, blind: tuple[int, ...]) -> None:
    held = grouped((name, mask) for own in labels.values() for name, mask in own.items())
    for name, mask in sorted(held.items()):
        exchange.send_leg("labels", exchange.builder.vertex(name), top, "labels", mask, blind=blind)


def _activations(exchange: Exchange, below: Sequence[Vertex], top: Vertex, blind: tuple[int, ...]) -> None:
    for place in below:
        exchange.send_leg("activations", place, top, "activations", exchange.job.masks[place.id], blind=blind)


def _gradients(
    exchange: Exchange, below: Sequence[Vertex], labels: Labels, top: Vertex, blind: tuple[int, ...]
) -> None:
    """Gradients say what a client sent, and something about labels of its records that somebody else holds."""
    job = exchange.job
    for place in below:
        exchange.send_leg("gradients", place, top, "gradients", job.masks[place.id], blind=blind, down=True, echo=True)
        for holder, mask in sorted(labels[place.id].items()):
            if holder != place.id:
                exchange.send_leg("gradients", place, top, "gradients", mask, blind=blind, down=True)


def _boost(exchange: Exchange, below: Sequence[Vertex], labels: Labels, top: Vertex, blind: tuple[int, ...]) -> None:
    """Gradients are made from labels; whoever adds them up by its own columns need not read them."""
    job = exchange.job
    for place in (place for place in below if place != top):
        mask = reduce(or_, (mask for holder, mask in labels[place.id].items() if holder != place.id), 0)
        unread = exchange.blind_seals()
        exchange.send_leg("gradients", place, top, job.up, mask, blind=unread, down=True)
        exchange.send_leg("uplink", place, top, job.down, job.masks[place.id], blind=blind)


def _arbitrate(exchange: Exchange, arbiters: Sequence[Vertex], tops: Sequence[Vertex], labels: Labels) -> None:
    """
    Everybody sends its gradients to the arbiter, which opens them and sends them back.

    Those of a part of the model are made of what is said of labels, which only the arbiter could read until then.
    """
    job = exchange.job
    every = reduce(or_, (mask for held in labels.values() for mask in held.values()), 0)
    masks = dict(job.masks)
    for top in tops:
        masks[top.id] = (masks.get(top.id, 0) or job.mask) | every
    for arbiter in arbiters:
        for name, mask in sorted(masks.items()):
            place = exchange.builder.vertex(name)
            strange = reduce(or_, (of for holder, of in labels.get(name, {}).items() if holder != name), 0)
            exchange.send_leg("uplink", place, arbiter, "gradients", mask | strange)
            exchange.send_leg("downlink", place, arbiter, "gradients", mask, down=True, echo=True)
            exchange.send_leg("gradients", place, arbiter, "gradients", strange, down=True)
