"""One deployment with everything that was computed about it; indexes are made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from fedpolicy.analysis.budget import Ledger, ledger_of
from fedpolicy.analysis.facts import Disclosure, Facts, ModelFacts
from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.findings import Span
from fedpolicy.graph.model import Access, Aggregate, Flow, Guard, Mask, Path, Principal, Vertex, bits
from fedpolicy.policy.reach import family_masks, held_anywhere
from fedpolicy.spec.load import Document
from fedpolicy.spec.models import Agreement, ApiCall, Deployment, Task

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["Index", "family_of", "ordered"]

T = TypeVar("T")
_FEW = 64


class Index:
    """The facts of one deployment; indexes are made when they are first needed."""

    def __init__(
        self, facts: Facts, document: Document, catalog: Catalog, settings: AnalysisSettings | None = None
    ) -> None:
        self.facts = facts
        self.document = document
        self.catalog = catalog
        self.settings = settings or AnalysisSettings()
        self._places: dict[Path, Span] = {}
        self._families: dict[Mask, tuple[str, ...]] = {}
        self._families_of: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._owners_of: dict[tuple[str, ...], list[str]] = {}
        self._operators: dict[str, frozenset[str]] = {}
        self._use_data: dict[str, tuple[str, ...]] = {}
        self._uses_data: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._answers: dict[tuple[str, tuple[str, ...] | int], tuple[tuple[str, ...], Any]] = {}

    @property
    def deployment(self) -> Deployment:
        """What the file says."""
        return self.facts.deployment

    def place(self, path: Path) -> Span:
        """Where the key of a path stands in the file."""
        if path not in self._places:
            self._places[path] = self.document.spans.key(path)
        return self._places[path]

    @cached_property
    def models(self) -> Mapping[str, ModelFacts]:
        """What was computed about each model."""
        return {model.id: model for model in self.facts.models}

    @cached_property
    def parties(self) -> Mapping[str, Principal]:
        """Every party once, the implied ones included; the members of a cohort are their party."""
        found: dict[str, Principal] = {}
        for principal in self.facts.graph.principals.values():
            found.setdefault(principal.party, principal)
        return dict(sorted(found.items()))

    @cached_property
    def coordinators(self) -> Sequence[str]:
        """Who coordinates."""
        return [party for party in self.parties if "coordinator" in self.roles(party)]

    @cached_property
    def places(self) -> Mapping[str, Vertex]:
        """Where things run or rest."""
        return {name: vertex for name, vertex in self.facts.graph.vertices.items() if vertex.kind == "place"}

    @cached_property
    def ledger(self) -> Ledger:
        """What every recipient can learn about one unit, in epsilon; empty where there is no noise."""
        if not any(guard.mechanism is not None for guards in self.guards_at.values() for guard in guards):
            return Ledger(budgets=(), shares=())
        return ledger_of(self.facts.graph, self.catalog, self.facts.max_epsilon)

    @cached_property
    def flows_of(self) -> Mapping[str, Sequence[Flow]]:
        """The flows that each element declares or implies."""
        found: dict[str, list[Flow]] = {}
        for flow in self.facts.graph.flows:
            found.setdefault(flow.origin, []).append(flow)
        return found

    @cached_property
    def access_of(self) -> Mapping[str, Sequence[Access]]:
        """How each task or call reaches models."""
        found: dict[str, list[Access]] = {}
        for access in self.facts.graph.access:
            found.setdefault(access.use, []).append(access)
        return found

    @cached_property
    def sums_of(self) -> Mapping[str, Sequence[Aggregate]]:
        """The sums over contributions that each task or flow makes."""
        found: dict[str, list[Aggregate]] = {}
        for aggregate in self.facts.graph.aggregates:
            found.setdefault(aggregate.origin, []).append(aggregate)
        return found

    @cached_property
    def learned_from(self) -> Mapping[str, Sequence[Disclosure]]:
        """What anybody else learns of each dataset."""
        found: dict[str, list[Disclosure]] = {}
        for disclosure in self.facts.disclosures:
            for family in self.families_of(disclosure.datasets):
                found.setdefault(family, []).append(disclosure)
        return found

    @cached_property
    def guards_at(self) -> Mapping[Path, Sequence[Guard]]:
        """How each safeguard applies to single flows."""
        found: dict[Path, list[Guard]] = {}
        for flow in self.facts.graph.flows:
            for guard in flow.guards:
                found.setdefault(guard.path, []).append(guard)
        return found

    @cached_property
    def operated(self) -> Mapping[str, Sequence[str]]:
        """The nodes that each party operates."""
        pairs = ((self.party(who), place.family) for place in self.places.values() for who in place.operators)
        return _grouped(pairs)

    @cached_property
    def hosted(self) -> Mapping[str, Sequence[str]]:
        """The nodes of others that stand on each party's machines."""
        places = (place for place in self.places.values() if place.host not in place.operators)
        return _grouped((self.party(place.host), place.family) for place in places)

    @cached_property
    def stored(self) -> Mapping[str, Sequence[str]]:
        """The datasets that are stored at each place."""
        return _grouped((item.place, item.family) for item in self.facts.graph.data)

    @cached_property
    def placed(self) -> Mapping[str, Sequence[str]]:
        """The models whose weights are placed at each place."""
        graph = self.facts.graph
        declared = (
            (place, name)
            for name, model in self.deployment.models.items()
            for reference in model.weights_at or ()
            for place in graph.members.get(reference, ())
        )
        moved = ((f.target, graph.vertices[f.source].family) for f in graph.flows if f.role == "placement")
        return _grouped([*declared, *moved])

    @cached_property
    def owned(self) -> Mapping[str, Sequence[str]]:
        """The datasets of which each party owns an instance."""
        return _grouped((self.party(item.owner), item.family) for item in self.facts.graph.data)

    @cached_property
    def users_of(self) -> Mapping[str, Sequence[str]]:
        """The tasks and calls that use each dataset."""
        uses = [f"tasks.{name}" for name in self.deployment.tasks]
        uses += [f"api_calls.{name}" for name in self.deployment.api_calls]
        return _grouped((family, use) for use in uses for family in self.use_data(use))

    @cached_property
    def agreements_of(self) -> Mapping[str, Sequence[Agreement]]:
        """The agreements that each party has."""
        found: dict[str, list[Agreement]] = {}
        for agreement in self.deployment.agreements.values():
            for party in dict.fromkeys(agreement.between):
                found.setdefault(party, []).append(agreement)
        return found

    @cached_property
    def held(self) -> Mapping[str, Mask]:
        """Which instances can be at each place or model at all, at whatever level."""
        return held_anywhere(self.facts.graph)

    def families_in(self, mask: Mask) -> tuple[str, ...]:
        """The datasets of some instances; thousands of flows carry the same ones."""
        if mask not in self._families:
            data = self.facts.graph.data
            few = mask.bit_count() <= _FEW
            found = {data[index].family for index in bits(mask)} if few else self._touched(mask)
            self._families[mask] = tuple(sorted(found))
        return self._families[mask]

    def _touched(self, mask: Mask) -> set[str]:
        return {name for name, members in self._masks.items() if members & mask}

    def families_of(self, instances: tuple[str, ...]) -> tuple[str, ...]:
        """The datasets of some instances, by their names."""
        if instances not in self._families_of:
            self._families_of[instances] = tuple(ordered(map(family_of, instances)))
        return self._families_of[instances]

    def instances_of(self, families: Iterable[str]) -> Mask:
        """All instances of some datasets."""
        found = 0
        for name in families:
            found |= self._masks.get(name, 0)
        return found

    @cached_property
    def _masks(self) -> Mapping[str, Mask]:
        return family_masks(self.facts.graph)

    @cached_property
    def _owner_of(self) -> Mapping[str, str]:
        return {item.id: self.party(item.owner) for item in self.facts.graph.data}

    @cached_property
    def _owners(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for item in self.facts.graph.data:
            found.setdefault(item.family, set()).add(self.party(item.owner))
        return {family: tuple(sorted(owners)) for family, owners in found.items()}

    def operators(self, vertex: str) -> frozenset[str]:
        """Who operates a place, and may be a party without places."""
        if vertex not in self._operators:
            known = self.facts.graph.vertices.get(vertex)
            self._operators[vertex] = frozenset(map(self.party, known.operators) if known else ())
        return self._operators[vertex]

    def party(self, principal: str) -> str:
        """The party that a principal belongs to: `phones` for `phones.self`."""
        known = self.facts.graph.principals.get(principal)
        return known.party if known else principal

    def roles(self, party: str) -> tuple[str, ...]:
        """The roles of a party; a party that nobody declared and the catalogue does not know has none."""
        known = self.parties.get(party)
        return known.roles if known else ()

    def once(self, question: str, families: tuple[str, ...], answer: Callable[[tuple[str, ...]], T]) -> T:
        """What is asked of the same datasets for thousands of elements is worked out once."""
        # To compare thousands of names would take longer than most answers; those are kept, and known by themselves.
        key = (question, families if len(families) <= _FEW else id(families))
        if key not in self._answers:
            self._answers[key] = (families, answer(families))
        found: T = self._answers[key][1]
        return found

    def use_data(self, use: str) -> tuple[str, ...]:
        """The datasets that a task works on or a call sends."""
        if use not in self._use_data:
            self._use_data[use] = self._data_of(use)
        return self._use_data[use]

    def uses_data(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """The same for several tasks and calls together."""
        if uses not in self._uses_data:
            self._uses_data[uses] = tuple(ordered(family for use in uses for family in self.use_data(use)))
        return self._uses_data[uses]

    def _data_of(self, use: str) -> tuple[str, ...]:
        section, _, name = use.partition(".")
        element: Task | ApiCall | None = None
        if section == "tasks":
            element = self.deployment.tasks.get(name)
        elif section == "api_calls":
            element = self.deployment.api_calls.get(name)
        if element is None:
            return ()
        references = element.data if isinstance(element, Task) else element.sends
        return tuple(ordered(family_of(reference) for reference in references))


def family_of(instance: str) -> str:
    """`letters` for `letters@charite`."""
    return instance.partition("@")[0]


def ordered(words: Iterable[str]) -> list[str]:
    """Each word once, sorted, as a plain list."""
    return sorted({str(word) for word in words})


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key, set()).add(name)
    return {key: sorted(names) for key, names in found.items()}
