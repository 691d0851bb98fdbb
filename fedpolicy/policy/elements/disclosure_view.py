"""One group of identical disclosures, and what rules ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import Disclosure, NotCounted, Step
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.does import Cap
from fedpolicy.policy.elements.agreement import agreement_kinds, firm_answer, firm_lack, unsigned
from fedpolicy.policy.elements.arrivals import whereabouts
from fedpolicy.policy.elements.models_view import class_variants
from fedpolicy.policy.elements.shared import all_in_eea, purposes_of
from fedpolicy.policy.fields import Missing, Presence, Type
from fedpolicy.policy.texts import value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import CountryRow

ADEQUACY = ("none", "partial", "full")


@dataclass(frozen=True, slots=True)
class DisclosureView:
    """One group of identical disclosures."""

    world: World
    found: Disclosure
    families: tuple[str, ...]
    parties: tuple[str, ...]
    whole: tuple[str, ...] = ()  # who it is, where only a part is looked at: role, parties, datasets

    @property
    def last(self) -> list[Step]:
        """The last hop of every way in."""
        return [path[-1] for path in self.found.paths if path]

    @property
    def origins(self) -> list[str]:
        """The elements behind the last hops."""
        return ordered(step.origin for step in self.last)

    @property
    def places(self) -> Presence:
        """Where these parties are, and where the machines stand on which it arrives."""
        return whereabouts(self.world, self.found, self.parties)

    @property
    def in_eea(self) -> Presence:
        """Whether all of that is in the European Economic Area; what is public is everywhere."""
        found = [] if "public" in self.parties else self.places
        return bool(found) and all_in_eea(self.world, found) if isinstance(found, list) else found

    @property
    def owners(self) -> list[str]:
        """Whose data it is about."""
        return self.world.owners_of(self.found.datasets)


def whose(view: DisclosureView) -> str:
    """Whose data it is about, in words; members of a cohort, and all who see each other's, learn of one another."""
    return "one another" if list(view.parties) == view.owners else value_words(Type.LIST, [view.owners])


def allowed(view: DisclosureView) -> Presence:
    """The most that the releases permit."""
    found = view.found.allowed
    return Missing(tuple(f"datasets.{name}.releases" for name in view.families)) if found is None else found


def roles(view: DisclosureView) -> Iterable[str]:
    """The roles of these parties."""
    return ordered(role for party in view.parties for role in view.world.lookup.roles(party))


def third(view: DisclosureView) -> bool:
    """Whether one of these parties is neither participant nor coordinator."""
    return any(not view.world.lookup.is_member(party) for party in view.parties)


def outside(view: DisclosureView) -> bool:
    """Whether one of these parties is neither participant, coordinator nor user, the public left out."""
    lookup = view.world.lookup
    others = (party for party in view.parties if party != "public" and not lookup.is_member(party))
    return any("user" not in lookup.roles(party) for party in others)


def otherwise(view: DisclosureView) -> bool:
    """Whether each of these hosts learns as much of the same in another capacity, such as provider."""
    found = view.found
    return found.role == "host" and all(
        any(
            party in other.parties
            and other.high >= found.high
            and (other.low >= found.high or set(found.missing) <= set(other.missing))
            and set(found.datasets) <= set(other.datasets)
            for other in view.world.learned_from.get(view.families[0], ())  # the others are learned with it, or apart
        )
        for party in found.parties
    )


def own_data(view: DisclosureView) -> bool:
    """Whether all owners are people who hand over what is theirs."""
    return bool(view.owners) and all(map(view.world.is_person, view.owners))


def tasks(view: DisclosureView) -> Iterable[str]:
    """The methods of the tasks on the way."""
    tasks = view.world.deployment.tasks
    steps = (step.origin.partition(".") for path in view.found.paths for step in path)
    return (tasks[name].method for section, _, name in steps if section == "tasks" and name in tasks)


def called(view: DisclosureView) -> list[str]:
    """The models that these parties run and that the last flows call."""
    access_of = view.world.lookup.access_of
    origins = {path[-1].origin for path in view.found.paths if path}
    remote = [access for origin in origins for access in access_of.get(origin, ()) if access.how != "weights"]
    if not remote:
        return []
    runs = {a.model for a in remote if view.world.lookup.party(a.runner or "unknown") in view.parties}
    return ordered(runs)


def as_fallback(view: DisclosureView) -> str:
    """That each of these models is asked where another cannot be reached."""
    return " as a fallback" if view.last and all(step.role == "fallback" for step in view.last) else ""


def closed_model(view: DisclosureView) -> Presence:
    """Whether one of these models is closed."""
    missing: set[str] = set()
    for name in called(view):
        facts = view.world.models[name]
        answers = {bool(variant["closed"]) for variant in class_variants(facts)}
        if answers == {True}:
            return True
        missing |= set(facts.missing) if len(answers) > 1 else set()
    return Missing(tuple(sorted(missing))) if missing else False


def certainly_closed(view: DisclosureView) -> bool:
    """The same, and no where it is not known."""
    return closed_model(view) is True


def way_roles(view: DisclosureView) -> Iterable[str]:
    """The roles of all flows on the way."""
    return ordered(step.role for path in view.found.paths for step in path)


