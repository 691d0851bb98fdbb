"""
One set of indexes over a graph: who is who, who holds what, which flows belong to which element.

Every index is made when it is first needed, and once for all who ask.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from fedpolicy.graph import Access, Aggregate, Flow, FlowGraph, Guard, Mask, Path, Principal, Vertex, bits, keyed
from fedpolicy.graph.masks import common, grouped, united
from fedpolicy.language.model.flow import Task

Key = TypeVar("Key")
Item = TypeVar("Item")
_FEW = 64  # instances that are named one by one; of more it is asked which datasets they touch
_UP = {"uplink", "activations"}
_MOST_SEEN = 1_000  # sets that are known by their object


class Lookup:
    """The indexes of one graph; a *party* is a declared entry or an implied one, and a cohort is one party."""

    def __init__(self, graph: FlowGraph) -> None:
        self.graph = graph
        self.deployment = graph.deployment
        self._families: dict[tuple[int, Mask], tuple[str, ...]] = {}
        self._seen: dict[int, tuple[Mask, tuple[str, ...]]] = {}
        self._families_of: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._operators: dict[str, frozenset[str]] = {}
        self._holders: dict[str, frozenset[str]] = {}

    # Parties

    def party(self, principal: str) -> str:
        """The party that a principal belongs to: `phones` for `phones.self`."""
        known = self.graph.principals.get(principal)
        return known.party if known else principal

    @cached_property
    def parties(self) -> Mapping[str, Principal]:
        """Every party once, the implied ones included, by name."""
        found: dict[str, Principal] = {}
        for principal in self.graph.principals.values():
            found.setdefault(principal.party, principal)
        return dict(sorted(found.items()))

    def roles(self, party: str) -> tuple[str, ...]:
        """The roles of a party; one that nobody declared and the catalogue does not know has none."""
        known = self.parties.get(party)
        return known.roles if known else ()

    def is_member(self, party: str) -> bool:
        """Whether a party belongs to the federation: a participant or the coordinator."""
        return not {"participant", "coordinator"}.isdisjoint(self.roles(party))

    @cached_property
    def members(self) -> Sequence[str]:
        """The declared parties that belong to the federation."""
        return [party for party in self.deployment.parties if self.is_member(party)]

    # Places

    def places_at(self, references: Iterable[str]) -> list[Vertex]:
        """The places that references to nodes mean, in their order; one may come twice."""
        return [self.graph.vertices[name] for one in references for name in self.graph.members.get(one, ())]

    @cached_property
    def places(self) -> Mapping[str, Vertex]:
        """Where things run or rest."""
        return {name: vertex for name, vertex in self.graph.vertices.items() if vertex.kind == "place"}

    @cached_property
    def meets(self) -> bool:
        """Whether clients of any task meet without an aggregator."""
        return any(vertex.kind == "exchange" for vertex in self.graph.vertices.values())

    @cached_property
    def places_of(self) -> Mapping[str, list[Vertex]]:
        """The places that each party operates, in the order of the names of nodes."""
        return listed_by((who, place) for place in self.places.values() for who in self.operators(place.id))

    def operators(self, vertex: str) -> frozenset[str]:
        """The parties that operate a place."""
        if vertex not in self._operators:
            known = self.graph.vertices.get(vertex)
            self._operators[vertex] = frozenset(map(self.party, known.operators) if known else ())
        return self._operators[vertex]

    def parties_at(self, vertices: Iterable[str]) -> tuple[str, ...]:
        """The parties that operate any of these places."""
        return tuple(sorted(frozenset[str]().union(*map(self.operators, vertices))))

    @cached_property
    def operated(self) -> Mapping[str, Sequence[str]]:
        """The nodes that each party operates."""
        places = self.places.values()
        return names_by((self.party(who), place.family) for place in places for who in place.operators)

    @cached_property
    def hosted(self) -> Mapping[str, Sequence[str]]:
        """The nodes of others that stand on each party's machines."""
        places = (place for place in self.places.values() if place.host not in place.operators)
        return names_by((self.party(place.host), place.family) for place in places)

    # Models

    def holders(self, model: str) -> frozenset[str]:
        """The places that hold a copy of a model's weights."""
        if model not in self._holders:
            declared = self.places_at(self.deployment.models[model].weights_at or ())
            self._holders[model] = frozenset({place.id for place in declared}.union(self._placements.get(model, ())))
        return self._holders[model]

    @cached_property
    def _placements(self) -> Mapping[str, Sequence[str]]:
        return self._carried("placement")

    @cached_property
    def brought(self) -> Mapping[str, Sequence[str]]:
        """The places to which declared flows bring the weights of each model."""
        return self._carried("placement", "flows.")

    def _carried(self, role: str, origin: str = "") -> Mapping[str, Sequence[str]]:
        flows = (one for one in self.graph.flows if one.role == role and one.origin.startswith(origin))
        return names_by((self.graph.vertices[one.source].family, one.target) for one in flows)

    @cached_property
    def released(self) -> frozenset[str]:
        """The models that everybody can get, or perhaps can: `published`, or a flow of their weights to the public."""
        declared = {name for name, model in self.deployment.models.items() if model.published}
        return frozenset(declared.union(self._carried("published")))

    @cached_property
    def placed(self) -> Mapping[str, Sequence[str]]:
        """The models whose weights are at each place."""
        models = {*self.deployment.models, *self._placements}
        return names_by((place, model) for model in models for place in self.holders(model))

    @cached_property
    def makers(self) -> Mapping[str, list[Task]]:
        """The tasks that produce each model."""
        tasks = (task for _, task in sorted(self.deployment.tasks.items()))
        return listed_by((task.produces, task) for task in tasks if task.produces)

    # Flows and uses

    @cached_property
    def flows_of(self) -> Mapping[str, Sequence[Flow]]:
        """The flows that each element declares or implies."""
        return listed_by((flow.origin, flow) for flow in self.graph.flows)

    @cached_property
    def uplinks(self) -> Mapping[str, Mapping[str, set[str]]]:
        """For each task, where every place sends what it contributes."""
        found: dict[str, dict[str, set[str]]] = {}
        for flow in self.graph.flows:
            if flow.role in _UP:
                found.setdefault(flow.origin, {}).setdefault(flow.source, set()).add(flow.target)
        return found

    @cached_property
    def guards_at(self) -> Mapping[Path, Sequence[Guard]]:
        """How each safeguard applies to single flows."""
        return listed_by((guard.path, guard) for flow in self.graph.flows for guard in flow.guards)

    @cached_property
    def access_of(self) -> Mapping[str, Sequence[Access]]:
        """How each task or call reaches models."""
        return listed_by((access.use, access) for access in self.graph.access)

    @cached_property
    def access_from(self) -> Mapping[tuple[str, str], list[Access]]:
        """How each task or call reaches models from each place."""
        return listed_by(((access.use, place), access) for access in self.graph.access for place in access.at)

    @cached_property
    def sums_of(self) -> Mapping[str, Sequence[Aggregate]]:
        """The sums over contributions that each task or flow makes."""
        return listed_by((aggregate.origin, aggregate) for aggregate in self.graph.aggregates)

    # Datasets

    @cached_property
    def instances(self) -> Mapping[str, Mask]:
        """The instances of each dataset."""
        return grouped((item.family, item.bit) for item in self.graph.data)

    def instances_of(self, families: Iterable[str]) -> Mask:
        """All instances of some datasets."""
        found = 0
        for name in families:
            found |= self.instances.get(name, 0)
        return found

    def families_in(self, mask: Mask) -> tuple[str, ...]:
        """The datasets of some instances; thousands of flows carry the same ones."""
        known = self._seen.get(id(mask))
        if known is not None:
            return known[1]
        if self.graph.size(mask) == 1:
            return (self.graph.data[mask.bit_length() - 1].family,)
        key = keyed(mask)
        if key not in self._families:
            few = mask.bit_count() <= _FEW
            found = {self.graph.data[index].family for index in bits(mask)} if few else self._touched(mask)
            self._families[key] = tuple(sorted(found))
        if len(self._seen) < _MOST_SEEN:  # an object that is kept shares its place in memory with no other
            self._seen[id(mask)] = (mask, self._families[key])
        return self._families[key]

    def _touched(self, mask: Mask) -> set[str]:
        return {name for name, members in self.instances.items() if members & mask}

    def families_of(self, instances: tuple[str, ...]) -> tuple[str, ...]:
        """The datasets of some instances, by their names and in their order: those of one dataset stand together."""
        if instances and family_of(instances[0]) == family_of(instances[-1]):
            return (family_of(instances[0]),)
        if instances not in self._families_of:
            self._families_of[instances] = tuple(sorted({one.partition("@")[0] for one in instances}))
        return self._families_of[instances]

    @cached_property
    def stored(self) -> Mapping[str, Sequence[str]]:
        """The datasets that are stored at each place."""
        return names_by((item.place, item.family) for item in self.graph.data)

    @cached_property
    def owned(self) -> Mapping[str, Sequence[str]]:
        """The datasets of which each party owns an instance."""
        return names_by((self.party(item.owner), item.family) for item in self.graph.data)

    @cached_property
    def owners(self) -> Mapping[str, Sequence[str]]:
        """The parties that own any instance of each dataset."""
        return names_by((item.family, self.party(item.owner)) for item in self.graph.data)

    @cached_property
    def owner_of(self) -> Mapping[str, str]:
        """The party that owns each instance."""
        return {item.id: self.party(item.owner) for item in self.graph.data}

    @cached_property
    def reach(self) -> Mapping[str, Mask]:
        """The instances that can be at each place or model at all, at whatever level."""
        return reach_in(self.graph, self.graph.flows)


