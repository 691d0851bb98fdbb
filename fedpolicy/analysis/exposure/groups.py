"""Identical disclosures become one: ten thousand clients that see the same of each other are one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from fedpolicy.analysis.exposure.readings import VERBATIM, Reading
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import Flow, FlowGraph, Mask, bits
from fedpolicy.records import dataclass
from fedpolicy.spec.models import Dataset

__all__ = ["Group", "group_views"]

Key = tuple[object, ...]
Levels = tuple[int, int, int]  # low, high, guaranteed


@dataclass(slots=True, kw_only=True)
class Group:
    """
    Viewers who see the same levels of the same instances, each one's own left out.

    `mask` holds the instances that any of them sees; `own_of_all` those that belong to every one of them.
    """

    role: str
    levels: Levels
    allowed: int | None
    family: str
    mask: Mask
    own_of_all: Mask
    viewers: list[Viewer] = field(default_factory=list)

    def admit(self, viewer: Viewer, mask: Mask, own: Mask) -> bool:
        """Take a viewer in whose instances differ from the others' only by what is theirs or its own."""
        if (mask & ~self.mask & ~self.own_of_all) or (self.mask & ~mask & ~own):
            return False
        self.mask |= mask
        self.own_of_all &= own
        self.viewers.append(viewer)
        return True

    def pairs(self, own: Mapping[str, Mask]) -> int:
        """How many pairs of a viewer and an instance there are."""
        return sum((self.mask & ~own.get(viewer.party, 0)).bit_count() for viewer in self.viewers)


def group_views(
    graph: FlowGraph,
    catalog: Catalog,
    views: Callable[[Viewer], Mapping[Reading, View]],
    viewers: tuple[Viewer, ...],
    own: Mapping[str, Mask],
) -> list[Group]:
    """Compare what every viewer sees, dataset by dataset; nobody's view of its own data is listed."""
    families: dict[str, Mask] = {}
    for item in graph.data:
        families[item.family] = families.get(item.family, 0) | 1 << item.index
    arriving = _flows_into(graph)
    found: dict[Key, list[Group]] = {}
    for viewer in viewers:
        seen = views(viewer)
        kind = _kind(graph, catalog, viewer)
        mine = own.get(viewer.party, 0)
        for name in _families_seen(graph, seen, families):
            others = families[name] & ~mine
            allowed = _allowed(graph, catalog, viewer, graph.deployment.datasets[name])
            ways = _ways_in(arriving, viewer, others)
            for levels, mask in _combinations(seen, others):
                groups = found.setdefault((viewer.role, name, levels, allowed, kind, ways), [])
                if not any(group.admit(viewer, mask, mine) for group in groups):
                    group = Group(
                        role=viewer.role, levels=levels, allowed=allowed, family=name, mask=mask, own_of_all=mine
                    )
                    group.viewers.append(viewer)
                    groups.append(group)
    return [group for groups in found.values() for group in groups]


def _kind(graph: FlowGraph, catalog: Catalog, viewer: Viewer) -> Key:
    """What viewers must have in common, beside what they see, to be spoken of together."""
    principal = graph.principals[viewer.party]
    built_in = viewer.party in {"public", "unknown"}
    return (principal.roles, _regions(catalog, principal.jurisdictions), principal.implied, built_in)


def _regions(catalog: Catalog, jurisdictions: tuple[str, ...] | None) -> frozenset[str] | None:
    """Where a party is, as far as rules on transfers can tell: the EEA is one place."""
    if jurisdictions is None:
        return None
    rows = {code: catalog.countries.get(code) for code in jurisdictions}
    return frozenset("EEA" if row is not None and row.eea else code for code, row in rows.items())


def _families_seen(graph: FlowGraph, views: Mapping[Reading, View], families: Mapping[str, Mask]) -> list[str]:
    left = views[Reading.GUARANTEED].levels[1] | views[Reading.HIGH].levels[1]
    found = []
    while left:
        name = graph.data[next(bits(left))].family
        found.append(name)
        left &= ~families[name]
    return sorted(found)


def _combinations(views: Mapping[Reading, View], among: Mask) -> Iterator[tuple[Levels, Mask]]:
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


def _ways_in(arriving: Mapping[str, Sequence[Flow]], viewer: Viewer, others: Mask) -> frozenset[tuple[str, str]]:
    """Through which elements, and in which roles, other owners' instances can come to a viewer."""
    return frozenset(
        (flow.origin, flow.role)
        for place in viewer.places
        for flow in arriving.get(place, ())
        if flow.data is None or flow.data & others
    )


def _flows_into(graph: FlowGraph) -> dict[str, list[Flow]]:
    found: dict[str, list[Flow]] = {}
    for flow in graph.flows:
        if not flow.echo:
            found.setdefault(flow.target, []).append(flow)
    return found
