"""Clients send to a first level of aggregators, these to the next, the last one sends the sum back down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.guards import performers
from fedpolicy.graph.jobs import Job, aggregators_of, secure_sums, uplink_guards
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.topologies.star import return_sum
from fedpolicy.spec.models import TreeHop

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.model import Path
    from fedpolicy.spec.safeguards import Safeguard

__all__ = ["desugar"]

# What a place sends on: the contributing clients, their data, and the aggregate that hides them (clients: none).
Load = tuple[list[Vertex], Mask, int | None]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Add one level of flows after the other; each level's safeguards protect what that level sends."""
    top = aggregators_of(builder, job.task)
    levels = [*job.task.hops, *([TreeHop(at=top)] if top else [])]
    loads: dict[str, Load] = {place.id: ([place], job.masks[place.id], None) for place in job.contributors}
    safeguards, path = job.task.safeguards, job.origin.path
    for index, level in enumerate(levels):
        loads = _climb(builder, job, loads, level, safeguards, path)
        safeguards, path = level.safeguards, (*job.origin.path, "hops", index)
    return [_down(builder, job, builder.vertex(at), load) for at, load in sorted(loads.items())]


def _climb(
    builder: Builder, job: Job, loads: dict[str, Load], level: TreeHop, safeguards: tuple[Safeguard, ...], path: Path
) -> dict[str, Load]:
    children: dict[str, list[str]] = {}
    for source in sorted(loads):
        for reference in level.at:
            for target in builder.targets(builder.vertex(source), reference):
                children.setdefault(target, []).append(source)
    return {
        target: _collect(builder, job, target, {child: loads[child] for child in below}, level, safeguards, path)
        for target, below in sorted(children.items())
    }


def _collect(
    builder: Builder,
    job: Job,
    target: str,
    below: dict[str, Load],
    level: TreeHop,
    safeguards: tuple[Safeguard, ...],
    path: Path,
) -> Load:
    clients = [client for load in below.values() for client in load[0]]
    mask = 0
    for load in below.values():
        mask |= load[1]
    sums = secure_sums(builder, job, safeguards, path, clients, mask)
    for source, (_, own, hidden) in sorted(below.items()):
        guards, seal = uplink_guards(builder, job, builder.vertex(source), safeguards, sums, path)
        payload = job.up if hidden is None else "aggregate_update"
        builder.add(
            job.origin, "uplink", source, target, payload, own, guards=guards, seal=seal, aggregate=hidden, raw=job.up
        )
    return clients, mask, _aggregate(builder, job, target, clients, mask, level)


def _aggregate(builder: Builder, job: Job, target: str, clients: list[Vertex], mask: Mask, level: TreeHop) -> int:
    low, high, missing = _cohort(job, clients, level)
    ids = [client.id for client in clients]
    rests_on = performers(builder.vertex(target))
    summable = builder.catalog.payloads[job.up].summable
    return builder.add_aggregate(job.origin, ids, mask, (low, high), rests_on, summable=summable, missing=missing)


def _cohort(job: Job, clients: list[Vertex], level: TreeHop) -> tuple[int, int, tuple[str, ...]]:
    # A round's clients may all sit below one aggregator, or only those whom the others cannot hold.
    here = sum(client.weight for client in clients)
    if level.min_clients is not None:
        return level.min_clients, level.min_clients, ()
    low, high, missing = job.cohort()
    least = max(1, high - (job.population - here))
    fact = () if least == min(low, here) else (f"{job.origin.id}.hops.min_clients",)
    return min(low, here), least, missing or fact


def _down(builder: Builder, job: Job, top: Vertex, load: Load) -> Outcome:
    return return_sum(builder, job, top, load[2] if load[2] is not None else 0)
