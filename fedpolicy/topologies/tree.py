"""Clients send to a first level of aggregators, these to the next, the last one sends the sum back down."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedpolicy.graph import Mask, Vertex
    from fedpolicy.graph.exchange import Cohort, Exchange
    from fedpolicy.graph.guards import Shield
    from fedpolicy.graph.jobs import Outcome

TOPOLOGIES = {
    "tree": Topology(
        about="clients send to a first level of aggregators, these to the next",
        exchanges="updates",
        aggregator="optional",
        keys=("hops",),
        order=2,
    )
}

# What a place sends on: the contributing clients, their data, the aggregate that hides them (clients: none), whether it
# only passes on single contributions, because it can neither open them nor add them up, and the places between.
Load = tuple[list["Vertex"], "Mask", int | None, bool, frozenset[str]]


def desugar(exchange: Exchange) -> list[Outcome]:
    """Add one level of flows after the other; each level's safeguards protect what that level sends."""
    job = exchange.job
    loads: dict[str, Load] = {
        place.id: ([place], job.masks[place.id], None, False, frozenset()) for place in job.contributors
    }
    guarded = exchange.own
    for index, hop in enumerate(job.task.hops):
        loads = _climb(exchange, loads, exchange.receivers(loads, hop.at, hop.routes), hop.min_clients, guarded)
        guarded = job.shield_of(index)
    met = {reference for hop in job.task.hops for reference in hop.at}
    if (top := exchange.aggregator_names()) and met.isdisjoint(top):
        loads = _climb(exchange, loads, exchange.receivers(loads, top), None, guarded)
        guarded = exchange.own
    return [_down(exchange, exchange.builder.vertex(at), load, guarded) for at, load in sorted(loads.items())]


def _ways(exchange: Exchange, place: Vertex, top: str) -> set[str] | None:
    """The hops between a place and a top to which what it sends would go, None where that gets to others only."""
    job = exchange.job
    levels, last = [(hop.at, hop.routes) for hop in job.task.hops], exchange.aggregator_names()
    if last and {name for at, _ in levels for name in at}.isdisjoint(last):
        levels.append((last, ()))
    rungs: list[dict[str, list[str]]] = []
    sources = {place.id}
    for level in levels:
        rungs.append(exchange.receivers(sources, *level))
        sources = {end for ends in rungs[-1].values() for end in ends}
    leading, between = {top}, set[str]()
    for rung in reversed(rungs):
        leading = {one for one, ends in rung.items() if not leading.isdisjoint(ends)}
        between |= leading
    return between - {place.id} if leading else None


def _climb(
    exchange: Exchange, loads: dict[str, Load], ends: dict[str, list[str]], least: int | None, guarded: Shield
) -> dict[str, Load]:
    children: dict[str, dict[str, Load]] = {}
    for source in sorted(loads):
        for target in ends[source]:
            children.setdefault(target, {})[source] = loads[source]
    spots = Counter(client.id for below in children.values() for client in _clients(below))
    return {target: _collect(exchange, target, children[target], least, guarded, spots) for target in sorted(children)}


def _clients(below: dict[str, Load]) -> list[Vertex]:
    return list({client.id: client for load in below.values() for client in load[0]}.values())


def _collect(
    exchange: Exchange,
    target: str,
    below: dict[str, Load],
    least: int | None,
    guarded: Shield,
    spots: Mapping[str, int],
) -> Load:
    job, vertex = exchange.job, exchange.builder.vertex
    clients = _clients(below)
    mask = reduce(or_, (load[1] for load in below.values()), 0)
    sums = exchange.secure_sums(clients, mask, guarded, at=target)
    if any(load[2] is not None for load in below.values()):
        # Above the first level it is aggregators that are hidden among each other.
        senders = [vertex(source) for source in sorted(below)]
        shares = tuple(below[source][1] for source in sorted(below))
        sums = exchange.secure_sums(senders, mask, guarded, shares, at=target)
    for source, (_, own, hidden, passed, _) in sorted(below.items()):
        guards, seals = exchange.uplink(vertex(source), sums, guarded)
        if hidden is None:
            exchange.send_up(vertex(source), target, job.up, "uplink", guards=guards, seals=seals)
            continue
        if passed:
            guards = exchange.without_noise(vertex(source), guards)
            exchange.send("uplink", source, target, job.up, own, guards=guards, seals=seals, passed_on=True)
            continue
        exchange.send(
            "uplink", source, target, "aggregate_update", own, guards=guards, seals=seals, aggregate=hidden, raw=job.up
        )
    # Who may send to several places may be missing at each of them.
    sure = sum(client.weight for client in clients if spots[client.id] == 1)
    aggregate = exchange.aggregate(clients, mask, _cohort(exchange, clients, sure, least), vertex(target))
    hops = (load[4] | {source} for source, load in below.items() if load[2] is not None)
    passes = _passes(exchange, vertex(target), below, guarded)
    return clients, mask, aggregate, passes, frozenset().union(*hops)


def _passes(exchange: Exchange, at: Vertex, below: dict[str, Load], guarded: Shield) -> bool:
    """Whether a place passes single contributions on: sealed on their last leg, or by the clients before."""
    came = any(load[3] for load in below.values())
    return exchange.cannot_add(at, guarded) or (came and exchange.cannot_add(at))


def _cohort(exchange: Exchange, clients: list[Vertex], sure: int, least: int | None) -> Cohort:
    job = exchange.job
    if least is not None:
        known = min(least, sum(client.weight for client in clients))
        return known, known, ()
    low, high, missing = job.cohort_at(clients, sure)
    return low, high, job.cohort()[2] or (missing and (f"{job.origin.id}.hops.min_clients",))


def _down(exchange: Exchange, top: Vertex, load: Load, guarded: Shield) -> Outcome:
    """The sum goes back to the clients below, and every level on the way sees it."""
    clients, _, aggregate, passes, between = load
    sent = {client.id for client in clients}
    job = exchange.job
    # Who has no data gets what comes out all the same.
    ways = {place: _ways(exchange, place, top.id) for place in job.members if not job.masks[place.id]}
    idle = {place: hops for place, hops in ways.items() if hops is not None}
    between = between.union(*idle.values())
    below = [place for place in job.members if place.id in sent or place in idle]
    if passes:
        return exchange.forward(top, below, sorted(between))
    # Without an aggregator above it, the last level is the top, and what it sends back is what it sends on.
    own = None if guarded == exchange.own else guarded
    return exchange.send_down(top, aggregate or 0, below, sorted(between), own)
