"""Witness paths: how an instance got to a viewer, hop by hop, one path per separate way in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce

from fedpolicy.analysis.exposure import NOISE, OPEN, Form
from fedpolicy.analysis.exposure.fixpoint import Holdings, Moved
from fedpolicy.analysis.exposure.openers import Openers, shielded
from fedpolicy.analysis.exposure.sums import arrive_at
from fedpolicy.analysis.exposure.transfer import Effect, transfer
from fedpolicy.analysis.exposure.views import Viewer, seen_at, told_on
from fedpolicy.graph import Flow, Mask, Vertex, bits
from fedpolicy.graph.masks import common, united
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple

Trail = tuple[Flow, ...]
# More ways in than this say nothing new; the first ones, in the order of their names, are kept.
_MOST_WAYS = 8
# Beyond so many hops the first way is good enough; nobody reads on whether another keeps to one element.
_DEEP = 100
_LOST = 200  # stops from which no way was found; after so many, too, the first way is good enough
_MANY = -1
_FEW = 32  # places, that are quickly looked at one by one
_MOST_SORTED = 100_000  # instances on flows into a place, counted together, that are sorted by what they carry
_MOST_HELD = 2_000_000  # instances at places, counted together, of which a list is kept
_MOST_KEPT = 10_000  # answers about who brings an instance to a place


class Arrival(NamedTuple):
    """Instances that a flow first brought to a vertex in some form, and the form that they had at its source."""

    flow: Flow
    mask: Mask
    source: Form


class _Stop(NamedTuple):
    """A form at a vertex, on the way of one element."""

    vertex: str
    form: Form
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Finds paths in one fixpoint that was computed with its log."""

    holdings: Holdings
    openers: Openers
    _targets: dict[str, list[Flow]] = field(default_factory=dict)
    _into: dict[str, dict[str, dict[int, list[tuple[Flow, Effect]]]]] = field(default_factory=dict)
    _anything: dict[str, Mask] = field(default_factory=dict)
    _showing: dict[tuple[str, int], Mask] = field(default_factory=dict)
    _holders: dict[tuple[str, str, int], dict[int, list[str]]] = field(default_factory=dict)
    _arrivals: dict[str, dict[Form, list[Arrival]]] = field(default_factory=dict)
    _shows: dict[tuple[str, str, Form, int], Mask] = field(default_factory=dict)
    _bringers: dict[tuple[str, int, str], Mapping[Form, Sequence[tuple[Flow, Form]]]] = field(default_factory=dict)

    def ways(self, viewer: Viewer, index: int, level: int) -> tuple[Trail, ...]:
        """One path per element (task, call, placement) and payload that bring an instance to a viewer at a level."""
        found: dict[tuple[str, str], Trail] = {}
        blind: set[_Stop] = set()
        for place, flow, source, passed in self._entries(viewer, index, level, found):
            # What one element sends in two forms needs two answers: labels are no activations.
            if (flow.origin, flow.payload) in found:
                continue
            stop = _Stop(flow.source, source, flow.origin)
            before = None if stop in blind else self._trace(stop, index, {place}, blind)
            if before is None:
                blind.add(stop)
                continue
            found[flow.origin, flow.payload] = (*before, flow, *passed)
            if len(found) == _MOST_WAYS:
                break
        for _, flow, source, passed in self._entries(viewer, index, level, found) if not found else ():
            before = self._as_it_came(flow.source, source, index)
            if before is not None:
                return ((*before, flow, *passed),)
        return tuple(found.values())

    def _places(self, viewer: Viewer, index: int) -> Sequence[str]:
        """The places through which somebody may see an instance; of thousands, most hold nothing of most instances."""
        if len(viewer.places) < _FEW:
            return viewer.places
        key = (viewer.party, viewer.role, len(viewer.places))
        if key not in self._holders:
            masks = [(place, self._all(place)) for place in viewer.places]
            held: dict[int, list[str]] = {}
            if sum(mask.bit_count() for _, mask in masks) < _MOST_HELD:
                for place, mask in masks:
                    for bit in bits(mask):
                        held.setdefault(bit, []).append(place)
            self._holders[key] = held
        return self._holders[key].get(index, ()) if self._holders[key] else viewer.places

    def _all(self, place: str) -> Mask:
        if place not in self._anything:
            self._anything[place] = reduce(united, self.holdings.states.get(place, {}).values(), 0)
        return self._anything[place]

    def _entries(
        self, viewer: Viewer, index: int, level: int, known: Container[tuple[str, str]]
    ) -> Iterator[tuple[str, Flow, Form, Trail]]:
        """Each flow that brings an instance to one of the places of a viewer, but for what has an answer already."""
        for place in self._places(viewer, index):
            for flow, source in self._entries_at(viewer, place, index, level, known):
                yield place, flow, source, ()
            yield from self._told_on(viewer, place, index, level)

    def _told_on(self, viewer: Viewer, place: str, index: int, level: int) -> Iterator[tuple[str, Flow, Form, Trail]]:
        """The numbers that were sent elsewhere first, and what passed them on, of which a viewer knows the rest."""
        vertex, bit = self.holdings.graph.vertices[place], self.holdings.graph.data[index].bit
        told = told_on(self.holdings, vertex, viewer.party)
        for number, sent, mask, source in () if shielded(self.holdings, vertex, viewer.party) & bit else told:
            shown = bit if sent.kind == OPEN and sent.level >= level else 0
            if mask & bit & (shown if sent.kind == OPEN else self._shown(viewer, vertex, sent, level)):
                yield place, number.made, source, number.passed

    def _entries_at(
        self, viewer: Viewer, place: str, index: int, level: int, known: Container[tuple[str, str]]
    ) -> Iterator[tuple[Flow, Form]]:
        vertex = self.holdings.graph.vertices[place]
        if not self._holds(place, index, level):
            return
        bit = self.holdings.graph.data[index].bit
        kept_out = shielded(self.holdings, vertex, viewer.party) & bit
        asks = vertex.node_kind == "client" and viewer.party in vertex.operators
        told = {flow.index for flow in self.holdings.models_into.get(place, ())} if asks else ()
        for flow, sent, source in self._deliveries(place, index, known=known):
            if kept_out and flow.index not in told:
                continue
            if sent.kind == OPEN:
                if sent.level >= level:
                    yield flow, source
                continue
            if self._shown(viewer, vertex, sent, level) & bit:
                yield flow, source

    def _shown(self, viewer: Viewer, vertex: Vertex, sent: Form, level: int) -> Mask:
        """The instances that a viewer sees at a level where they are sent to its place in a hidden form."""
        key = (viewer.party, vertex.id, sent, level)
        if key not in self._shows:
            found = 0
            for form, mask in arrive_at(self.holdings.hiding, vertex, sent, self.holdings.graph.everything):
                if form.kind != NOISE:
                    found |= seen_at(self.holdings, viewer, vertex, form, mask, level, self.openers)
            self._shows[key] = found
        return self._shows[key]

    def _deliveries(
        self, place: str, index: int, origin: str = "", known: Container[tuple[str, str]] = ()
    ) -> Iterator[tuple[Flow, Form, Form]]:
        """
        Every flow (of one element) that brings an instance to a place.

        With each one goes the form that it sends and the form that the instance has at its source.
        """
        bit = self.holdings.graph.data[index].bit
        for flow, effect in self._flows_into(place, index, origin):
            key = (flow.origin, flow.payload)
            if key not in known and (flow.data is None or flow.data is bit or flow.data & bit):
                state = self.holdings.states.get(flow.source, {})
                held = {form: bit for form, mask in state.items() if mask is bit or mask & bit}
                for sent, _, source in transfer(effect, held, None):
                    yield flow, sent, source
                    if key in known:
                        break

    def _holds(self, place: str, index: int, level: int) -> bool:
        """Whether a place holds an instance in any form that could show it at a level."""
        if (place, level) not in self._showing:
            state = self.holdings.states.get(place, {})
            shown = (
                mask
                for form, mask in state.items()
                if form.kind != NOISE and (form.kind != OPEN or form.level >= level)
            )
            self._showing[place, level] = reduce(united, shown, 0)
        return bool(self._showing[place, level] & self.holdings.graph.data[index].bit)

    def _flows_into(self, place: str, index: int, origin: str) -> list[tuple[Flow, Effect]]:
        """The flows into a place that may carry an instance (of one element, or of any), in their order."""
        if not self._targets:
            for flow in self.holdings.graph.flows:
                if not flow.echo:
                    self._targets.setdefault(flow.target, []).append(flow)
        if place not in self._into:
            self._into[place] = self._sorted(place)
        carried = self._into[place].get(origin, {})
        own, others = carried.get(index, []), carried.get(_MANY, [])
        return sorted([*own, *others], key=lambda pair: pair[0].index) if own and others else own or others

    def _sorted(self, place: str) -> dict[str, dict[int, list[tuple[Flow, Effect]]]]:
        # Thousands of clients, or hundreds of regions, send to one place, each its own data: those flows are found by
        # what they carry.
        found: dict[str, dict[int, list[tuple[Flow, Effect]]]] = {}
        flows, graph = self._targets.get(place, ()), self.holdings.graph
        left = _MOST_SORTED if len(flows) >= _FEW else 0
        carried: list[tuple[Flow, Mask, int]] = []
        for flow in flows:
            mask = self._carried(flow) if left > 0 else flow.data or 0
            carried.append((flow, mask, size := graph.size(mask)))
            left -= size
        for flow, mask, size in carried:
            pair = (flow, self.holdings.effects.of(flow))
            single = size == 1 and flow.data is not None
            both = found.setdefault("", {}), found.setdefault(flow.origin, {})
            for index in graph.numbers(mask) if left > 0 or single else (_MANY,):
                for known in both:
                    known.setdefault(index, []).append(pair)
        return found

    def _carried(self, flow: Flow) -> Mask:
        """The instances that a flow may carry, as far as its sender has them; that is not asked of a single one."""
        if flow.data is not None and self.holdings.graph.is_own(flow.data):
            return flow.data
        held = self._all(flow.source)
        return held if flow.data is None else common(flow.data, held)

    def _trace(self, to: _Stop, index: int, before: AbstractSet[str], blind: set[_Stop]) -> Trail | None:
        """
        The way to a vertex that keeps to one element where it can; None where it would go in a circle.

        From `blind` stops no way was found; to try them again by every other way would double the work at each hop.
        """
        vertex, form, origin = to
        seen = set(before)
        later: list[Flow] = []
        while not self._stored_at(vertex, index):
            if vertex in seen:
                return None
            seen.add(vertex)
            more = len(seen) < _DEEP and len(blind) < _LOST
            same = self._same_element(_Stop(vertex, form, origin), index, seen, blind) if more else None
            if same is not None:
                return (*same, *reversed(later))
            arrival = self._first_arrival(vertex, form, index)
            if arrival is None:
                return None
            later.append(arrival.flow)
            vertex, form, origin = arrival.flow.source, arrival.source, arrival.flow.origin
        return tuple(reversed(later))

    def _as_it_came(self, vertex: str, form: Form, index: int) -> Trail | None:
        """The way that the instance took first, even where it passes a place twice."""
        later: list[Flow] = []
        while not self._stored_at(vertex, index):
            arrival = self._first_arrival(vertex, form, index)
            if arrival is None:
                return None
            later.append(arrival.flow)
            vertex, form = arrival.flow.source, arrival.source
        return tuple(reversed(later))

    def _stored_at(self, vertex: str, index: int) -> bool:
        return self.holdings.graph.data[index].place == vertex

    def _same_element(self, to: _Stop, index: int, seen: AbstractSet[str], blind: set[_Stop]) -> Trail | None:
        for flow, source in self._brought(to.vertex, index, to.origin).get(to.form, ()):
            stop = _Stop(flow.source, source, to.origin)
            if flow.source in seen or stop in blind:
                continue
            before = self._trace(stop, index, seen, blind)
            if before is not None:
                return (*before, flow)
            blind.add(stop)
        return None

    def _brought(self, vertex: str, index: int, origin: str) -> Mapping[Form, Sequence[tuple[Flow, Form]]]:
        """By the form in which an instance arrives at a vertex: the flows (of one element) that bring it."""
        key = (vertex, index, origin)
        if key not in self._bringers:
            if len(self._bringers) >= _MOST_KEPT:
                self._bringers.clear()
            found: dict[Form, list[tuple[Flow, Form]]] = {}
            target, bit = self.holdings.graph.vertices[vertex], self.holdings.graph.data[index].bit
            for flow, sent, source in self._deliveries(vertex, index, origin):
                for form in dict.fromkeys(one for one, _ in arrive_at(self.holdings.hiding, target, sent, bit)):
                    found.setdefault(form, []).append((flow, source))
            self._bringers[key] = found
        return self._bringers[key]

    def _first_arrival(self, vertex: str, form: Form, index: int) -> Arrival | None:
        if vertex not in self._arrivals:
            self._arrivals[vertex] = _by_form(self.holdings.log.get(vertex, ()))
        arrivals, bit = self._arrivals[vertex].get(form, ()), self.holdings.graph.data[index].bit
        return next((arrival for arrival in arrivals if arrival.mask & bit), None)


def _by_form(log: Iterable[tuple[Flow, Iterable[Moved]]]) -> dict[Form, list[Arrival]]:
    found: dict[Form, list[Arrival]] = {}
    for flow, moved in log:
        for form, mask, source in moved:
            found.setdefault(form, []).append(Arrival(flow, mask, source))
    return found