def family_of(instance: str) -> str:
    """`letters` for `letters@charite`."""
    return instance.partition("@")[0]


def ordered(words: Iterable[str]) -> list[str]:
    """Each word once, sorted, as a plain list."""
    found = set(map(str, words))
    return sorted(found) if len(found) > 1 else [*found]


def listed_by(pairs: Iterable[tuple[Key, Item]]) -> dict[Key, list[Item]]:
    """All items of each key, in their order."""
    found: dict[Key, list[Item]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return found


def names_by(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The names of each key, each once, sorted."""
    found: dict[str, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key, set()).add(name)
    return {key: sorted(names) for key, names in found.items()}


def reach_in(graph: FlowGraph, flows: Sequence[Flow]) -> Mapping[str, Mask]:
    """What each place or model may hold, by these flows: what one may carry is what its sender may hold."""
    held = defaultdict(int, grouped((item.place, item.bit) for item in graph.data))
    leaving = listed_by((flow.source, flow) for flow in flows)
    # Most clients only ever send what rests with them.
    onward = {flow.source for flow in flows if flow.data is None or flow.data is not held.get(flow.source)}
    queue = deque(held)
    waiting = set(queue)
    while queue:
        here = queue.popleft()
        waiting.discard(here)
        for flow in leaving.get(here, ()):
            arriving = held[here] if flow.data is None else common(held[here], flow.data)
            together = united(held[flow.target], arriving)
            if together is not held[flow.target]:
                held[flow.target] = together
                if flow.target in onward and flow.target not in waiting:
                    waiting.add(flow.target)
                    queue.append(flow.target)
    return held
