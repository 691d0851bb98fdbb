"""One deployment with everything that was computed about it, indexed for the fields of rules."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import Disclosure, Facts, ModelFacts
from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.findings import Span
from fedpolicy.graph.model import Access, Flow, Guard, Mask, Path, Principal, Vertex
from fedpolicy.policy.fields import Missing
from fedpolicy.spec.load import Document
from fedpolicy.spec.models import Agreement, ApiCall, Dataset, Deployment, Task

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["BUILT_IN", "World", "family_of", "ordered"]

BUILT_IN = ("public", "unknown")


class World:
    """The facts of one deployment; indexes are made when they are first needed."""

    def __init__(
        self, facts: Facts, document: Document, catalog: Catalog, settings: AnalysisSettings | None = None
    ) -> None:
        self.facts = facts
        self.document = document
        self.catalog = catalog
        self.settings = settings or AnalysisSettings()
        self._places: dict[Path, Span] = {}

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
    def learned_from(self) -> Mapping[str, Sequence[Disclosure]]:
        """What anybody else learns of each dataset."""
        found: dict[str, list[Disclosure]] = {}
        for disclosure in self.facts.disclosures:
            for family in ordered(family_of(instance) for instance in disclosure.datasets):
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
        held: dict[str, Mask] = defaultdict(int)
        for item in self.facts.graph.data:
            held[item.place] |= 1 << item.index
        leaving: dict[str, list[Flow]] = defaultdict(list)
        for flow in self.facts.graph.flows:
            leaving[flow.source].append(flow)
        queue = deque(held)
        while queue:
            here = queue.popleft()
            for flow in leaving[here]:
                arriving = held[here] if flow.data is None else held[here] & flow.data
                if arriving & ~held[flow.target]:
                    held[flow.target] |= arriving
                    queue.append(flow.target)
        return held

    @cached_property
    def _owner_of(self) -> Mapping[str, str]:
        return {item.id: self.party(item.owner) for item in self.facts.graph.data}

    @cached_property
    def _owners(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for item in self.facts.graph.data:
            found.setdefault(item.family, set()).add(self.party(item.owner))
        return {family: tuple(sorted(owners)) for family, owners in found.items()}

    def party(self, principal: str) -> str:
        """The party that a principal belongs to: `phones` for `phones.self`."""
        known = self.facts.graph.principals.get(principal)
        return known.party if known else principal

    def roles(self, party: str) -> tuple[str, ...]:
        """The roles of a party; a party that nobody declared and the catalogue does not know has none."""
        known = self.parties.get(party)
        return known.roles if known else ()

    def is_member(self, party: str) -> bool:
        """Whether a party belongs to the federation: a participant or the coordinator."""
        return not {"participant", "coordinator"}.isdisjoint(self.roles(party))

    def parties_at(self, vertices: Iterable[str]) -> tuple[str, ...]:
        """Who operates these places."""
        found: set[str] = set()
        for name in vertices:
            vertex = self.facts.graph.vertices.get(name)
            found |= {self.party(who) for who in vertex.operators} if vertex else set()
        return tuple(sorted(found))

    def datasets(self, families: Iterable[str]) -> list[Dataset]:
        """The declared datasets of these names."""
        return [self.deployment.datasets[name] for name in families if name in self.deployment.datasets]

    def owners(self, families: Iterable[str]) -> list[str]:
        """Who owns any instance of these datasets."""
        return ordered(owner for family in families for owner in self._owners.get(family, ()))

    def owners_of(self, instances: Iterable[str]) -> list[str]:
        """Who owns these instances."""
        return ordered(self._owner_of[instance] for instance in instances)

    def jurisdictions(self, parties: Iterable[str]) -> list[str] | Missing:
        """Where all of these parties are; missing where it is not said of one of them."""
        found: set[str] = set()
        missing: set[str] = set()
        for party in parties:
            known = self.parties.get(party)
            declared = known.jurisdictions if known else None
            if declared is not None:
                found |= set(declared)
            elif party != "public":
                missing |= set(self._whereabouts(party))
        return Missing(tuple(sorted(missing))) if missing else sorted(found)

    def use_data(self, use: str) -> tuple[str, ...]:
        """The datasets that a task works on or a call sends."""
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

    def agreement_kinds(self, party: str, others: Iterable[str], families: Iterable[str]) -> list[str]:
        """The kinds of agreement that a party has with any of the others and that cover any of these datasets."""
        known = self.agreements_of.get(party)
        if not known:
            return []
        wanted, about = set(others) - {party}, set(families)
        for dataset in self.datasets(sorted(about)):
            about |= set(dataset.categories)
        return ordered(
            agreement.kind
            for agreement in known
            if not wanted.isdisjoint(agreement.between)
            and (agreement.covers is None or not about.isdisjoint(agreement.covers))
        )

    def _whereabouts(self, party: str) -> tuple[str, ...]:
        if party != "unknown":
            return (f"parties.{party}.jurisdiction",)
        # Nobody can say where `unknown` is; what can be said is who runs the model.
        nobody = [name for name, model in self.models.items() if "unknown" in model.runners]
        return tuple(f"models.{name}.via" for name in nobody) or ("parties.unknown.jurisdiction",)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key, set()).add(name)
    return {key: sorted(names) for key, names in found.items()}


def family_of(instance: str) -> str:
    """`letters` for `letters@charite`."""
    return instance.partition("@")[0]


def ordered(words: Iterable[str]) -> list[str]:
    """Each word once, sorted, as a plain list."""
    return sorted({str(word) for word in words})
