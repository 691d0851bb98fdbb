"""Through which elements, and in which roles, datasets can come to a viewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from fedpolicy.analysis.exposure.alike import Alike
from fedpolicy.analysis.exposure.views import Viewer
from fedpolicy.graph.model import FlowGraph, Mask, bits
from fedpolicy.records import dataclass

__all__ = ["Arriving", "Ways"]

Way = tuple[str, str]  # origin and role of a flow
Ways = frozenset[Way]
# Flows that carry no more instances than this are looked up by what they carry, the others are compared as sets.
_FEW = 16


@dataclass(slots=True, kw_only=True)
class _Into:
    """The ways into one place: what may carry anything, few instances, or many."""

    anything: set[Way] = field(default_factory=set)
    few: dict[tuple[Way, Mask], None] = field(default_factory=dict)
    many: dict[tuple[Way, Mask], None] = field(default_factory=dict)


class Arriving:
    """Splits datasets by the ways in which they come; a dataset comes as a whole, in all the ways of its instances."""

    def __init__(self, graph: FlowGraph, kinds: Sequence[Alike]) -> None:
        self._into: dict[str, _Into] = {}
        for flow in graph.flows:
            if not flow.echo:
                into, way = self._into.setdefault(flow.target, _Into()), (flow.origin, flow.role)
                if flow.data is None:
                    into.anything.add(way)
                else:
                    (into.few if flow.data.bit_count() <= _FEW else into.many)[way, flow.data] = None
        self._family = [item.family for item in graph.data]
        self._kind = {name: number for number, kind in enumerate(kinds) for name in kind.families}
        self._kinds = kinds
        self._whole: dict[Mask, Mask] = {}

    def split(self, viewer: Viewer, mine: Mask, seen: Mask) -> Iterator[tuple[Alike, Mask, Ways]]:
        """Whatever is alike and comes the same way; `mine` is left out, and what has no instance in `seen`."""
        into = [self._into[place] for place in viewer.places if place in self._into]
        always = frozenset[Way]().union(*(one.anything for one in into))
        few = self._few(into, mine)
        many = self._many(into, mine)
        for number, kind in enumerate(self._kinds):
            others = kind.mask & ~mine
            if others & seen:
                for mask, ways in _cells(kind, others, few.get(number, {}), many):
                    if mask & seen:
                        yield kind, mask, always | ways

    def _few(self, into: Sequence[_Into], mine: Mask) -> dict[int, dict[str, set[Way]]]:
        """By kind and dataset, the ways that carry few instances."""
        found: dict[int, dict[str, set[Way]]] = {}
        for one in into:
            for way, data in one.few:
                for name in {self._family[index] for index in bits(data & ~mine)}:
                    found.setdefault(self._kind[name], {}).setdefault(name, set()).add(way)
        return found

    def _many(self, into: Sequence[_Into], mine: Mask) -> dict[Way, Mask]:
        found: dict[Way, Mask] = {}
        for one in into:
            for way, data in one.many:
                found[way] = found.get(way, 0) | self._datasets(data, mine)
        return found

    def _datasets(self, data: Mask, mine: Mask) -> Mask:
        """All instances of the datasets of which a flow carries any that is not one's own."""
        if data not in self._whole:
            self._whole[data] = self._touched(data, {self._family[index] for index in bits(data)})
        whole = self._whole[data]
        own = {self._family[index] for index in bits(data & mine)}
        return whole & ~self._touched(~0, own) | self._touched(data & ~mine, own)

    def _touched(self, data: Mask, names: set[str]) -> Mask:
        found = 0
        for name in names:
            family = self._kinds[self._kind[name]].families[name]
            found |= family if family & data else 0
        return found


def _cells(
    kind: Alike, others: Mask, few: Mapping[str, set[Way]], many: Mapping[Way, Mask]
) -> Iterator[tuple[Mask, Ways]]:
    cells: dict[Ways, Mask] = {}
    rest = others
    for name, own in few.items():
        key = frozenset(own)
        cells[key] = cells.get(key, 0) | kind.families[name] & others
        rest &= ~kind.families[name]
    if rest:
        cells[frozenset()] = rest
    for way, mask in many.items():
        split: dict[Ways, Mask] = {}
        for ways, cell in cells.items():
            for key, part in ((ways | {way}, cell & mask), (ways, cell & ~mask)):
                if part:
                    split[key] = split.get(key, 0) | part
        cells = split
    return ((mask, ways) for ways, mask in cells.items())
