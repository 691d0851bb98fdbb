"""Identical disclosures become one: ten thousand clients that see the same of each other are one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fedpolicy.analysis.exposure.readings import VERBATIM, Reading
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import FlowGraph, Mask, bits
from fedpolicy.spec.models import Dataset

__all__ = ["Group", "group_views"]

Key = tuple[object, ...]


@dataclass(slots=True, kw_only=True)
class Group:
    """Viewers who see the same, of the same instances (`everybody_else`: all but their own)."""

    role: str
    low: int
    high: int
    guaranteed: int
    allowed: int | None
    family: str
    mask: Mask
    everybody_else: bool
    viewers: list[Viewer] = field(default_factory=list)

    def datasets(self, graph: FlowGraph, own: Mapping[str, Mask]) -> tuple[str, ...]:
        """The instances that any of the viewers sees at these levels."""
        seen = 0
        for viewer in self.viewers:
            seen |= self.mask & ~own.get(viewer.party, 0)
        return tuple(sorted(graph.data[index].id for index in bits(seen)))

    def pairs(self, own: Mapping[str, Mask]) -> int:
        """How many pairs of a viewer and an instance there are."""
        return sum((self.mask & ~own.get(viewer.party, 0)).bit_count() for viewer in self.viewers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One viewer and one dataset: its instances, those that are not the viewer's own, and what the owner allows."""

    family: str
    members: Mask
    others: Mask
    allowed: int | None


def group_views(
    graph: FlowGraph,
    catalog: Catalog,
    views: Callable[[Viewer], Mapping[Reading, View]],
    viewers: tuple[Viewer, ...],
    own: Mapping[str, Mask],
) -> list[Group]:
    """Compare what every viewer sees, dataset by dataset; nobody's view of its own data is listed."""
    families = {name: graph.mask(name) for name in sorted(graph.deployment.datasets)}
    ways = _ways_in(graph)
    found: dict[Key, Group] = {}
    for viewer in viewers:
        seen = views(viewer)
        kind = _kind(graph, viewer, ways)
        for name in _families_seen(graph, seen, families):
            cell = _cell(graph, catalog, viewer, name, families[name], own)
            for levels, mask in _combinations(seen, cell.others):
                group = _group(viewer, cell, levels, mask)
                key = (group.role, name, levels, cell.allowed, group.mask, group.everybody_else, kind)
                found.setdefault(key, group).viewers.append(viewer)
    return list(found.values())


def _cell(
    graph: FlowGraph, catalog: Catalog, viewer: Viewer, family: str, members: Mask, own: Mapping[str, Mask]
) -> Cell:
    return Cell(
        family=family,
        members=members,
        others=members & ~own.get(viewer.party, 0),
        allowed=_allowed(graph, catalog, viewer, graph.deployment.datasets[family]),
    )


def _group(viewer: Viewer, cell: Cell, levels: tuple[int, int, int], mask: Mask) -> Group:
    whole = mask == cell.others
    return Group(
        role=viewer.role,
        low=levels[0],
        high=levels[1],
        guaranteed=levels[2],
        allowed=cell.allowed,
        family=cell.family,
        mask=cell.members if whole else mask,
        everybody_else=whole,
    )


def _kind(graph: FlowGraph, viewer: Viewer, ways: Mapping[str, frozenset[tuple[str, str]]]) -> Key:
    """What viewers must have in common, beside what they see, to be spoken of together."""
    principal = graph.principals[viewer.party]
    entries = frozenset(entry for place in viewer.places for entry in ways.get(place, ()))
    built_in = viewer.party in {"public", "unknown"}
    return (principal.roles, principal.jurisdictions, principal.implied, built_in, entries)


def _families_seen(graph: FlowGraph, views: Mapping[Reading, View], families: Mapping[str, Mask]) -> list[str]:
    left = views[Reading.GUARANTEED].levels[1] | views[Reading.HIGH].levels[1]
    found = []
    while left:
        name = graph.data[next(bits(left))].family
        found.append(name)
        left &= ~families[name]
    return sorted(found)


def _combinations(views: Mapping[Reading, View], among: Mask) -> Iterator[tuple[tuple[int, int, int], Mask]]:
    """Split instances by their three levels; what nobody sees in any reading is left out."""
    guaranteed = views[Reading.GUARANTEED].levels
    for level, mask in _exact(guaranteed, among):
        for high, part in _exact(views[Reading.HIGH].levels, mask):
            for low, cell in _exact(views[Reading.LOW].levels, part):
                if level or high:
                    yield (low, high, level), cell


def _exact(levels: list[Mask], among: Mask) -> Iterator[tuple[int, Mask]]:
    for level in range(VERBATIM, 0, -1):
        mask = levels[level] & among
        if mask:
            yield level, mask
        among &= ~mask
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


def _ways_in(graph: FlowGraph) -> dict[str, frozenset[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for flow in graph.flows:
        found.setdefault(flow.target, set()).add((flow.origin, flow.role))
    return {place: frozenset(entries) for place, entries in found.items()}
