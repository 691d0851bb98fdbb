"""Clients send to an aggregator, perhaps through relays; the aggregator sends the sum back to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.topologies import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fedpolicy.graph import Mask, Vertex
    from fedpolicy.graph.exchange import Exchange
    from fedpolicy.graph.jobs import Outcome

TOPOLOGIES = {
    "star": Topology(
        about="clients send to an aggregator, which sends the sum back", exchanges="updates", aggregator="one", order=1
    )
}


def desugar(exchange: Exchange) -> list[Outcome]:
    """Add uplinks and downlinks; the sum rests at each aggregator."""
    job = exchange.job
    above = {place.id: exchange.aggregators(place) for place in job.members}
    by_aggregator: dict[str, list[Vertex]] = {}
    for place in job.contributors:
        for target in above[place.id]:
            by_aggregator.setdefault(target, []).append(place)
    found = []
    for at, places in sorted(by_aggregator.items()):
        below = [place for place in job.members if at in above[place.id]]
        found.append(_one(exchange, exchange.builder.vertex(at), places, below))
    return found


def _one(exchange: Exchange, top: Vertex, contributors: list[Vertex], below: Sequence[Vertex]) -> Outcome:
    job, mask = exchange.job, exchange.mask_of(contributors)
    sums = exchange.secure_sums(contributors, mask, at=top.id)
    relayed: dict[tuple[str, str], Mask] = {}
    for place in contributors:
        guards, seals = exchange.uplink(place, sums)
        own = job.masks[place.id]
        for source, end in exchange.way(place, top.id):
            if source == place.id:
                exchange.send("uplink", source, end, job.up, own, guards=guards, seals=seals)
            else:
                relayed[source, end] = relayed.get((source, end), 0) | own
    for (source, end), carried in sorted(relayed.items()):
        exchange.send("uplink", source, end, job.up, carried, passed_on=True)
    if exchange.cannot_add(top):
        return exchange.forward(top, below)
    aggregate = exchange.aggregate(contributors, mask, job.cohort_at(contributors), top)
    return exchange.send_down(top, aggregate, below)
