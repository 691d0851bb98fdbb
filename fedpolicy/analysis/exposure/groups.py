"""
Viewers who see the same, side by side: what every party sees of data that are not its own.

Ten thousand clients may see the same but for what is theirs. Two of them are looked at; the others see what these see.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import reduce

from fedpolicy.analysis.exposure import OPEN, VERBATIM, Reading
from fedpolicy.analysis.exposure.carried import Carried
from fedpolicy.analysis.exposure.equivalence import Alike, Arriving, Kinds, Ways
from fedpolicy.analysis.exposure.openers import shielded
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.analysis.exposure.views import View, Viewer, pool_of
from fedpolicy.analysis.exposure.words import Words, words_of
from fedpolicy.catalog import Catalog
from fedpolicy.graph import FlowGraph, Mask
from fedpolicy.graph.masks import common, lacking, united, without
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple

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
        """
        Take a viewer in whose instances differ from the others' only by what is theirs or its own.

        Its own may be in the mask: thousands see one set, each without its own, which is not made for each of them.
        """
        if self.mask is not mask:
            left = without(mask, own)
            both = self.mask & left
            if lacking(left ^ both, self.own_of_all) or lacking(self.mask ^ both, own):
                return False
            self.mask = united(self.mask, left)
            self.mask = self.mask if self.mask ^ mask else mask
        self.own_of_all &= own
        self.viewers.append(viewer)
        return True

    def pairs(self, graph: FlowGraph, own: Mapping[str, Mask]) -> int:
        """How many pairs of a viewer and an instance there are."""
        theirs = (own.get(viewer.party, 0) for viewer in self.viewers)
        among = sum(graph.size(common(mask, self.mask)) for mask in theirs if mask)
        return len(self.viewers) * graph.size(self.mask) - among


def group_views(exposure: Exposure) -> list[Group]:
    """Compare what every viewer sees, for datasets that are alike; nobody's view of its own data is listed."""
    graph, catalog = exposure.graph, exposure.catalog
    kinds = Kinds(graph, catalog)
    words = words_of(exposure)
    carried = Carried(exposure)
    sights = Sights(exposure, Arriving(graph, kinds.datasets(), carried), words, carried.resting)
    found: dict[Key, list[Group]] = {}
    every = [
        (viewer, (*kinds.party(viewer.party), viewer.party in words.given), exposure.own.get(viewer.party, 0))
        for viewer in exposure.viewers.values()
    ]
    owning = {(viewer.role, who) for viewer, who, mine in every if mine}
    for viewer, who, mine in every:
        for alike, levels, mask, ways in sights.of(viewer, mine):
            if lacking(mask, mine):
                allowed = allowed_to(graph, catalog, viewer, alike.dataset)
                # Where nobody owns anything, those see the same who see the very same: it is looked up.
                seen = None if (viewer.role, who) in owning else graph.key(mask)
                groups = found.setdefault((viewer.role, id(alike), levels, allowed, who, ways, seen), [])
                if not any(group.admit(viewer, mask, mine) for group in groups):
                    group = Group(
                        role=viewer.role, levels=levels, allowed=allowed, mask=without(mask, mine), own_of_all=mine
                    )
                    group.viewers.append(viewer)
                    groups.append(group)
    return [group for groups in found.values() for group in groups]


class _Cell(NamedTuple):
    """Instances of datasets that are alike, come in the same ways and are seen at the same levels."""

    alike: Alike
    levels: Levels
    mask: Mask
    ways: Ways


