"""Clients send to a first level of aggregators, these to the next, the last one sends the sum back down."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph.guards import performers
from fedpolicy.graph.jobs import Job, aggregators_of, secure_sums, uplink_guards
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.topologies.relays import send_up
from fedpolicy.graph.topologies.star import return_sum
from fedpolicy.spec.model.task import TreeHop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.model import Path
    from fedpolicy.spec.model.safeguards import Safeguard

__all__ = ["desugar"]

# What a place sends on: the contributing clients, their data, and the aggregate that hides them (clients: none).
Load = tuple[list[Vertex], Mask, int | None]
Guarded = tuple[tuple["Safeguard", ...], "Path"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Add one level of flows after the other; each level's safeguards protect what that level sends."""
    top = aggregators_of(builder, job.task)
    levels = [*job.task.hops, *([TreeHop(at=top)] if top else [])]
    loads: dict[str, Load] = {place.id: ([place], job.masks[place.id], None) for place in job.contributors}
    guarded: Guarded = (job.task.safeguards, job.origin.path)
    between: list[str] = []
    for index, level in enumerate(levels):
        between += loads if index else ()
        loads = _climb(builder, job, loads, level, guarded)
        guarded = (level.safeguards, (*job.origin.path, "hops", index))
    return [_down(builder, job, builder.vertex(at), load, between) for at, load in sorted(loads.items())]


def _climb(builder: Builder, job: Job, loads: dict[str, Load], level: TreeHop, guarded: Guarded) -> dict[str, Load]:
    children: dict[str, dict[str, Load]] = {}
    for source in sorted(loads):
        for reference in level.at:
            for target in builder.targets(builder.vertex(source), reference):
                children.setdefault(target, {})[source] = loads[source]
    spots = Counter(client.id for below in children.values() for client in _clients(below))
    return {
        target: _collect(builder, job, target, children[target], level, guarded, spots) for target in sorted(children)
    }


def _clients(below: dict[str, Load]) -> list[Vertex]:
    return list({client.id: client for load in below.values() for client in load[0]}.values())


def _collect(
    builder: Builder,
    job: Job,
    target: str,
    below: dict[str, Load],
    level: TreeHop,
    guarded: Guarded,
    spots: Mapping[str, int],
) -> Load:
    clients = _clients(below)
    mask = reduce(or_, (load[1] for load in below.values()), 0)
    safeguards, path = guarded
    sums = secure_sums(builder, job, safeguards, path, clients, mask)
    for source, (_, own, hidden) in sorted(below.items()):
        guards, seal = uplink_guards(builder, job, builder.vertex(source), safeguards, sums, path)
        if hidden is None:
            send_up(builder, job, builder.vertex(source), target, job.up, "uplink", guards=guards, seal=seal)
            continue
        builder.add(
            job.origin,
            "uplink",
            source,
            target,
            "aggregate_update",
            own,
            guards=guards,
            seal=seal,
            aggregate=hidden,
            raw=job.up,
        )
    # Who may send to several places may be missing at each of them.
    sure = sum(client.weight for client in clients if spots[client.id] == 1)
    return clients, mask, _aggregate(builder, job, target, clients, mask, _cohort(job, clients, sure, level))


def _aggregate(
    builder: Builder,
    job: Job,
    target: str,
    clients: list[Vertex],
    mask: Mask,
    cohort: tuple[int, int, tuple[str, ...]],
) -> int:
    ids = [client.id for client in clients]
    rests_on = performers(builder.vertex(target))
    summable = builder.catalog.payloads[job.up].summable
    return builder.add_aggregate(job.origin, ids, mask, cohort[:2], rests_on, summable=summable, missing=cohort[2])


def _cohort(job: Job, clients: list[Vertex], sure: int, level: TreeHop) -> tuple[int, int, tuple[str, ...]]:
    if level.min_clients is not None:
        known = min(level.min_clients, sum(client.weight for client in clients))
        return known, known, ()
    low, high, missing = job.cohort_at(clients, sure)
    return low, high, job.cohort()[2] or (missing and (f"{job.origin.id}.hops.min_clients",))


def _down(builder: Builder, job: Job, top: Vertex, load: Load, between: list[str]) -> Outcome:
    """The sum goes back to the clients, and every level on the way sees it."""
    aggregate = load[2] if load[2] is not None else 0
    return return_sum(builder, job, top, aggregate, job.members, between)
