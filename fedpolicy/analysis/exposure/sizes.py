"""How many units go into a number: a statistic of one person is that person, one owner's weights are its update."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.graph import Aggregate, DataItem, Flow, FlowGraph, Mask, bits
from fedpolicy.graph.masks import grouped
from fedpolicy.graph.provenance import units_of_one
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.onward import Onward
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import PayloadRow

_MADE = {"declared", "uplink", "call", "fallback", "revealed"}  # flows of what somebody computed from data
_FINISHED = "revealed"  # where that is a model, it is no update
_ONWARD = {"exchange": "uplink", "forwarded": "uplink"}  # what somebody computed goes on under another name

# Of one element, in one role, one payload, and from whom and by which relay, where that is one.
Message = tuple[str, str, str, str, str]
NO_MESSAGE = ("", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Portion:
    """Instances that go into one number, and how many units they have (None: not said)."""

    mask: Mask
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """Finds, for one reading, of which instances a flow says more than its payload does, because it is made of few."""

    graph: FlowGraph
    catalog: Catalog
    reading: Reading
    known: dict[str, Mask] = field(default_factory=dict)
    short: dict[int, Mask] = field(default_factory=dict)
    told: dict[Message, Mask] = field(default_factory=dict)
    _parts: dict[tuple[Mask, str, bool], tuple[Portion, ...]] = field(default_factory=dict)
    _rows: dict[str, PayloadRow] = field(default_factory=dict)
    _onward: list[Onward | None] = field(default_factory=list)

    def is_quiet(self, payload: str) -> bool:
        """Whether a payload never says more than its name, of however few it is made."""
        row = self._row(payload)
        return row.least_units is None and not row.aggregate

    def exposed(self, flow: Flow) -> Mask:
        """The instances that can be rebuilt from what a flow carries, where it goes."""
        if flow.passed_on:
            quiet = self.is_quiet(flow.payload if flow.aggregate is None else flow.raw or flow.payload)
            return 0 if quiet else self._passed_on(flow)
        target = self.graph.vertices[flow.target]
        return self.left_to(flow, (*target.operators, target.host))

    def left_to(self, flow: Flow, parties: Collection[str]) -> Mask:
        """The instances that some parties, who may know a part of what a flow is made of, can rebuild from it."""
        payload = flow.payload if flow.aggregate is None else flow.raw or flow.payload
        if self.is_quiet(payload):
            return 0
        row = self._row(payload)
        if (flow.role not in _MADE and flow.aggregate is None) or self.graph.vertices[flow.source].kind == "model":
            return 0
        if flow.role == _FINISHED and row.least_units is None:
            return 0
        of = self._of_one if row.least_units is None else partial(self._of_few, least=row.least_units)
        return reduce(or_, (of(flow, data, parties) for data in self._made_of(flow, weights=row.weights)), 0)

    def knowing(self, flow: Flow) -> list[str]:
        """Who knows some of what a flow is made of, and not all of it."""
        found: dict[str, None] = {}
        for data in self._made_of(flow, weights=self._row(flow.payload).weights):
            places = {self.graph.vertices[item.place] for item in self._items(data)}
            who = {party for place in places for party in (*place.operators, place.host)}
            found |= dict.fromkeys(party for party in sorted(who) if any(self._known((party,), data)))
        return list(found)

    @property
    def onward(self) -> Onward | None:
        """The numbers that reach somebody by way of others, or with everybody; None where nothing is sent so."""
        if not self._onward:
            from fedpolicy.analysis.exposure.onward import onward_of, reaches_others  # noqa: PLC0415  few do

            self._onward.append(onward_of(self) if reaches_others(self.graph) else None)
        found = self._onward[0]
        return found if found is not None and found.numbers else None

    def _made_of(self, flow: Flow, *, weights: bool) -> Iterable[Mask]:
        return self.graph.made_of.get((flow.source, weights), ()) if flow.data is None else (flow.data,)

    def _passed_on(self, flow: Flow) -> Mask:
        """Whoever passes something on says what it has been told."""
        if not self.told:
            self.told[NO_MESSAGE] = 0
            for first in self.graph.flows:
                if not first.passed_on:
                    note_message(self.told, first, self.exposed(first))
        told = message_of(flow)
        found = self.told.get(told, 0)
        if flow.sender:
            found = self.told.get((*told[:-1], flow.source), found)
        return found if flow.data is None else found & flow.data

    def _row(self, payload: str) -> PayloadRow:
        found = self._rows.get(payload)
        if found is None:
            found = self._rows[payload] = self.catalog.payloads[payload]
        return found

    def _of_few(self, flow: Flow, data: Mask, parties: Collection[str], least: int) -> Mask:
        if least not in self.short:
            sizes = ((one.bit, units_of_one(one, self.graph.vertices[one.place])) for one in self.graph.data)
            self.short[least] = reduce(or_, (bit for bit, units in sizes if self._is_few(units, least)), 0)
        if not data & self.short[least]:
            return 0
        # A sum is taken apart where it is looked at; until then each contribution counts for itself.
        single = flow.aggregate is not None
        maker = flow.sender or flow.source
        parts = self._split(data, maker, single=single)
        found = reduce(or_, (part.mask for part in parts if self._is_few(part.units, least)), 0)
        for known in () if single else self._known(parties, data):
            for part in parts:
                left = part.mask & ~known
                if left and left != part.mask and self._is_few(self._rest(part, known, maker), least):
                    found |= left
        return found

    def _rest(self, part: Portion, known: Mask, maker: str) -> int | None:
        """How many units are left of a number without those that somebody knows, who mostly knows few of many."""
        if part.units is None:
            return self._units(part.mask & ~known, maker)
        return part.units - (self._units(part.mask & known, maker) or 0)

    def _of_one(self, flow: Flow, data: Mask, parties: Collection[str]) -> Mask:
        if flow.aggregate is not None:
            return 0
        parts = (data, *(data & ~known for known in self._known(parties, data)))
        return reduce(or_, (part for part in parts if self._has_one_owner(part, flow.sender or flow.source)), 0)

    def _items(self, mask: Mask) -> Iterator[DataItem]:
        return (self.graph.data[index] for index in bits(mask))

    def _known(self, parties: Collection[str], data: Mask) -> Iterator[Mask]:
        """What parties know of the data besides: they run or host the machines where these are."""
        if not self.known:
            self.known.update(_known_to(self.graph))
        for party in dict.fromkeys(parties):
            known = data & self.known.get(party, 0)
            if known and known != data:
                yield known

    def _split(self, data: Mask, source: str, *, single: bool) -> tuple[Portion, ...]:
        """One number for each dataset; `single`: and for each place, where contributions travel one by one."""
        key = (data, source, single)
        if key not in self._parts:
            found: dict[tuple[str, str], Mask] = {}
            for item in self._items(data):
                at = (item.family, item.place if single else "")
                found[at] = found[at] | item.bit if at in found else item.bit
            self._parts[key] = tuple(
                Portion(mask, self._units(mask, place or source)) for (_, place), mask in found.items()
            )
        return self._parts[key]

    def _units(self, mask: Mask, source: str) -> int | None:
        total = 0
        for item in self._items(mask):
            place = self.graph.vertices[item.place]
            one = units_of_one(item, place)
            if one is None:
                return None
            total += one * (1 if item.place == source else place.weight)
        return total

    def _has_one_owner(self, mask: Mask, source: str) -> bool:
        owners: set[str] = set()
        for item in self._items(mask):
            place = self.graph.vertices[item.place]
            owners.add(item.owner)
            if len(owners) > 1 or (place.weight > 1 and item.place != source and item.owner == place.party):
                return False
        return bool(owners)

    def _is_few(self, units: int | None, least: int) -> bool:
        return self.reading is not Reading.LOW if units is None else units < least


def message_of(flow: Flow) -> Message:
    """The message that a flow passes on."""
    return flow.origin, _ONWARD.get(flow.role, flow.role), flow.payload, flow.sender, ""


def note_message(found: dict[Message, Mask], first: Flow, mask: Mask) -> None:
    """Keep what is said of a message where it begins, for those who pass it on alone or with those of others."""
    sent = (first.origin, first.role, first.payload)
    for key in ((*sent, first.source, ""), (*sent, "", "")) if mask else ():
        found[key] = found.get(key, 0) | mask
    if first.role == "declared":
        key = (*sent, first.source, first.target)
        found[key] = found.get(key, 0) | mask


def missing_size(catalog: Catalog, item: DataItem, flow: Flow) -> str:
    """The fact to declare where a flow says more or less of an instance by its size, and that is not said."""
    counted = catalog.payloads[flow.raw or flow.payload].least_units is not None
    return f"datasets.{item.family}.subjects" if counted and item.units is None and item.unit != "client" else ""


def _known_to(graph: FlowGraph) -> dict[str, Mask]:
    """By party, the instances on machines that it operates or hosts."""
    places = ((item, graph.vertices[item.place]) for item in graph.data)
    return grouped((who, item.bit) for item, place in places for who in {*place.operators, place.host})


def asks_for_size(graph: FlowGraph, catalog: Catalog) -> bool:
    """Whether anything hangs on how many units some dataset has, and that is not said."""
    unsaid = reduce(or_, (1 << item.index for item in graph.data if item.units is None and item.unit != "client"), 0)
    return bool(unsaid) and any(
        flow.data is None or flow.data & unsaid
        for flow in graph.flows
        if catalog.payloads[flow.raw or flow.payload].least_units is not None
    )


@dataclass(frozen=True, slots=True)
class Contribution:
    """What each of `members` contributors at a place puts in, in units (None: not said)."""

    place: str
    members: int
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The contributions to a sum from one dataset; `others` counts contributors that have none of it."""

    mask: Mask
    others: int
    shares: tuple[Contribution, ...]

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


def _share(graph: FlowGraph, place: str, mask: Mask) -> Contribution:
    items = [graph.data[index] for index in bits(mask)]
    units = [units_of_one(item, graph.vertices[item.place]) for item in items]
    total = None if None in units else sum(one for one in units if one is not None)
    return Contribution(place, graph.vertices[place].weight, total)
