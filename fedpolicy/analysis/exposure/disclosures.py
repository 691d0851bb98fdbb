"""The parties' views -> disclosures, with evidence; identical ones are one, for ten thousand clients as for two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fedpolicy.analysis.exposure import BOUNDED, VERBATIM, Reading
from fedpolicy.analysis.exposure.budgets import spending_on
from fedpolicy.analysis.exposure.equivalence import Arriving, Kinds
from fedpolicy.analysis.exposure.privacy import unsettled
from fedpolicy.analysis.exposure.reasons import missing_on, not_counted
from fedpolicy.analysis.exposure.sizes import missing_size
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.analysis.exposure.witness import Trail
from fedpolicy.analysis.facts import Disclosure, Step
from fedpolicy.catalog import Catalog
from fedpolicy.graph import DataItem, Flow, FlowGraph, Mask, bits
from fedpolicy.graph.masks import common, grouped, united
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.records import dataclass, field, replace

Key = tuple[object, ...]
Levels = tuple[int, int, int, int]  # low, high, guaranteed, guaranteed at best


@dataclass(slots=True, kw_only=True)
class Group:
    """
    Viewers who see the same levels of the same instances, each one's own left out.

    `mask` holds the instances that any of them sees; `own_of_all` those that belong to every one of them.
    """

    role: str
    levels: Levels
    allowed: int | None
    mask: Mask
    own_of_all: Mask
    viewers: list[Viewer] = field(default_factory=list)

    def admit(self, viewer: Viewer, mask: Mask, own: Mask) -> bool:
        """Take a viewer in whose instances differ from the others' only by what is theirs or its own."""
        both = self.mask & mask
        if (both != mask and (mask ^ both) & ~self.own_of_all) or (both != self.mask and (self.mask ^ both) & ~own):
            return False
        self.mask = self.mask if both == mask else self.mask | mask
        self.own_of_all &= own
        self.viewers.append(viewer)
        return True

    def pairs(self, own: Mapping[str, Mask]) -> int:
        """How many pairs of a viewer and an instance there are."""
        every, theirs = self.mask.bit_count(), (own.get(viewer.party, 0) for viewer in self.viewers)
        return sum(every - (self.mask & mask).bit_count() if mask else every for mask in theirs)


def group_views(
    graph: FlowGraph,
    catalog: Catalog,
    views: Callable[[Viewer], Mapping[Reading, View]],
    viewers: tuple[Viewer, ...],
    own: Mapping[str, Mask],
) -> list[Group]:
    """Compare what every viewer sees, for datasets that are alike; nobody's view of its own data is listed."""
    kinds = Kinds(graph, catalog)
    arriving = Arriving(graph, kinds.datasets())
    found: dict[Key, list[Group]] = {}
    for viewer in viewers:
        seen = views(viewer)
        who, mine = kinds.party(viewer.party), own.get(viewer.party, 0)
        anything = united(seen[Reading.GUARANTEED].levels[1], seen[Reading.HIGH].levels[1])
        for alike, others, ways in arriving.split(viewer, mine, anything):
            allowed = _allowed(graph, catalog, viewer, alike.dataset)
            for levels, mask in _combinations(seen, others):
                groups = found.setdefault((viewer.role, id(alike), levels, allowed, who, ways), [])
                if not any(group.admit(viewer, mask, mine) for group in groups):
                    group = Group(role=viewer.role, levels=levels, allowed=allowed, mask=mask, own_of_all=mine)
                    group.viewers.append(viewer)
                    groups.append(group)
    return [group for groups in found.values() for group in groups]