class Sights:
    """
    What each viewer sees, cell by cell.

    Of viewers who have one place each and differ only in what they have there themselves, the first two are looked at.
    Each of them shows what the other ones see of its own, so the rest see what both see together.
    """

    def __init__(self, exposure: Exposure, arriving: Arriving, words: Words, stored: Mapping[str, Mask]) -> None:
        self._exposure = exposure
        self._words = words
        self._arriving = arriving
        self._first: dict[Hashable, tuple[Mask, Mapping[Reading, View]]] = {}
        self._known: dict[Hashable, list[_Cell]] = {}
        self._stored = stored
        # Whoever sees more than what is at its place is looked at by itself.
        onward = exposure.holdings(Reading.HIGH).effects.few.onward
        self._apart = bool(exposure.graph.seals or exposure.mechanisms or exposure.public or onward)

    def of(self, viewer: Viewer, mine: Mask) -> Sequence[_Cell]:
        """The cells of one viewer; what is its own may be in them."""
        kind = self.kind(viewer, mine)
        if kind is None:
            return self.looked_at(viewer, mine, self._exposure.views(viewer))
        if kind in self._known:
            return self._known[kind]
        seen = self._exposure.views(viewer)
        if kind in self._first:
            own, first = self._first[kind]
            together = {id(view): _together(own, first[reading], view) for reading, view in seen.items()}
            every = {reading: together[id(view)] for reading, view in seen.items()}
            self._known[kind] = self.looked_at(viewer, 0, every)
        self._first.setdefault(kind, (mine, seen))
        return self.looked_at(viewer, mine, seen)

    def looked_at(self, viewer: Viewer, mine: Mask, seen: Mapping[Reading, View]) -> list[_Cell]:
        """The cells of what a viewer sees, without those that are its own."""
        anything = united(seen[Reading.GUARANTEED].levels[1], seen[Reading.HIGH].levels[1])
        beside, here = self._beside(viewer), self._resting(viewer)
        return [
            _Cell(alike, levels, part, ways | relied | known)
            for alike, others, ways in self._arriving.split(viewer, mine, anything)
            for levels, mask in _combinations(seen, others)
            for relied, some in self._by_trust(levels, mask)
            for known, part in _told_elsewhere(beside, here, some)
        ]

    def _by_trust(self, levels: Levels, mask: Mask) -> Iterator[tuple[Ways, Mask]]:
        """Where more may be learned than is declared, instances by whose word their owners rely on."""
        if levels[2] <= levels[1] or len(self._words.relied) == 1:
            yield frozenset(), mask
            return
        for relied, those in self._words.relied.items():
            if part := common(mask, those):
                yield frozenset({("trusts", relied)}), part

    def _resting(self, viewer: Viewer) -> Mask:
        """What rests at the places of a viewer where it can read it, and is not its own."""
        mine = self._exposure.own.get(viewer.party, 0)
        places = (self._exposure.graph.vertices[name] for name in viewer.places)
        holdings = self._exposure.holdings(Reading.HIGH)
        found = ((self._stored.get(one.id, 0), mine | shielded(holdings, one, viewer.party)) for one in places)
        return reduce(united, (lacking(mask, hidden) for mask, hidden in found), 0)

    def _beside(self, viewer: Viewer) -> Sequence[tuple[str, View]]:
        """What everybody sees, and what a host sees in other capacities: as much as that is told there."""
        exposure = self._exposure
        others = [one for one in exposure.capacities[viewer.party] if viewer.role == "host" and one is not viewer]
        public = [exposure.public] if exposure.public and exposure.public != viewer else []
        readings = (Reading.LOW, Reading.HIGH)
        return [(one.role, exposure.view(one, reading)) for one in (*public, *others) for reading in readings]

    def kind(self, viewer: Viewer, mine: Mask) -> Hashable | None:
        """All that it hangs on what a viewer sees, its own left out; None where that is more than is said here."""
        exposure = self._exposure
        if self._apart or len(viewer.places) != 1 or len(exposure.capacities[viewer.party]) > 1:
            return None
        place = viewer.places[0]
        vertex = exposure.graph.vertices[place]
        if vertex.enclave is not None or vertex.may_lack(viewer.party):
            return None
        found: list[object] = [self._arriving.likeness(place, mine)]
        if found[0] is None:
            return None
        pool = pool_of(vertex, viewer.party)
        for holdings in map(exposure.holdings, dict.fromkeys(exposure.asked.values())):
            if holdings.differences is not None and holdings.differences.subtracts(pool):
                return None
            # By the very objects, which the states and the sums keep.
            for form, mask in holdings.states.get(place, {}).items():
                if form.kind == OPEN:
                    found += (form, 0 if mask == mine else id(mask))
                else:
                    found += (form, id(mask), id(holdings.hiding.covers(form, pool)))
        return tuple(found)


def _told_elsewhere(beside: Sequence[tuple[str, View]], here: Mask, mask: Mask) -> Iterator[tuple[Ways, Mask]]:
    """Split instances by whether they have come at all, and how much of them is seen elsewhere."""
    resting = common(mask, here) if here else 0
    cells: list[tuple[Ways, Mask]] = [(frozenset({("rests",)}), resting)] if resting else []
    cells += [(frozenset(), left)] if (left := without(mask, resting)) else []
    for number, (role, view) in enumerate(beside):
        cells = [
            (ways | {(role, f"{number}: {level}")}, part)
            for ways, cell in cells
            for level, part in _exact(view.levels, cell)
        ]
    yield from cells


def _together(own: Mask, first: View, second: View) -> View:
    """What everybody of a kind sees who is none of these two; `own` is what the first one has itself."""
    both = zip(first.levels, second.levels, strict=True)
    return View(levels=[without(one, own) | (other & own) for one, other in both])


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
            among ^= mask
            if not among:
                return
    if among:
        yield 0, among


def allowed_to(graph: FlowGraph, catalog: Catalog, viewer: Viewer, dataset: Dataset) -> int | None:
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
