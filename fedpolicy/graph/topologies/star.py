"""Clients send to an aggregator, perhaps through relays; the aggregator sends the sum back to all."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph.guards import guards_for, performers
from fedpolicy.graph.jobs import aggregators_of, secure_sums, uplink_guards
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.graph.outcome import Outcome

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.jobs import Job

__all__ = ["desugar", "relays", "return_sum"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Add uplinks and downlinks; the sum rests at each aggregator."""
    by_aggregator: dict[str, list[Vertex]] = {}
    for place in job.contributors:
        for reference in aggregators_of(builder, job.task):
            for target in builder.targets(place, reference):
                by_aggregator.setdefault(target, []).append(place)
    return [_one(builder, job, builder.vertex(at), places) for at, places in sorted(by_aggregator.items())]


def return_sum(builder: Builder, job: Job, top: Vertex, aggregate: int) -> Outcome:
    """Send the aggregate back to everybody who takes part, and say where it rests."""
    guards = guards_for(
        builder, job.task.safeguards, job.origin.path, "aggregated", top, payload=job.down, clients=job.clients
    )
    for place in job.members:
        chain = [top.id, *reversed(relays(builder, job, place)), place.id]
        for source, target in pairwise(chain):
            builder.add(
                job.origin,
                "downlink",
                source,
                target,
                job.down,
                job.mask,
                guards=guards,
                aggregate=aggregate,
                raw=job.up,
            )
    return Outcome(place=top.id, mask=job.mask, guards=guards, aggregate=aggregate, raw=job.up)


def relays(builder: Builder, job: Job, place: Vertex) -> list[str]:
    """The relays between a client and the aggregator, the client's first."""
    found: list[Vertex] = []
    for reference in job.task.via:
        found.append(builder.vertex(builder.targets(found[-1] if found else place, reference)[0]))
    return [vertex.id for vertex in found]


def _one(builder: Builder, job: Job, top: Vertex, contributors: list[Vertex]) -> Outcome:
    mask = _sum(job, contributors)
    path = job.origin.path
    sums = secure_sums(builder, job, job.task.safeguards, path, contributors, mask)
    relayed: dict[tuple[str, str], Mask] = {}
    for place in contributors:
        chain = [place.id, *relays(builder, job, place), top.id]
        guards, seal = uplink_guards(builder, job, place, job.task.safeguards, sums, path)
        own = job.masks[place.id]
        builder.add(job.origin, "uplink", chain[0], chain[1], job.up, own, guards=guards, seal=seal)
        for pair in pairwise(chain[1:]):
            relayed[pair] = relayed.get(pair, 0) | own
    for (source, target), carried in sorted(relayed.items()):
        builder.add(job.origin, "uplink", source, target, job.up, carried)
    low, high, missing = job.cohort()
    summable = builder.catalog.payloads[job.up].summable
    ids = [place.id for place in contributors]
    aggregate = builder.add_aggregate(
        job.origin, ids, mask, (low, high), performers(top), summable=summable, missing=missing
    )
    return return_sum(builder, job, top, aggregate)


def _sum(job: Job, contributors: list[Vertex]) -> Mask:
    mask = 0
    for place in contributors:
        mask |= job.masks[place.id]
    return mask
