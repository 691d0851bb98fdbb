"""Whom a law protects, what its data are, and what agreements join: as the texts of the packs on laws say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.reference.learned import BOUNDED, Learned, learned
from tests.reference.uses import Facts, Truth, both, either, no

CONTROLLERS = ("data_processing", "joint_controllers", "data_use")
Rows = dict[tuple[str, str], str]


class Law:
    """A law of some countries, asked about the owners of a deployment's data."""

    def __init__(self, facts: Facts, *countries: str) -> None:
        self.facts, self.countries = facts, countries

    # Where.

    def where(self, party: str) -> tuple[str, ...] | None:
        """The countries of a party, as it says itself, else as the catalogue has it; None where nobody says."""
        entry = self.facts.file.parties.get(party)
        if entry is not None and (entry.jurisdiction or entry.says_unknown("jurisdiction")):
            said = entry.jurisdiction
            return None if said is None else (said,) if isinstance(said, str) else tuple(said)
        row = self.facts.catalog.provider(self.facts.world.identity(party))
        return (row.jurisdiction,) if row is not None and row.jurisdiction else None

    def inside(self, country: str) -> bool:
        """Whether the law holds in a country."""
        return country in self.countries or ("EEA" in self.countries and self.facts.catalog.countries[country].eea)

    def protects(self, owner: str) -> Truth:
        """Whether an owner is there, or some of a population."""
        places = self.where(owner)
        return None if places is None else any(map(self.inside, places))

    def owners(self, dataset: str) -> list[str]:
        """Whose the instances of a dataset are."""
        items = self.facts.world.instances
        return sorted({self.facts.owner(item) for item in items if item.dataset == dataset})

    def of_some(self, dataset: str) -> Truth:
        """Whether it protects any owner of a dataset."""
        return either(*map(self.protects, self.owners(dataset)))

    # What.

    def category(self, dataset: str, flag: str) -> Truth:
        """Whether data are of a kind; None where nobody knows of what they are."""
        named = self.facts.file.datasets[dataset].categories
        rows = self.facts.catalog.categories
        return either(*(None if one == "unknown" else getattr(rows[one], flag) for one in named))

    def named(self, dataset: str, word: str) -> Truth:
        """Whether a category is named, or may be."""
        named = self.facts.file.datasets[dataset].categories
        return True if word in named else None if "unknown" in named else False

    def health(self, dataset: str) -> Truth:
        """Whether data are about somebody's health, and neither public nor made up."""
        found = self.category(dataset, "phi")
        return False if {"public", "synthetic"} & {*self.facts.file.datasets[dataset].categories} else found

    def phi(self, dataset: str) -> Truth:
        """The same, unless it was de-identified before."""
        entry = self.facts.file.datasets[dataset]
        if entry.phi_basis == "deidentified":
            return False
        return both(self.health(dataset), None if entry.says_unknown("phi_basis") else True)

    def people(self, item: Any) -> bool:
        """Whether data are of people themselves: users, and the members of a cohort of devices."""
        place, owner = self.facts.world.places[item.place], self.facts.owner(item)
        crowd = place.count > 1 and place.home == owner and self.facts.file.setting == "cross-device"
        return crowd or "user" in self.facts.roles(self.facts.owner(item))

    # What joins.

    def joined(self, kinds: Iterable[str], owner: str, party: str, dataset: str) -> Truth:
        """Whether agreements of some kinds connect two, or both of them with a coordinator."""
        facts = self.facts
        if owner == party:
            return True
        hubs = [name for name, one in facts.file.parties.items() if "coordinator" in one.role]
        direct = either(*(facts.agreed(kind, owner, {party}, dataset) for kind in kinds))
        return either(direct, *(self._by_way(kinds, owner, hub, party, dataset) for hub in hubs))

    def _by_way(self, kinds: Iterable[str], owner: str, hub: str, party: str, dataset: str) -> Truth:
        if hub in (owner, party):
            return False
        first = either(*(self.facts.agreed(kind, owner, {hub}, dataset) for kind in kinds))
        return both(first, either(*(self.facts.agreed(kind, hub, {party}, dataset) for kind in kinds)))

    def together(self, kinds: Iterable[str], owners: set[str], datasets: Iterable[str]) -> Truth:
        """Whether agreements, each of all of some owners, cover all of some data."""
        return both(*(self._whole(kinds, owners, dataset) for dataset in datasets))

    def _whole(self, kinds: Iterable[str], owners: set[str], dataset: str) -> Truth:
        found: list[Truth] = []
        for one in self.facts.file.agreements.values():
            if one.kind in kinds and owners <= {*one.between} and not one.ended(self.facts.study.settings.today):
                about = self.facts._covers(one, dataset)  # noqa: SLF001  an account of its own
                found.append(both(None if one.doubts else True, about))
        return either(*found)


def held_by(facts: Facts, name: str) -> set[str]:
    """Who has a model's weights; of personal ones, whoever has a copy of its own."""
    model = facts.file.models[name]
    if model.copies != "personal":
        return facts.holders(name)
    hops = [place for job in facts.makers(name) for hop in job.task.hops for place in hop.at]
    sums = {one for job in facts.makers(name) for one in facts.world.nodes((*(job.task.aggregator or ()), *hops))}
    places = [place for place in facts.models.holders(name) if place not in sums | {*facts.world.aggregators()}]
    places += facts.world.nodes((*(model.weights_at or ()), *(model.via or ())[-1:]))
    return {party for place in places for party in facts.operators(place)}


def above(one: Learned, least: int = BOUNDED) -> Truth:
    """Whether somebody learns more than a level."""
    return True if one.one.low > least else None if one.one.high > least else False


def beyond(one: Learned, least: int = BOUNDED) -> Truth:
    """The same, unless the owner allows it."""
    if one.unsaid:
        return both(None, above(one, least))
    allowed = -1 if one.allowed is None else one.allowed
    return above(one, max(least, allowed))


def dataset_of(one: Learned) -> str:
    """The dataset that somebody learns of."""
    return str(one.study.exposure.items[one.instance].family)


def item_of(facts: Facts, one: Learned) -> Any:
    """The instance that somebody learns of, as the reference has it."""
    known = {item.id: item for item in facts.world.instances}
    return known[one.instance]


def rows_of(tree: Any, study: Any) -> Iterator[Learned]:
    """Everything that anybody can learn of somebody else's data."""
    yield from learned(tree, study)


def said(found: Iterable[tuple[str, str, Truth]]) -> Rows:
    """What fails and what is asked; what fails for one of several fails."""
    rows = {False: "", None: "unknown", True: "fail"}
    order: Callable[[tuple[str, str, Truth]], int] = lambda row: (False, None, True).index(row[2])  # noqa: E731
    return {(rule, at): rows[truth] for rule, at, truth in sorted(found, key=order) if truth is not False}


def missing(entry: Any, key: str) -> bool:
    """Whether something that has to be stated is not."""
    return getattr(entry, key) is None


__all__ = ["CONTROLLERS", "Law", "above", "beyond", "both", "dataset_of", "either", "item_of", "missing", "no", "said"]
