"""Who sees the instances of a dataset alike: a line of the ledger each, found without looking at pairs of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import overload

from fedpolicy.analysis.budget.sights import Looking, Sight
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.graph import FlowGraph, Mask, bits
from fedpolicy.records import dataclass

# How something is seen, and the mechanisms as those see them who look.
Manner = tuple[tuple[Sight, ...], tuple[Mechanism, ...], tuple[Mechanism, ...]]
# Of fewer parties a copy is cheap.
_MANY = 64


class Others(Sequence[str]):
    """All of many parties, in order, but a few: ten thousand owners each have a line on all the others."""

    __slots__ = ("_gone", "_party")

    def __init__(self, party: Sequence[str], gone: Sequence[int]) -> None:
        self._party, self._gone = party, gone

    def __len__(self) -> int:
        return len(self._party) - len(self._gone)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        found = range(len(self))[place]
        for gone in self._gone:
            found += found >= gone
        return self._party[found]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __lt__(self, other: Sequence[str]) -> bool:
        return tuple(self) < tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(slots=True, kw_only=True)
class Line:
    """Parties, in order, that see the same instances in the same way, each of them but its own."""

    parties: Sequence[str]
    mask: Mask
    own_of_all: Mask

    def admit(self, party: str, mask: Mask, own: Mask) -> bool:
        """Take a party in whose instances differ from the others' only by what is theirs or its own."""
        if (mask & ~self.mask & ~self.own_of_all) or (self.mask & ~mask & ~own):
            return False
        self.mask |= mask
        self.own_of_all &= own
        self.parties = (*self.parties, party)
        return True


def lines_of(looking: Looking, whole: Mapping[str, Mask]) -> tuple[dict[str, list[tuple[Manner, Line]]], Mask]:
    """Every line, by dataset, and the instances that are seen through noise in the most favourable reading."""
    seen: dict[Manner, dict[str, Mask]] = {}
    covered = 0
    for party in sorted(looking.viewers):
        looks = looking.party(party)
        for sights, cell in looks.cells(looks.everything & ~looking.exposure.own.get(party, 0)):
            manner = (sights, looking.mechanisms(sights, party), looking.favourable(sights, party))
            masks = seen.setdefault(manner, {})
            masks[party] = masks.get(party, 0) | cell
            covered |= cell if any(sight.favourable for sight in sights) else 0
    rows: dict[str, list[tuple[Manner, Line]]] = {}
    for manner, masks in seen.items():
        for family, row in _rows(looking, whole, masks):
            rows.setdefault(family, []).append((manner, row))
    return rows, covered


def families_of(graph: FlowGraph, whole: Mapping[str, Mask], mask: Mask) -> Iterator[tuple[str, Mask]]:
    """The datasets of which there are any instances in a set, and these."""
    while mask:
        family = graph.data[next(bits(mask & -mask))].family
        yield family, mask & whole[family]
        mask &= ~whole[family]


def _rows(looking: Looking, whole: Mapping[str, Mask], masks: Mapping[str, Mask]) -> Iterator[tuple[str, Line]]:
    """Group parties that see the same but for their own, and look at each dataset once a group."""
    own, everything = looking.exposure.own, 0
    for mask in masks.values():
        everything |= mask
    alike: dict[Mask, list[str]] = {}
    for party, mask in masks.items():
        alike.setdefault(mask | (own.get(party, 0) & everything), []).append(party)
    groups = {mask: tuple(parties) for mask, parties in alike.items()}
    places = {mask: {party: place for place, party in enumerate(parties)} for mask, parties in groups.items()}
    found: dict[str, list[tuple[Mask, Mask]]] = {}
    for mask in groups:
        for family, among in families_of(looking.exposure.graph, whole, mask):
            found.setdefault(family, []).append((among, mask))
    for family, several in found.items():
        if len(several) == 1:
            (among, group), *_ = several
            row = _of_group(looking, groups[group], places[group], among)
            yield from ((family, row),) if row else ()
        else:
            parties = sorted(party for _, group in several for party in groups[group])
            yield from ((family, row) for row in _one_by_one(own, {p: masks[p] & whole[family] for p in parties}))


def _of_group(looking: Looking, parties: tuple[str, ...], places: Mapping[str, int], among: Mask) -> Line | None:
    """The line of parties that all see the same instances, less each of them its own."""
    own, data = looking.exposure.own, looking.exposure.graph.data
    owners = {data[index].owner for index in bits(among)} & places.keys()
    gone = sorted(places[party] for party in owners if not among & ~own[party])
    if len(gone) == len(parties):
        return None
    theirs = [own[party] for party in owners] if len(owners) == len(parties) else [0]
    of_all = reduce(and_, [mask for mask in theirs if among & ~mask] or [0])
    left: Sequence[str] = parties
    if gone:
        left = Others(parties, gone)
        left = left if len(parties) > _MANY else tuple(left)
    return Line(parties=left, mask=among & ~of_all, own_of_all=of_all)


def _one_by_one(own: Mapping[str, Mask], masks: Mapping[str, Mask]) -> list[Line]:
    found: list[Line] = []
    for party, mask in masks.items():
        if mask and not any(row.admit(party, mask, own.get(party, 0)) for row in found):
            found.append(Line(parties=(party,), mask=mask, own_of_all=own.get(party, 0)))
    return found
