"""How many units of each dataset go into a sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from fedpolicy.analysis.exposure.few import units_of_one
from fedpolicy.graph.model import Aggregate, FlowGraph, Mask, bits
from fedpolicy.records import dataclass

__all__ = ["Sizes", "sizes_of"]


@dataclass(frozen=True, slots=True)
class Share:
    """What each of `members` contributors at a place puts in, in units (None: not said)."""

    place: str
    members: int
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The contributions to a sum from one dataset; `others` counts contributors that have none of it."""

    mask: Mask
    others: int
    shares: tuple[Share, ...]

    def smallest(self, wanted: int, least: int, known: Mapping[str, int], *, guess: int) -> int:
        """
        The units of the smallest contributions, `wanted` of them, without those that are `known`.

        Counts no further than `least`. `guess` stands for sizes that are not said.
        """
        total = 0
        for share in sorted(self.shares, key=lambda one: guess if one.units is None else one.units):
            taken = min(wanted, share.members - known.get(share.place, 0))
            if taken > 0:
                total += taken * (guess if share.units is None else share.units)
                wanted -= taken
            if not wanted or total >= least:
                break
        return total


def sizes_of(graph: FlowGraph, aggregate: Aggregate) -> Iterator[Sizes]:
    """One for each dataset in a sum."""
    found: dict[str, dict[str, Mask]] = {}
    for place, index in _contributed(graph, aggregate):
        by_place = found.setdefault(graph.data[index].family, {})
        by_place[place] = by_place.get(place, 0) | 1 << index
    everybody = sum(graph.vertices[place].weight for place in aggregate.contributors)
    for by_place in found.values():
        shares = tuple(_share(graph, place, mask) for place, mask in sorted(by_place.items()))
        mask = reduce(or_, by_place.values(), 0)
        yield Sizes(mask=mask, others=everybody - sum(one.members for one in shares), shares=shares)


def _contributed(graph: FlowGraph, aggregate: Aggregate) -> Iterator[tuple[str, int]]:
    if aggregate.shares:
        for place, share in zip(aggregate.contributors, aggregate.shares, strict=True):
            yield from ((place, index) for index in bits(share))
    else:
        yield from ((graph.data[index].place, index) for index in bits(aggregate.data))


def _share(graph: FlowGraph, place: str, mask: Mask) -> Share:
    items = [graph.data[index] for index in bits(mask)]
    units = [units_of_one(item, graph.vertices[item.place]) for item in items]
    total = None if None in units else sum(one for one in units if one is not None)
    return Share(place, graph.vertices[place].weight, total)
