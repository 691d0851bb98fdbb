"""The parties' views -> disclosures, with evidence; identical ones are one, for ten thousand clients as for two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fedpolicy.analysis.exposure import BOUNDED, Reading
from fedpolicy.analysis.exposure.budgets import spending_on
from fedpolicy.analysis.exposure.groups import Group, Levels, group_views
from fedpolicy.analysis.exposure.privacy import Spending, unsettled
from fedpolicy.analysis.exposure.reasons import GUARANTEED, missing_on, not_counted
from fedpolicy.analysis.exposure.sizes import missing_size
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.analysis.exposure.views import Viewer
from fedpolicy.analysis.exposure.witness import Trail
from fedpolicy.analysis.facts import Disclosure, NotCounted, Step
from fedpolicy.graph import DataItem, Flow, FlowGraph, Mask, bits
from fedpolicy.graph.masks import grouped, without
from fedpolicy.records import replace


def disclosures_of(exposure: Exposure) -> tuple[Disclosure, ...]:
    """Everything that anybody can learn about data that are not its own, most revealing first."""
    found = [_disclosure(exposure, group) for group in group_views(exposure)]
    return tuple(sorted(found, key=lambda d: (-d.high, -d.guaranteed, d.role, d.parties, d.datasets)))


def disclosure_of_pair(exposure: Exposure, group: Disclosure, party: str, dataset: str) -> Disclosure:
    """The same levels for one party and one instance of a group, with that pair's own paths and reasons."""
    viewer, item = exposure.viewers[party, group.role], exposure.items[dataset]
    levels = (group.low, group.high, group.guaranteed, group.vouched)
    return Disclosure(**_evidence(exposure, viewer, item, levels), allowed=group.allowed)


def evidence_of(exposure: Exposure, group: Disclosure, parties: Sequence[str], datasets: Sequence[str]) -> Disclosure:
    """A group with the ways in by which one of these parties learns of one of these instances, and their reasons."""
    others = ((party, name) for name in datasets for party in parties if exposure.items[name].owner != party)
    if (pair := next(others, None)) is None:
        return group
    own = disclosure_of_pair(exposure, group, *pair)
    return replace(group, paths=own.paths, sure=own.sure, not_counted=own.not_counted)


def pairs_of(exposure: Exposure, groups: Sequence[Disclosure]) -> Iterator[Disclosure]:
    """
    One disclosure for each pair of a party and a dataset instance, each with paths of its own, in a stable order.

    There may be parties x instances of them: look at `sum(group.pairs for group in groups)` first.
    """
    singles = (
        disclosure_of_pair(exposure, group, party, dataset)
        for group in groups
        for party in group.parties
        for dataset in group.datasets
        if exposure.items[dataset].owner != party
    )
    yield from sorted(singles, key=lambda one: (-one.high, -one.guaranteed, one.role, one.parties, one.datasets))


def _disclosure(exposure: Exposure, group: Group) -> Disclosure:
    viewer, item = _representative(exposure, group.viewers, group.mask)
    shown = _evidence(exposure, viewer, item, group.levels)
    shown |= {
        "parties": tuple(sorted(viewer.party for viewer in group.viewers)),
        "datasets": exposure.names(group.mask),
        "missing": _undecided(exposure, group, shown["missing"]),
    }
    return Disclosure(**shown, allowed=group.allowed, pairs=group.pairs(exposure.graph, exposure.own))


def _undecided(exposure: Exposure, group: Group, missing: tuple[str, ...]) -> tuple[str, ...]:
    """The facts that the level hangs on: of one instance of every dataset of the group, as each may lack its own."""
    low, high, guaranteed, vouched = group.levels
    if low == high and guaranteed == vouched:
        return ()
    items = (exposure.graph.data[index] for index in bits(group.mask))
    datasets = grouped((item.family, item.bit) for item in items)
    if len(datasets) == 1:
        return missing
    found: set[str] = set()
    for mask in datasets.values():
        viewer, item = _representative(exposure, group.viewers, mask)
        found.update(_evidence(exposure, viewer, item, group.levels)["missing"])
    return tuple(sorted(found))


def _evidence(exposure: Exposure, viewer: Viewer, item: DataItem, levels: Levels) -> dict[str, Any]:
    """What a disclosure says of one viewer and one instance, by its fields: the rest is added before it is made."""
    low, high, guaranteed, vouched = levels
    reading = Reading.HIGH if high else Reading.GUARANTEED
    trails, private = exposure.ways(viewer, item.index, reading, high or guaranteed)
    if low == high:
        trails = _sure(exposure, item, trails)
    paths = tuple(path_steps(exposure.graph, trail) for trail in trails)
    holdings = exposure.holdings(reading)
    limit = exposure.max_epsilon
    spent = None
    if exposure.mechanisms:
        spent = spending_on(exposure.view(viewer, reading), exposure.towards(viewer.party), item.index, limit)
    missing = missing_on(holdings, viewer, item, trails) if low != high else ()
    if low != high and spent and not private:
        missing = tuple(sorted({*missing, *unsettled(spent, limit)}))
    if vouched != guaranteed:
        missing = tuple(sorted({*missing, *_doubted(exposure, trails)}))
    return {
        "parties": (viewer.party,),
        "role": viewer.role,
        "datasets": (item.id,),
        "low": low,
        "high": high,
        "guaranteed": guaranteed,
        "vouched": vouched,
        "paths": paths,
        "sure": _certain(exposure, viewer, item, levels, paths),
        "not_counted": _reasons(exposure, viewer, item, levels, trails, None if private else spent),
        "missing": missing,
        "claims": _claims(exposure, viewer, item, high),
        "spent": spent if private and BOUNDED in {high, guaranteed} else None,
    }


