"""Clients send to an aggregator, perhaps through relays; the aggregator sends the sum back to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.guards import guards_for, performers
from fedpolicy.graph.jobs import aggregators_of, secure_sums, uplink_guards
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.stations import hops, stations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.jobs import Job

__all__ = ["desugar", "return_sum"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Add uplinks and downlinks; the sum rests at each aggregator."""
    above = {place.id: _aggregators(builder, job, place) for place in job.members}
    by_aggregator: dict[str, list[Vertex]] = {}
    for place in job.contributors:
        for target in above[place.id]:
            by_aggregator.setdefault(target, []).append(place)
    found = []
    for at, places in sorted(by_aggregator.items()):
        below = [place for place in job.members if at in above[place.id]]
        found.append(_one(builder, job, builder.vertex(at), places, below))
    return found


def return_sum(
    builder: Builder, job: Job, top: Vertex, aggregate: int, below: Sequence[Vertex], between: Iterable[str] = ()
) -> Outcome:
    """
    Send the aggregate back to everybody below who takes part, if the method does, and say where it rests.

    Whoever passes it on (`between`, and the relays) gets it from the top too: it is not theirs to add up.
    """
    guards = guards_for(
        builder, job.task.safeguards, job.origin.path, "aggregated", top, payload=job.down, clients=job.clients
    )
    sent = dict.fromkeys(between)
    for place in below:
        for relays in stations(builder, place, job.task.via):
            sent |= dict.fromkeys(relays)
        sent[place.id] = None
    for target in sent if job.method.down else ():
        builder.add(
            job.origin,
            "downlink",
            top.id,
            target,
            job.down,
            job.mask,
            guards=guards,
            aggregate=aggregate,
            raw=job.up,
        )
    return Outcome(place=top.id, mask=job.mask, guards=guards, aggregate=aggregate, raw=job.up)


def _aggregators(builder: Builder, job: Job, place: Vertex) -> list[str]:
    found = (builder.targets(place, reference) for reference in aggregators_of(builder, job.task))
    return [target for targets in found for target in targets]


def _one(builder: Builder, job: Job, top: Vertex, contributors: list[Vertex], below: Sequence[Vertex]) -> Outcome:
    mask = _sum(job, contributors)
    path = job.origin.path
    sums = secure_sums(builder, job, job.task.safeguards, path, contributors, mask)
    relayed: dict[tuple[str, str], Mask] = {}
    for place in contributors:
        chain = [[place.id], *stations(builder, place, job.task.via), [top.id]]
        guards, seal = uplink_guards(builder, job, place, job.task.safeguards, sums, path)
        own = job.masks[place.id]
        for end in chain[1]:
            builder.add(job.origin, "uplink", place.id, end, job.up, own, guards=guards, seal=seal)
        for pair in hops(chain[1:]):
            relayed[pair] = relayed.get(pair, 0) | own
    for (source, target), carried in sorted(relayed.items()):
        builder.add(job.origin, "uplink", source, target, job.up, carried)
    low, high, missing = job.cohort_at(contributors)
    summable = builder.catalog.payloads[job.up].summable
    ids = [place.id for place in contributors]
    aggregate = builder.add_aggregate(
        job.origin, ids, mask, (low, high), performers(top), summable=summable, missing=missing
    )
    return return_sum(builder, job, top, aggregate, below)


def _sum(job: Job, contributors: list[Vertex]) -> Mask:
    mask = 0
    for place in contributors:
        mask |= job.masks[place.id]
    return mask
