"""One deployment and the questions that several kinds of element ask about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from fedpolicy.graph import Flow, Mask, Path
from fedpolicy.graph.lookup import family_of, listed_by, ordered
from fedpolicy.graph.masks import common, grouped
from fedpolicy.graph.places import NOBODY, is_unknown
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.party import Agreement
from fedpolicy.policy.fields import Missing
from fedpolicy.policy.releases import Releases
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.facts import Disclosure, ModelFacts
    from fedpolicy.catalog.rows import ProviderRow
    from fedpolicy.findings import Span
    from fedpolicy.language.reading import Document

T = TypeVar("T")
Territories = tuple[str, ...]  # of laws: codes of countries, or EEA
BUILT_IN = ("public", "unknown")
_FEW = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """Those whom a law protects, and those whom it may protect."""

    sure: tuple[str, ...]
    unsure: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Those whom it protects; where there is none, those whom it may protect."""
        return self.sure or self.unsure


class World:
    """What rules ask about: a study, and where everything stands in the file."""

    def __init__(self, study: Study, document: Document, *, firm: bool = False) -> None:
        self._firm = firm
        self.study = study
        self.document = document
        self.deployment = study.deployment
        self.catalog = study.catalog
        self.graph = study.graph
        self.lookup = study.lookup
        self.today = study.settings.today
        self._places: dict[Path, Span] = {}
        self._inside: dict[Territories, dict[str, bool | None]] = {}
        self._use_data: dict[str, tuple[str, ...]] = {}
        self.alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.first_about: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._carried: dict[int, Mask] = {}
        self._owned: dict[object, list[str]] = {}
        self._answers: dict[tuple[str, tuple[str, ...] | int], tuple[tuple[str, ...], Any]] = {}

    def forget(self) -> None:
        """Let go of answers, which know this world in turn: of thousands of files each then leaves nothing behind."""
        self._answers.clear()

    def place(self, path: Path) -> Span:
        """Where the key of a path stands in the file."""
        if path not in self._places:
            self._places[path] = self.document.spans.key(path)
        return self._places[path]

    @cached_property
    def models(self) -> Mapping[str, ModelFacts]:
        """What was computed about each model."""
        return {model.id: model for model in self.study.models}

    @cached_property
    def every_family(self) -> tuple[str, ...]:
        """All datasets."""
        return tuple(sorted(self.deployment.datasets))

    @cached_property
    def coordinators(self) -> Sequence[str]:
        """Who coordinates."""
        return [party for party in self.lookup.parties if "coordinator" in self.lookup.roles(party)]

    @cached_property
    def own(self) -> Mapping[str, Mask]:
        """The instances that each party owns, as a set."""
        return grouped((self.lookup.party(item.owner), item.bit) for item in self.graph.data)

    @cached_property
    def aggregators(self) -> Sequence[str]:
        """The nodes of kind aggregator."""
        return [name for name, node in sorted(self.deployment.nodes.items()) if node.kind == "aggregator"]

    @cached_property
    def learned(self) -> Mapping[str, Sequence[Disclosure]]:
        """What anybody else may learn of each dataset."""
        found = (one for one in self.study.disclosures if one.high > 0)
        return listed_by((family, one) for one in found for family in self.lookup.families_of(one.datasets))

    @cached_property
    def learned_from(self) -> Mapping[str, Sequence[Disclosure]]:
        """What anybody learns of each dataset who is more than a host."""
        others = (one for one in self.study.disclosures if one.role != "host")
        return listed_by((family, one) for one in others for family in self.lookup.families_of(one.datasets))

    def is_person(self, party: str) -> bool:
        """Whether a party stands for people with data of their own: users, or the cohort of a cross-device setting."""
        many = self.deployment.setting == "cross-device" and self.cohorts.get(party, 1) > 1
        return many or "user" in self.lookup.roles(party)

    def is_in(self, party: str, territories: Territories) -> bool | None:
        """Whether a party is in one of some countries, or in the EEA; None where nobody says where it is."""
        known = self._inside.setdefault(territories, {})
        if party not in known:
            found = self.jurisdictions([party])
            known[party] = None if isinstance(found, Missing) else self._any_in(found, territories)
        return known[party]

    def _any_in(self, codes: Iterable[str], territories: Territories) -> bool:
        rows = self.catalog.countries
        return any(code in territories or ("EEA" in territories and code in rows and rows[code].eea) for code in codes)

    def protected(self, parties: Iterable[str], territories: Territories) -> Protected:
        """Whom of some parties a law protects, and who may be there, as nobody says where they are."""
        known = {party: self.is_in(party, territories) for party in parties}
        sure = tuple(party for party, inside in known.items() if inside)
        return Protected(sure=sure, unsure=tuple(party for party, inside in known.items() if inside is None))

    def whereabouts(self, parties: Iterable[str]) -> tuple[str, ...]:
        """The facts that would say where some parties are, of which nobody says it."""
        found = self.jurisdictions(parties)
        return found.paths if isinstance(found, Missing) else ()

    @cached_property
    def cohorts(self) -> Mapping[str, int]:
        """How many owners stand behind each party."""
        found: dict[str, int] = {}
        for vertex in self.graph.vertices.values():
            if vertex.party:
                party = self.lookup.party(vertex.party)
                found[party] = max(found.get(party, 1), vertex.cohort)
        return found

    @property
    def releases(self) -> Releases:
        """What owners release, by the ways that reports show."""
        return self.once("releases", (), lambda _: Releases(self))

    def once(self, question: str, families: tuple[str, ...], answer: Callable[[tuple[str, ...]], T]) -> T:
        """What is asked of the same datasets for thousands of elements is worked out once."""
        # To compare thousands of names would take longer than most answers; those are kept, and known by themselves.
        key = (question, families if len(families) <= _FEW else id(families))
        known = self._answers.get(key)
        if known is None:
            self._answers[key] = known = (families, answer(families))
        found: T = known[1]
        return found

    def carried(self, flow: Flow) -> Mask:
        """The instances that a flow may carry: of those that its sender may hold, the ones that it is about."""
        found = self._carried.get(flow.index)
        if found is None:
            held = self.lookup.reach[flow.source]
            found = self._carried[flow.index] = held if flow.data is None else common(held, flow.data)
        return found

    def use_data(self, use: str) -> tuple[str, ...]:
        """The datasets that a task works on or a call sends."""
        if use not in self._use_data:
            self._use_data[use] = self._data_of(use)
        return self._use_data[use]

    def uses_data(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """The same for several tasks and calls together."""
        return self.once(
            "data of", uses, lambda some: tuple(ordered(family for use in some for family in self.use_data(use)))
        )

    def _data_of(self, use: str) -> tuple[str, ...]:
        section, _, name = use.partition(".")
        task = self.deployment.tasks.get(name) if section == "tasks" else None
        call = self.deployment.api_calls.get(name) if section == "api_calls" else None
        return tuple(ordered(map(family_of, task.data if task else call.sends if call else ())))

    def datasets(self, families: Iterable[str]) -> Iterator[Dataset]:
        """The declared datasets of these names."""
        return (self.deployment.datasets[name] for name in families if name in self.deployment.datasets)

    def owners(self, families: Iterable[str]) -> list[str]:
        """Who owns any instance of these datasets."""
        return ordered(owner for family in families for owner in self.lookup.owners.get(family, ()))

    def owners_used(self, use: str, families: tuple[str, ...]) -> list[str]:
        """Who owns what a task or call works on of these datasets: of each it may be a part."""
        every = self.lookup.instances_of(families)
        some = common(every, self.graph.worked.get(use, 0))
        if some is every:
            return self.once("owners", families, self.owners)
        return self.owners_in(some)

    def owners_in(self, some: Mask) -> list[str]:
        """Who owns these instances."""
        key = self.graph.key(some)
        if key not in self._owned:
            items = map(self.graph.data.__getitem__, self.graph.numbers(some))
            self._owned[key] = ordered(self.lookup.party(item.owner) for item in items)
        return self._owned[key]

    def owners_of(self, instances: tuple[str, ...]) -> list[str]:
        """Who owns these instances."""
        return self.once("owners of", instances, lambda some: ordered(map(self.lookup.owner_of.__getitem__, some)))

    def jurisdictions(self, parties: Iterable[str]) -> list[str] | Missing:
        """Where all of these parties are; missing where it is not said of one of them."""
        found: set[str] = set()
        missing: set[str] = set()
        for party in parties:
            known = self.lookup.parties.get(party)
            declared = known.jurisdictions if known else None
            if declared is not None:
                found |= set(declared)
            elif party != "public":
                missing |= set(self._whereabouts(party))
        return Missing(tuple(sorted(missing))) if missing else sorted(found)

    @cached_property
    def agreements(self) -> Sequence[Agreement]:
        """The agreements that hold; one that has ended permits nothing, as if it were not there."""
        found = [one for one in self.deployment.agreements.values() if not one.ended(self.today)]
        return [one for one in found if not one.doubts] if self._firm else found

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What nobody knows of agreements, and what they permit hangs on."""
        found = sorted(self.deployment.agreements.items())
        return tuple(f"agreements.{name}.{key}" for name, one in found for key in one.doubts)

    @cached_property
    def firm(self) -> World:
        """The same with those agreements alone of which everything is known that they hang on."""
        return World(self.study, self.document, firm=True)

    @cached_property
    def agreements_of(self) -> Mapping[str, Sequence[Agreement]]:
        """The agreements that each party has and that hold."""
        return listed_by((party, one) for one in self.agreements for party in dict.fromkeys(one.between))

    def known_as(self, name: str) -> str:
        """The party that a name means: its own, else the declared one that is this provider of the catalogue."""
        row = None if name in self.lookup.parties else self.catalog.provider(name)
        return next((who for who, one in self.lookup.parties.items() if row and one.provider == row.id), name)

    def provider(self, party: str) -> ProviderRow | None:
        """The provider of the catalogue that a party is; a name that no party has is the provider's."""
        known = self.lookup.parties.get(party)
        return self.catalog.provider(known.provider if known else party)

    def _whereabouts(self, party: str) -> tuple[str, ...]:
        if not is_unknown(party):
            return (f"parties.{party}.jurisdiction",)
        if party != NOBODY:
            return (f"nodes.{party.partition(':')[2].partition('@')[0]}.party",)
        # Nobody can say where `unknown` is; what can be said is who runs the model.
        nobody = [name for name, model in self.models.items() if NOBODY in model.runners]
        return tuple(f"models.{name}.via" for name in nobody) or ("parties.unknown.jurisdiction",)