def deidentified(view: DisclosureView) -> Iterable[str]:
    """The methods of de-identification that stand on every way."""
    flows = {flow.id: flow for origin in _origins(view) for flow in view.world.lookup.flows_of.get(origin, ())}
    found: list[set[str]] = [
        {
            guard.does.method_of(guard.spec)
            for step in path
            for guard in flows[step.flow].guards
            if isinstance(guard.does, Cap) and guard.does.method
        }
        for path in view.found.paths
    ]
    return ordered(set.intersection(*found)) if found else ()


def _origins(view: DisclosureView) -> set[str]:
    return {step.origin for path in view.found.paths for step in path}


def rests_on(view: DisclosureView) -> list[str]:
    """On whose word the declared level rests, though the owner does not trust them."""
    return ordered(view.world.lookup.party(who) for entry in _doubted(view) for who in entry.rests_on)


def on_recipient(view: DisclosureView) -> bool:
    """Whether that is the word of somebody whom it protects against."""
    return not set(rests_on(view)).isdisjoint(view.parties)


def kept_by(view: DisclosureView) -> str:
    """The same in words; an enclave keeps data on nobody's word, and on nobody's guarantee."""
    if named := rests_on(view):
        return f"the word of {value_words(Type.LIST, [named])}"
    kinds = {entry.kind for entry in _doubted(view)}
    what = "an enclave" if kinds == {"tee"} else "something"
    return f"{what} that nobody verifies for the owner" if kinds else ""


def _doubted(view: DisclosureView) -> list[NotCounted]:
    return [entry for entry in view.found.not_counted if entry.level == "guaranteed"]


def agreements(view: DisclosureView) -> list[str] | Missing:
    """The kinds of agreement that each of these parties has."""

    def shared(world: World) -> list[str]:
        if not all(world.agreements_of.get(party) for party in view.parties):
            return []
        others = [*view.owners, *world.coordinators]
        found = [set(agreement_kinds(world, party, others, view.families)) for party in view.parties]
        return ordered(set.intersection(*found)) if found else []

    return firm_answer(view.world, shared)


def adequacy(view: DisclosureView) -> Presence:
    """The weakest decision on these parties, by the laws that protect the owners."""
    found = view.places
    if "public" in view.parties:
        return "none"
    if not isinstance(found, list):
        return found
    decided = (_decision(view, law, found) for owner in view.owners for law in _laws(view.world, owner))
    return min(decided, key=ADEQUACY.index, default="none")


def without_tool(view: DisclosureView) -> list[str] | Missing:
    """The owners with whom some party has no transfer tool that counts, and whose law finds its place not adequate."""
    places = view.places

    def untold(world: World) -> list[str]:
        every, some = (
            unsigned(world, view.parties, view.owners, {"transfer"}, view.families, but=but) for but in ("adequacy", "")
        )
        if not isinstance(places, list) or "public" in view.parties:
            return some
        # A decision that somebody relies on has to be there.
        decided = {owner: {_decision(view, law, places) for law in _laws(world, owner)} for owner in every}
        return [one for one in every if "none" in decided[one] or (one in some and decided[one] != {"full"})]

    return firm_lack(view.world, untold)


def _laws(world: World, owner: str) -> set[str]:
    """By whose decisions an owner goes: those of the EEA, where nothing else is known."""
    found = world.jurisdictions([owner])
    codes = found if isinstance(found, list) else []
    laws = {code for code in codes if code in {"GB", "CH"}}
    return laws | ({"EEA"} if not laws or world.is_in(owner, ("EEA",)) else set())


def _decision(view: DisclosureView, law: str, places: Sequence[str]) -> str:
    rows = view.world.catalog.countries
    decided = (_decided(rows[code], law, view.world.today) if code in rows else "none" for code in places)
    return min(decided, key=ADEQUACY.index, default="none")


def _decided(row: CountryRow, law: str, today: str) -> str:
    """Whether a law finds a country adequate; a decision that has ended is none."""
    if row.eea or row.id == law:
        return "full"
    if law == "EEA":
        ended = row.adequacy_until is not None and row.adequacy_until < today
        return "none" if ended else row.adequacy or "none"
    return (row.adequacy_gb if law == "GB" else row.adequacy_ch) or "none"


def adequacy_scope(view: DisclosureView) -> str:
    """Whom the partial decisions by the owners' laws cover, in words to put after `partial`."""
    found, world = view.places, view.world
    if not isinstance(found, list) or adequacy(view) != "partial":
        return ""
    rows = [world.catalog.countries[code] for code in found if code in world.catalog.countries]
    pairs = [(row, law) for row in rows for owner in view.owners for law in _laws(world, owner)]
    covered = ordered(_covered(row, law) for row, law in pairs if _decided(row, law, world.today) == "partial")
    return f" ({'; '.join(covered)})"


def _covered(row: CountryRow, law: str) -> str:
    own = {"GB": row.adequacy_gb_scope, "CH": row.adequacy_ch_scope}.get(law)
    return f"{row.name}: {own or row.adequacy_scope or 'some recipients'}"


def purposes(view: DisclosureView) -> Presence:
    """The purposes of the datasets."""
    return purposes_of(view.world, view.families)