def _combinations(views: Mapping[Reading, View], among: Mask) -> Iterator[tuple[Levels, Mask]]:
    """Split instances by their three levels; what nobody sees in any reading is left out."""
    guaranteed = views[Reading.GUARANTEED].levels
    if all(views[one] is views[Reading.GUARANTEED] for one in (Reading.LOW, Reading.HIGH)):
        for level, mask in _exact(guaranteed, among):
            if level:
                yield from _vouched(views, (level, level, level), mask)
        return
    for level, mask in _exact(guaranteed, among):
        for high, part in _exact(views[Reading.HIGH].levels, mask):
            for low, cell in _exact(views[Reading.LOW].levels, part):
                if level or high:
                    yield from _vouched(views, (low, high, level), cell)


def _vouched(views: Mapping[Reading, View], levels: tuple[int, int, int], cell: Mask) -> Iterator[tuple[Levels, Mask]]:
    """Split instances by what is guaranteed at best, where that is another level."""
    if Reading.VOUCHED not in views:
        yield (*levels, levels[2]), cell
        return
    for best, part in _exact(views[Reading.VOUCHED].levels, cell):
        yield (*levels, best), part


def _exact(levels: list[Mask], among: Mask) -> Iterator[tuple[int, Mask]]:
    for level in range(VERBATIM, 0, -1):
        mask = common(levels[level], among)
        if mask:
            yield level, mask
            if mask == among:
                return
            among ^= mask
    if among:
        yield 0, among


def _allowed(graph: FlowGraph, catalog: Catalog, viewer: Viewer, dataset: Dataset) -> int | None:
    """The most that the owner's releases permit to a party in a capacity."""
    if dataset.releases is None:
        return None
    principal = graph.principals[viewer.party]
    names = {principal.id, principal.party, "public"}
    if "participant" in principal.roles:
        names.add("participants")
    return max(
        (
            catalog.levels[release.up_to].rank
            for release in dataset.releases
            if not names.isdisjoint(release.to) and release.as_ in {"any", viewer.role}
        ),
        default=0,
    )


def disclosures_of(exposure: Exposure) -> tuple[Disclosure, ...]:
    """Everything that anybody can learn about data that are not its own, most revealing first."""
    groups = group_views(
        exposure.graph, exposure.catalog, exposure.views, tuple(exposure.viewers.values()), exposure.own
    )
    found = [_disclosure(exposure, group) for group in groups]
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
    return replace(group, paths=own.paths, not_counted=own.not_counted)


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
    return Disclosure(**shown, allowed=group.allowed, pairs=group.pairs(exposure.own))


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
    holdings = exposure.holdings(reading)
    limit = exposure.max_epsilon
    spent = None
    if exposure.mechanisms:
        spent = spending_on(exposure.view(viewer, reading), exposure.towards(viewer.party), item.index, limit)
    missing = missing_on(holdings, viewer, item, trails, limit) if low != high else ()
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
        "paths": tuple(path_steps(exposure.graph, trail) for trail in trails),
        "not_counted": not_counted(holdings, viewer, item, trails, limit, None if private else spent),
        "missing": missing,
        "claims": _claims(exposure, viewer, item, high),
        "spent": spent if private and BOUNDED in {high, guaranteed} else None,
    }


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
        seen = exposure.view(viewer, Reading.HIGH).levels
        level = max((level for level, mask in enumerate(seen) if level and mask >> index & 1), default=0)
        if level:
            trails, _ = exposure.ways(viewer, index, Reading.HIGH, level)
            item = exposure.graph.data[index]
            found.update(missing_on(exposure.holdings(Reading.HIGH), viewer, item, trails, exposure.max_epsilon))
    return tuple(sorted(found))


def _representative(exposure: Exposure, viewers: Sequence[Viewer], mask: Mask) -> tuple[Viewer, DataItem]:
    """The first viewer who has something to learn of these instances, and the first of them that is not its own."""
    ordered = sorted(viewers, key=lambda viewer: viewer.party)
    others = ((viewer, common(mask, ~exposure.own.get(viewer.party, 0))) for viewer in ordered)
    viewer, left = next((viewer, left) for viewer, left in others if left)
    return viewer, exposure.graph.first(left)


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
