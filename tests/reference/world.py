"""Who there is and where: nodes, one for each member of a family, instances of datasets, and what names mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fedpolicy.catalog import Catalog

COHORT = ("self", "peer")


@dataclass(frozen=True)
class Place:
    """A place where data can be: a node, a party that has none, the public, a model, a task's exchange."""

    id: str
    family: str = ""
    party: str = ""  # what stands behind the `@`
    home: str = ""  # the party that the file names
    operators: tuple[str, ...] = ()
    host: str = ""
    code: str = ""
    client: bool = False
    server: bool = False
    provides: bool = False
    tee: Any = None
    enclosed: bool = False  # perhaps, as nobody knows whether there is an enclave
    count: int = 1
    member: bool = False


@dataclass(frozen=True)
class Instance:
    """One dataset at one place."""

    id: str
    dataset: str
    place: str
    owner: str


class World:
    """Everything that the file names, spelt out."""

    def __init__(self, deployment: Any, catalog: Catalog) -> None:
        self.file, self.catalog = deployment, catalog
        self.places: dict[str, Place] = {}
        self.families: dict[str, list[str]] = {}
        self.hands: dict[str, list[str]] = {}  # by where data meet, who computes on them there
        for name, node in deployment.nodes.items():
            members = [*_members(name, node, deployment.parties)]
            self.families[name] = [self._add(place) for place in members]
            for place in members:  # each cohort of several is a family of its own, too
                base, _, symbol = place.id.rpartition(".")
                if place.member and node.count > 1 and symbol in COHORT:
                    self.families.setdefault(base, []).append(place.id)
        self.instances = [item for name in deployment.datasets for item in self._instances(name)]

    def _add(self, place: Place) -> str:
        self.places[place.id] = place
        return place.id

    def _instances(self, name: str) -> list[Instance]:
        dataset = self.file.datasets[name]
        at = [self.places[place] for place in self._all(dataset.at)]
        labels = _numbered([_unnumbered(place) for place in at])
        return [
            Instance(
                id=f"{name}@{label}", dataset=name, place=place.id, owner=dataset.owner or place.party.split("#")[0]
            )
            for label, place in zip(labels, at, strict=True)
        ]

    def _all(self, names: Iterable[str]) -> list[str]:
        """Every node that names mean, from outside of any family."""
        found = [place for name in names for place in self.families.get(name, [name])]
        return list(dict.fromkeys(found))

    def nodes(self, names: Iterable[str] | None, beside: str | None = None) -> list[str]:
        """The places that names mean, seen from one place: one's own family is oneself, then one's own party's."""
        return list(dict.fromkeys(place for name in names or () for place in self.meant(name, beside)))

    def meant(self, name: str, beside: str | None) -> list[str]:
        """Nodes, else a party, which is a place without a node."""
        if name in self.families:
            members = self.families[name]
            if beside in members:
                return [beside]
            party = self.places[beside].party if beside in self.places else None
            return [one for one in members if self.places[one].party == party] or members
        if name in self.places:
            return [name]
        return [self.outside(name)]

    def stations(self, via: Iterable[str], source: str) -> list[tuple[str, ...]]:
        """Every chain of relays that names mean: each as seen from the one before it."""
        found: list[tuple[str, ...]] = [()]
        for name in via:
            found = [(*way, place) for way in found for place in self.meant(name, way[-1] if way else source)]
        return found

    def ways(self, flow: Any, source: str) -> Iterator[tuple[str, ...]]:
        """The ways that a flow takes from one place; none to itself, unless by way of others."""
        for target in self.nodes(flow.to, source):
            for way in self.stations(flow.via, source):
                found = tuple(place for place, _ in groupby((source, *way, target)))
                if len(found) > 1:
                    yield found

    def paired(self, one: str, beside: str | None) -> bool:
        """Whether a member belongs to a member of another family; a node that is in none belongs to nobody."""
        here = self.places.get(beside or "")
        return here is not None and here.member and self.places[one].party == here.party

    def outside(self, party: str) -> str:
        """The place of a party that is named as an end; a provider is the party that says it is that."""
        if party not in self.file.parties and self.catalog.provider(party) is not None:
            same = [name for name in self.file.parties if self.identity(name) == party]
            party = same[0] if len(same) == 1 else party
        found = f"={party}"
        self.places.setdefault(
            found, Place(id=found, party=party, home=party, operators=(party,), provides=self.provides(party))
        )
        return found

    def provides(self, party: str) -> bool:
        """Whether a party runs models for others, as far as anybody knows."""
        return party not in self.file.parties or "provider" in self.file.parties[party].role

    def identity(self, party: str) -> str:
        """The provider of the catalogue that a party says it is, else its own name."""
        if party in self.file.parties and self.file.parties[party].says_unknown("is_"):
            return ""
        said = self.file.parties[party].is_ if party in self.file.parties else None
        return "" if said == "none" else said or party

    def copy(self, model: str, place: str) -> str:
        """A place's own copy of a personal model; the places of one party that pair share it."""
        return f"model:{model}/{place.partition('@')[2] or place}"

    def inner(self, name: str) -> str:
        """A place in nobody's view: a model, an exchange."""
        self.places.setdefault(name, Place(id=name))
        return name

    def named(self, names: Iterable[str], place: str) -> list[Instance]:
        """The instances that names mean at a place: those that rest there, else its party's, else all."""
        found: list[Instance] = []
        for name in names:
            items = [item for item in self.instances if name in (item.id, item.dataset)]
            here = [item for item in items if item.place == place]
            own = [item for item in items if self.paired(item.place, place)]
            found += here or own or items
        return list(dict.fromkeys(found))

    def sent(self, names: Iterable[str], place: str, senders: Iterable[str]) -> list[Instance]:
        """The same where several send: who has any of it leaves to the others what they have."""
        found = self.named(names, place)
        others = {*self.nodes([*senders])} - {place}
        has = any(item.place == place for item in found)
        return [item for item in found if not (has and item.place in others)]

    def every(self, names: Iterable[str]) -> list[Instance]:
        """All instances that names mean."""
        return [item for item in self.instances if any(name in (item.id, item.dataset) for name in names)]

    def trusted(self, owner: str) -> set[str]:
        """Whose word an owner takes: its own, and theirs whom it trusts."""
        home = owner.removesuffix(".self").removesuffix(".peer")
        found = {owner, home}
        for name in self.file.parties[home].trusts if home in self.file.parties else ():
            found |= self.participants() if name == "participants" else {name}
        # Whoever relies on a population relies on each of its members, but a member on no other, unless it says so.
        said = self.file.parties[home].trusts if home in self.file.parties else ()
        own = home in said or ("participants" in said and home in self.participants())
        others = {name for name in found if name != home or own}
        return found | {f"{name}.{symbol}" for name in others for symbol in COHORT}

    def participants(self) -> set[str]:
        """All parties with that role."""
        return {name for name, party in self.file.parties.items() if "participant" in party.role}

    def aggregators(self) -> list[str]:
        """The aggregator of a task that names none: the only node of that kind."""
        found = [name for name, node in self.file.nodes.items() if node.kind == "aggregator"]
        return found if len(found) == 1 else []

    def fellows(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """With whom each party runs a node; they pool what they know."""
        places = self.places.values()
        parties = sorted({one for place in places for one in place.operators})
        return tuple(
            (party, frozenset().union(*(place.operators for place in places if party in place.operators)))
            for party in parties
        )

    def supplier(self, code: str, here: Place) -> str:
        """Who supplies software, where that is said; what is public is everybody's."""
        return here.party if code == "own" else "" if code == "public" else code

    def words(self, place: str) -> set[str]:
        """Whose word it is when something is done at a place: its operators and the supplier of its software."""
        here = self.places[place]
        return {*here.operators, self.supplier(here.code, here) or here.party}


def _members(name: str, node: Any, parties: Any) -> Iterable[Place]:
    family = not isinstance(node.party, str)
    named = list(node.party) if family else [node.party]
    for party, label in zip(named, _numbered(named), strict=True):
        identity = f"{name}@{label}" if family else name
        for symbol in COHORT if node.count > 1 else ("",):
            here = f"{party}.{symbol}" if symbol else party
            if party == "unknown":  # whoever that is, it is not whoever runs another node
                here = f"unknown:{identity}"
            yield Place(
                id=f"{identity}.{symbol}" if symbol else identity,
                family=name,
                party=here,
                home=party,
                operators=tuple(dict.fromkeys((here, *node.operators))),
                host=node.host or here,
                code=node.code_from or "",
                client=node.kind == "client",
                server=node.kind != "client",
                tee=node.tee,
                enclosed=node.says_unknown("tee"),
                count=node.count,
                member=family,
                provides=party == "unknown" or "provider" in parties[party].role,
            )


def _unnumbered(place: Place) -> str:
    """What stands behind the `@` of an instance; two nodes of unknown parties are numbered."""
    return "unknown" if place.party.startswith("unknown:") else place.party


def _numbered(names: list[str]) -> list[str]:
    total, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}.{seen[name]}" if total[name] > 1 else name)
    return found