def _reasons(
    exposure: Exposure,
    viewer: Viewer,
    item: DataItem,
    levels: Levels,
    trails: Sequence[Trail],
    spent: Spending | None,
) -> tuple[NotCounted, ...]:
    """
    What does not count: on the ways that are open, and, where more could be learned, on the ways that only words close.

    What is not guaranteed on a way that is open anyway keeps nobody from anything.
    """
    _, high, guaranteed, _ = levels
    holdings = exposure.holdings(Reading.HIGH if high else Reading.GUARANTEED)
    found = not_counted(holdings, viewer, item, trails, spent)
    if guaranteed <= high or not high:
        return found
    closed, _ = exposure.ways(viewer, item.index, Reading.GUARANTEED, guaranteed)
    words = [one for one in not_counted(holdings, viewer, item, closed) if one.level == GUARANTEED]
    return tuple(sorted([*(one for one in found if one.level != GUARANTEED), *words], key=_named))


def _named(reason: NotCounted) -> tuple[str, str]:
    return reason.safeguard, reason.level


def _certain(
    exposure: Exposure, viewer: Viewer, item: DataItem, levels: Levels, paths: tuple[tuple[Step, ...], ...]
) -> tuple[tuple[Step, ...], ...]:
    """The ways by which as much is learned as is sure, whatever facts are missing."""
    low = levels[0]
    if exposure.settled or not low:
        return paths
    trails, _ = exposure.ways(viewer, item.index, Reading.LOW, low)
    return tuple(path_steps(exposure.graph, trail) for trail in trails)


def _doubted(exposure: Exposure, trails: Sequence[Trail]) -> Iterator[str]:
    """The keys that would say whether the enclaves on these ways vouch for what is done in them."""
    for place in (exposure.graph.vertices[flow.source] for trail in trails for flow in trail):
        if place.enclave is not None and place.vouches is None:
            yield f"nodes.{place.family}.{place.enclave.key}"


def _sure(exposure: Exposure, item: DataItem, trails: tuple[Trail, ...]) -> tuple[Trail, ...]:
    """Where the level is sure, the ways that bring it surely: a number of unknown size may say less."""
    return tuple(one for one in trails if not any(missing_size(exposure.catalog, item, flow) for flow in one)) or trails


def undeclared(exposure: Exposure, viewers: Sequence[Viewer], index: int) -> tuple[str, ...]:
    """The facts on which it hangs how one party, in all its capacities, sees an instance."""
    found: set[str] = set()
    for viewer in viewers:
        if level := exposure.view(viewer, Reading.HIGH).level(index):
            trails, _ = exposure.ways(viewer, index, Reading.HIGH, level)
            found.update(missing_on(exposure.holdings(Reading.HIGH), viewer, exposure.graph.data[index], trails))
    return tuple(sorted(found))


def _representative(exposure: Exposure, viewers: Sequence[Viewer], mask: Mask) -> tuple[Viewer, DataItem]:
    """The first viewer who has something to learn of these instances, and the first of them that is not its own."""
    ordered = sorted(viewers, key=lambda viewer: viewer.party)
    others = ((viewer, without(mask, exposure.own.get(viewer.party, 0))) for viewer in ordered)
    viewer, left = next((viewer, left) for viewer, left in others if left)
    return viewer, exposure.graph.data[next(iter(exposure.graph.numbers(left)))]


def _claims(exposure: Exposure, viewer: Viewer, item: DataItem, high: int) -> tuple[str, ...]:
    if high != BOUNDED:
        return ()
    noise = exposure.view(viewer, Reading.HIGH).noise
    seen = (exposure.mechanisms[m] for m, mask in noise.items() if mask >> item.index & 1)
    return tuple(sorted(mechanism.path for mechanism in seen if mechanism.rests_on_claim))


def path_steps(graph: FlowGraph, trail: Sequence[Flow]) -> tuple[Step, ...]:
    """The hops of a path; what passes through an exchange is one hop from client to client."""
    found: list[Step] = []
    for flow in trail:
        through = found and graph.vertices[flow.source].kind == "exchange"
        start = found.pop().source if through else flow.source
        found.append(
            Step(
                source=start,
                target=flow.target,
                payload=flow.payload,
                flow=flow.id,
                origin=flow.origin,
                role=flow.role,
                implied_by=flow.implied_by,
                path=flow.path,
            )
        )
    return tuple(found)
