"""Identical disclosures become one: ten thousand clients that see the same of each other are one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from fedpolicy.analysis.exposure.domain import VERBATIM, Reading
from fedpolicy.analysis.exposure.equivalence import Arriving, Kinds
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import FlowGraph, Mask
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.records import dataclass

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
    """Compare what every viewer sees, for datasets that are alike; nobody's view of its own data is listed."""
    kinds = Kinds(graph, catalog)
    arriving = Arriving(graph, kinds.datasets())
    found: dict[Key, list[Group]] = {}
    for viewer in viewers:
        seen = views(viewer)
        who, mine = kinds.party(viewer.party), own.get(viewer.party, 0)
        anything = seen[Reading.GUARANTEED].levels[1] | seen[Reading.HIGH].levels[1]
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
