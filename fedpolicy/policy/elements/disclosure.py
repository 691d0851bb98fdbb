"""Disclosures: who can learn what about whose data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fedpolicy.analysis.exposure import VERBATIM
from fedpolicy.analysis.exposure.disclosures import evidence_of
from fedpolicy.analysis.facts import Disclosure
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.policy.elements.arrivals import ADEQUACY, adequacy, adequacy_scope, also_public
from fedpolicy.policy.elements.disclosure_view import WAYS, DisclosureView
from fedpolicy.policy.elements.party import ROLES
from fedpolicy.policy.elements.shared import (
    any_in_eea,
    boolean,
    data_fields,
    in_eea,
    integer,
    open_field,
    ranging,
    texts,
    words,
)
from fedpolicy.policy.elements.subject_matter import purposes_of
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, Value
from fedpolicy.policy.texts import value_words
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import replace


def _at(view: DisclosureView, level: int, guaranteed: int, allowed: int | None) -> dict[str, Value]:
    return {
        "level": level,
        "exceeds_allowed": allowed is not None and level > allowed,
        "permitted": allowed is not None and level <= allowed,
        "guarantee_permitted": allowed is not None and guaranteed <= allowed,
        "guaranteed": guaranteed,
        "gap": guaranteed > view.found.high,
    }


OF_WAYS = {
    *("also_public", "otherwise", "forms", "flow_roles", "way_roles", "payloads", "origins", "origin_kinds", "methods"),
    *("models", "closed_model", "certainly_closed"),
}


def _range(name: str, kind: Type, about: str) -> Field:
    return ranging(name, kind, about, lambda v: _at(v, v.found.low, v.found.guaranteed, v.found.allowed)[name])


def _variants(view: DisclosureView) -> tuple[dict[str, Value], ...]:
    """Every level, and all that may be released, that the missing facts leave open, most favourable first."""
    found, unsaid = view.found, view.unknown_releases
    if found.low == found.high and found.vouched == found.guaranteed and not unsaid:
        return ()
    guarantees = dict.fromkeys((found.vouched, found.guaranteed))
    sure = _surely(view) if 0 < found.low < found.high else {}
    return tuple(
        {**_at(view, level, one, allowed), **said, **(sure if level == found.low else {})}
        for allowed, said in _released(view)
        for one in guarantees
        for level in range(found.low, found.high + 1)
    )


def _released(view: DisclosureView) -> Sequence[tuple[int | None, dict[str, Value]]]:
    """What the owners allow; where nobody knows it, all or nothing."""
    if not view.unknown_releases:
        return [(view.found.allowed, {})]
    return [(most, {"allowed": most}) for most in (VERBATIM, 0)]


def _surely(view: DisclosureView) -> dict[str, Value]:
    """What is said of the ways by which as much is learned as is sure: what may be learned besides comes on others."""
    sure = view.surely
    read = {one.name: one.read(sure) for one in _FIELDS if one.name in OF_WAYS}
    return {name: value for name, value in read.items() if value is not None and not isinstance(value, Missing)}


def _has_role(name: str, about: str) -> Field:
    return boolean(
        f"to_{name}", about, lambda view: any(name in view.world.lookup.roles(party) for party in view.parties)
    )


def _whose(view: DisclosureView) -> str:
    # Members of a cohort, and all who see each other's data, learn of one another.
    return "one another" if list(view.parties) == view.owners else value_words(Type.LIST, [view.owners])


def _roles(world: World, parties: Iterable[str]) -> list[str]:
    return ordered(role for party in parties for role in world.lookup.roles(party))


def _third(view: DisclosureView) -> bool:
    return any(not view.world.lookup.is_member(party) for party in view.parties)


def _outside(view: DisclosureView) -> bool:
    lookup = view.world.lookup
    others = (party for party in view.parties if party != "public" and not lookup.is_member(party))
    return any("user" not in lookup.roles(party) for party in others)


def _otherwise(view: DisclosureView) -> bool:
    """Whether each of these hosts learns as much of the same in another capacity, such as provider."""
    found = view.found
    if found.role != "host" or any(map(is_unknown, found.parties)):
        return False
    told: dict[str, set[str]] = {}
    for other in view.world.learned_from.get(view.families[0], ()):  # the others are learned with it, or apart
        sure = other.low >= found.high or set(found.missing) <= set(other.missing)
        as_much = other.low >= found.low and other.high >= found.high
        for party in set(found.parties).intersection(other.parties) if as_much and sure else ():
            told.setdefault(party, set()).update(other.datasets)
    return all(set(found.datasets) <= told.get(party, set()) for party in found.parties)


def _own_data(view: DisclosureView) -> bool:
    return bool(view.owners) and all(map(view.world.is_person, view.owners))


def _allowed(view: DisclosureView) -> Presence:
    found = view.found.allowed
    return Missing(tuple(f"datasets.{name}.releases" for name in view.families)) if found is None else found


_FIELDS = (
    _range(
        "level",
        Type.LEVEL,
        "what can be learned if everybody follows the file (declared), to compare with VERBATIM ...",
    ),
    _range(
        "guaranteed",
        Type.LEVEL,
        "what can be learned if only those parties are honest that the owner has reason to rely on",
    ),
    _range("gap", Type.BOOL, "the guaranteed level is worse than the declared one"),
    words(
        "as",
        "the capacity in which it is learned",
        lambda v: v.found.role,
        choices=("operator", "host", "provider", "public"),
    ),
    texts("parties", "who learns it", lambda view: view.parties),
    texts("roles", "roles of these parties", lambda v: _roles(v.world, v.parties), choices=ROLES),
    _has_role("participant", "a participant learns it"),
    _has_role("coordinator", "the coordinator learns it"),
    _has_role("provider", "a party with the role provider learns it"),
    _has_role("host", "a party with the role host learns it"),
    boolean("to_third_party", "a party learns it that is neither participant nor coordinator", _third),
    boolean(
        "to_outsider",
        "a party learns it that is neither participant, coordinator nor user, and not the public",
        _outside,
    ),
    boolean("to_public", "everybody learns it", lambda view: "public" in view.parties),
    boolean("also_public", "everybody learns as much, and these parties with them", also_public),
    boolean(
        "to_unknown",
        "the party that runs a model learns it, and the file does not say who that is",
        lambda v: any(map(is_unknown, v.parties)),
    ),
    boolean(
        "implied",
        "some of these parties are not declared",
        lambda v: any(p not in v.world.deployment.parties for p in v.parties),
    ),
    open_field(
        "jurisdictions",
        Type.LIST,
        "where these parties are, and the machines on which it arrives",
        lambda v: v.places,
    ),
    open_field(
        "in_eea",
        Type.BOOL,
        "all these parties and machines are in the EEA",
        lambda v: v.in_eea,
    ),
    open_field(
        "adequacy",
        Type.TEXT,
        "the weakest adequacy decision for these parties, by the laws of the EEA, GB or CH that protect the owners",
        adequacy,
        choices=ADEQUACY,
    ),
    words("adequacy_scope", "recipients that a partial decision covers, in words, or an empty text", adequacy_scope),
    texts("datasets", "datasets that it is about", lambda view: view.families),
    integer("instances", "how many instances of them", lambda view: len(view.found.datasets)),
    *data_fields(of="the data"),
    texts("owners", "whose data it is about", lambda view: view.owners),
    words("whose", "the owners in words, or `one another` where they are the parties too (for messages)", _whose),
    texts(
        "owner_roles",
        "roles of the owners",
        lambda view: _roles(view.world, view.owners),
        choices=ROLES,
    ),
    open_field(
        "owner_jurisdictions", Type.LIST, "where the owners are", lambda view: view.world.jurisdictions(view.owners)
    ),
    open_field("owners_in_eea", Type.BOOL, "all owners are in the EEA", lambda view: in_eea(view.world, view.owners)),
    open_field("eea_owner", Type.BOOL, "some owner is in the EEA", lambda view: any_in_eea(view.world, view.owners)),
    open_field("purposes", Type.LIST, "purposes of the datasets", lambda v: purposes_of(v.world, v.families)),
    open_field("allowed", Type.LEVEL, "the most that the owner's releases permit", _allowed),
    _range("exceeds_allowed", Type.BOOL, "the level is above what the releases permit (false without releases)"),
    _range("permitted", Type.BOOL, "the owner's releases permit the level (false without releases)"),
    _range("guarantee_permitted", Type.BOOL, "the releases permit the guaranteed level, too"),
    boolean("otherwise", "they are hosts, and learn as much of it in another capacity", _otherwise),
    boolean("own_data", "the owners are people who hand over what is theirs, not organisations", _own_data),
    *WAYS,
)


def _subject(world: World, found: Disclosure) -> Subject:
    families = world.lookup.families_of(found.datasets)
    parties = tuple(ordered(world.lookup.party(party) for party in found.parties))
    view = DisclosureView(world, found, families, parties)
    return Subject(
        id="disclosure",
        path=found.paths[0][-1].path if found.paths and found.paths[0] else ("datasets", *families[:1]),
        data=view,
        variants=_variants(view),
        missing=(*found.missing, *view.unknown_releases),
    )


def _within(world: World, subject: Subject, territories: Territories) -> Iterator[Subject]:
    """What is left of it for a law: data of owners whom it protects, and, apart, of those whom it may protect."""
    view: DisclosureView = subject.data
    owner_of = world.lookup.owner_of
    owners = {one: world.lookup.party(owner_of[one]) for one in view.found.datasets}
    found = world.protected(dict.fromkeys(owners.values()), territories)
    people = {party for party in found.all if world.is_person(party)}  # whom no organisation has to contract with
    parts = ((some, sure, who) for some, sure in ((found.sure, True), (found.unsure, False)) for who in (False, True))
    for some, sure, person in parts:
        chosen = {party for party in some if (party in people) is person}
        kept = tuple(one for one in owners if owners[one] in chosen)
        part = _part(subject, owners, kept) if kept else None
        if part is not None:
            yield part if sure else replace(part, doubt=world.whereabouts(some))


def _part(subject: Subject, owners: Mapping[str, str], kept: tuple[str, ...]) -> Subject | None:
    """A part of the data, and those who learn it of somebody else; its fingerprint is that of the whole."""
    view: DisclosureView = subject.data
    found, world = view.found, view.world
    if kept == found.datasets:
        return subject
    left = {owners[one] for one in kept}
    several = {party for party in left if world.cohorts.get(party, 1) > 1}
    parties = tuple(party for party in view.parties if left - {party} or party in several)
    if not parties:
        return None
    learning = [one for one in found.parties if world.lookup.party(one) in parties]
    part = replace(evidence_of(world.study.exposure, found, learning, kept), datasets=kept)
    whole = (found.role, *view.parties, *found.datasets)
    return replace(subject, data=DisclosureView(world, part, world.lookup.families_of(kept), parties, whole))


def _subjects(world: World) -> Iterator[Subject]:
    return (_subject(world, found) for found in world.study.disclosures)


KIND = Kind(
    name="disclosure",
    about="what parties can learn about data that are not their own; identical ones are one element",
    fields=_FIELDS,
    subjects=_subjects,
    within=_within,
    rising=True,
)
