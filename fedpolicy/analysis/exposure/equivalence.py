"""Which parties and which datasets a report may speak of together, because no rule could tell them apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from fedpolicy.analysis.exposure.carried import Carried
from fedpolicy.analysis.exposure.views import Viewer
from fedpolicy.catalog import Catalog
from fedpolicy.graph import Flow, FlowGraph, Mask
from fedpolicy.graph.masks import common, grouped, lacking, numbered, united, without
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.party import Agreement
from fedpolicy.records import dataclass, field

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """
    Datasets that differ only in their names, places, owners and sizes; `dataset` is the first of them.

    `families` holds the instances of each, by name; `mask` all of them.
    """

    dataset: Dataset
    families: Mapping[str, Mask]
    mask: Mask


class Kinds:
    """What parties and datasets have in common; every answer is worked out once."""

    def __init__(self, graph: FlowGraph, catalog: Catalog) -> None:
        self._graph = graph
        self._catalog = catalog
        self._regions: dict[tuple[str, ...] | None, frozenset[str] | None] = {None: None}
        self._agreements: dict[str, list[Agreement]] = {}
        for agreement in graph.deployment.agreements.values():
            for party in set(agreement.between):
                self._agreements.setdefault(party, []).append(agreement)

    def party(self, name: str) -> Key:
        """What the parties behind two viewers must have in common to be spoken of together."""
        principal = self._graph.principals[name]
        built_in = name == "public" or is_unknown(name)
        return (principal.roles, self._where(principal.jurisdictions), principal.provider, principal.implied, built_in)

    def datasets(self) -> Sequence[Alike]:
        """
        All datasets, those together that are alike and of different owners.

        A thousand hospitals may write one entry each; what somebody learns of them is one thing to say. An owner who
        writes several entries means to have them told apart.
        """
        owners: dict[str, set[str]] = {}
        for item in self._graph.data:
            owners.setdefault(item.family, set()).add(item.owner)
        masks = grouped((item.family, item.bit) for item in self._graph.data)
        found: dict[Key, dict[str, Mask]] = {}
        entries: dict[tuple[Key, str], int] = {}
        for name, mask in masks.items():
            key = self._dataset(name, owners[name])
            number = max(entries.get((key, owner), 0) for owner in owners[name])
            entries |= {(key, owner): number + 1 for owner in owners[name]}
            found.setdefault((*key, number), {})[name] = mask
        return [self._alike(families) for families in found.values()]

    def _alike(self, families: Mapping[str, Mask]) -> Alike:
        mask = 0
        for one in families.values():
            mask |= one
        return Alike(dataset=self._graph.deployment.datasets[next(iter(families))], families=families, mask=mask)

    def _dataset(self, name: str, owners: set[str]) -> Key:
        dataset = self._graph.deployment.datasets[name]
        releases = dataset.releases
        unknown = dataset.says_unknown("releases")
        limits = unknown if releases is None else tuple((one.to, one.as_, one.up_to) for one in releases)
        theirs = frozenset(self._owner(owner, {name, *dataset.categories}) for owner in owners)
        return (frozenset(dataset.categories), dataset.purpose, limits, theirs)

    def _owner(self, name: str, about: set[str]) -> Key:
        principal = self._graph.principals[name]
        contracts = frozenset(
            # Of a contract between two, the other side counts; one between many is the same for all of them.
            (one.kind, one.mechanism, frozenset(one.between) - ({principal.party} if len(one.between) == 2 else set()))  # noqa: PLR2004
            for one in self._agreements.get(principal.party, ())
            if one.covers is None or not about.isdisjoint(one.covers)
        )
        return (*self.party(name), principal.trusts, contracts)

    def _where(self, jurisdictions: tuple[str, ...] | None) -> frozenset[str] | None:
        """Where a party is, as far as rules on transfers can tell: the EEA is one place."""
        if jurisdictions not in self._regions:
            rows = {code: self._catalog.countries.get(code) for code in jurisdictions or ()}
            regions = frozenset("EEA" if row is not None and row.eea else code for code, row in rows.items())
            self._regions[jurisdictions] = regions
        return self._regions[jurisdictions]


Way = tuple[object, ...]  # what a flow is for, and what it carries
Ways = frozenset[Way]
_NAMED = frozenset({"flows", "api_calls"})  # sections that hold an entry for each of thousands
# Flows that carry no more instances than this are looked up by what they carry, the others are compared as sets.
_FEW = 16


class _Sets:
    """The sets that flows carry, each once: number 0 is everything."""

    def __init__(self, graph: FlowGraph) -> None:
        self._graph = graph
        self.found: list[Mask] = []
        self.few: list[bool] = []
        self._numbers: dict[object, int] = {}
        # By the very object, which thousands of flows share, and which is kept elsewhere.
        self._known: dict[int, int] = {}
        self.number(graph.everything)

    def number(self, data: Mask) -> int:
        """Its number, the same for equal sets."""
        known = self._known.get(id(data))
        if known is None:
            known = self._known[id(data)] = self._numbers.setdefault(self._graph.key(data), len(self.found))
            if known == len(self.found):
                self.found.append(data)
                self.few.append(self._graph.size(data) <= _FEW)
        return known


@dataclass(slots=True, kw_only=True)
class _Into:
    """
    The ways into one place: what carries few instances, by what they are for, and what carries many.

    What is only brought back stands beside many: to leave it out would make a set for each of thousands of places.
    """

    few: dict[tuple[Way, Way, int], Mask] = field(default_factory=dict)
    many: dict[tuple[Way, int], Mask] = field(default_factory=dict)


class Arriving:
    """Splits instances by the ways in which they come: what is shown of one is true of all that come as it does."""

    def __init__(self, graph: FlowGraph, kinds: Sequence[Alike], carried: Carried) -> None:
        self._graph = graph
        self._into: dict[str, _Into] = {}
        self._sets = _Sets(graph)
        for flow in graph.flows:
            if not flow.echo:
                into = self._into.get(flow.target)
                if into is None:
                    into = self._into[flow.target] = _Into()
                self._add(into, flow, carried)
        self._family = [item.family for item in graph.data]
        self._kind = {name: number for number, kind in enumerate(kinds) for name in kind.families}
        self._kinds = kinds
        self._whole = {0: True}

    def _add(self, into: _Into, flow: Flow, carried: Carried) -> None:
        way, data, back = (flow.origin, flow.role, flow.payload), carried.of(flow), carried.returned(flow)
        number = self._sets.number(data)
        if self._sets.few[number] and (number or flow.data is not None):
            key = (way, _sort(self._graph, flow), number)
            into.few[key] = united(without(data, back), into.few.get(key, 0))
        else:
            before = into.many.get((way, number))
            into.many[way, number] = back if before is None else common(before, back)

    def likeness(self, place: str, mine: Mask) -> Hashable | None:
        """The ways into a place; None where any of them carries few instances, or some of a dataset only."""
        into = self._into.get(place)
        if into is None:
            return ()
        whole = not into.few and all(self._is_whole(number) for _, number in into.many)
        return None if not whole or any(lacking(back, mine) for back in into.many.values()) else tuple(into.many)

    def split(self, viewer: Viewer, mine: Mask, seen: Mask) -> Iterator[tuple[Alike, Mask, Ways]]:
        """Whatever is alike and comes the same way; `mine` is left out, and what has no instance in `seen`."""
        into = [self._into[place] for place in viewer.places if place in self._into]
        always = frozenset(
            way for one in into for (way, number), back in one.many.items() if not number | lacking(back, mine)
        )
        few = self._few(into, mine)
        many = {way: data for way, data in self._many(into, mine).items() if way not in always}
        for number, kind in enumerate(self._kinds):
            others = lacking(kind.mask, mine)
            if others & seen:
                for mask, ways in _cells(others, few.get(number, {}), many):
                    if mask & seen:
                        # Thousands of datasets share one set of ways.
                        yield kind, mask, always if ways <= always else always | ways

    def _few(self, into: Sequence[_Into], mine: Mask) -> dict[int, dict[Ways, Mask]]:
        """By kind, what comes on flows of few, by the ways of its dataset and the sorts of its own."""
        ways: dict[str, set[Way]] = {}
        sorts: dict[int, set[Way]] = {}
        for one in into:
            for (way, sort, _), data in one.few.items():
                for index in self._graph.numbers(without(data, mine)):
                    ways.setdefault(self._family[index], set()).add(way)
                    sorts.setdefault(index, set()).add(sort)
        numbers: dict[tuple[str, Ways], list[int]] = {}
        for index, own in sorts.items():
            numbers.setdefault((self._family[index], frozenset(own)), []).append(index)
        found: dict[int, dict[Ways, Mask]] = {}
        for (name, known), indexes in numbers.items():
            cells, key = found.setdefault(self._kind[name], {}), known | ways[name]
            cells[key] = cells.get(key, 0) | numbered(indexes)
        return found

    def _many(self, into: Sequence[_Into], mine: Mask) -> dict[Way, Mask]:
        """By way, what comes on flows that carry many instances."""
        found: dict[Way, Mask] = {}
        for one in into:
            for (way, number), back in one.many.items():
                part = without(self._sets.found[number], mine | back)
                found[way] = united(found[way], part) if way in found else part
        return found

    def _is_whole(self, number: int) -> bool:
        """Whether flows that carry a set carry all instances of each dataset of which they carry any."""
        # To compare thousands of instances with what is known takes longer than to look a number up.
        if number not in self._whole:
            data = self._sets.found[number]
            names = {self._family[index] for index in self._graph.numbers(data)}
            self._whole[number] = not lacking(reduce(or_, map(self._members, names), 0), data)
        return self._whole[number]

    def _members(self, name: str) -> Mask:
        return self._kinds[self._kind[name]].families[name]


def _sort(graph: FlowGraph, flow: Flow) -> Way:
    """
    What rules ask of the last flow of a way, but for its name.

    Thousands of flows and calls of one dataset each have a name of their own, and say the same.
    """
    section, _, name = flow.origin.partition(".")
    call = graph.deployment.api_calls[name] if section == "api_calls" else None
    what = (section, call and call.model, call and call.provider) if section in _NAMED else flow.origin
    kinds = tuple([guard.spec.kind for guard in flow.guards])
    return what, flow.role, flow.payload, kinds, bool(flow.seals), flow.certain


def _cells(others: Mask, few: Mapping[Ways, Mask], many: Mapping[Way, Mask]) -> Iterator[tuple[Mask, Ways]]:
    """Instances by the ways in which they come, first those that come on flows of few."""
    cells, rest = dict(few), without(others, reduce(united, few.values(), 0))
    if rest:
        cells[frozenset()] = rest
    for way, mask in many.items():
        split: dict[Ways, Mask] = {}
        for ways, cell in cells.items():
            for key, part in ((ways | {way}, common(cell, mask)), (ways, without(cell, mask))):
                if part:
                    split[key] = split[key] | part if key in split else part
        cells = split
    return ((mask, ways) for ways, mask in cells.items())
