"""Agreements: contracts as declared, and which parties they connect about some data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.party import Agreement
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.shared import boolean, open_field, texts, words
from fedpolicy.policy.elements.subject_matter import is_private
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass, replace

T = TypeVar("T")

KINDS = words_of(Agreement, "kind")


def _shown(agreement: Agreement) -> tuple[str, ...]:
    return ("reference", "mechanism") if agreement.kind == "transfer" else ("reference",)


def _ended(view: AgreementView) -> Presence:
    return None if view.agreement.says_unknown("expires") else view.agreement.ended(view.world.today)


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    *fields_of(Agreement, lambda view: view.agreement, read={"between": lambda view: sorted(view.agreement.between)}),
    boolean(
        "ends",
        "the file names its last day, or says that nobody knows it",
        lambda view: view.agreement.expires is not None or view.agreement.says_unknown("expires"),
    ),
    open_field(
        "ended", Type.BOOL, "its last day has passed; it has none where the file names none", _ended, key="expires"
    ),
    words(
        "unsaid",
        "which of `reference` and, for a transfer, `mechanism` is not stated, in words",
        lambda view: " and no ".join(key for key in _shown(view.agreement) if getattr(view.agreement, key) is None),
    ),
    texts(
        "covers", "datasets or categories that it covers (none: everything)", lambda v: sorted(v.agreement.covers or ())
    ),
)
# What has to be there for each basis on which health information leaves its owner for research (45 CFR 164).
_RESEARCH = {"limited_data_set": "data_use", "waiver": "research_waiver", "authorization": "authorization"}
# Who may have records of treatment for substance use: whom patients agreed to, researchers whom a board lets have them
# without, and who works for the program under a contract (42 CFR 2.11, 2.31, 2.52). A data use agreement is no such.
_CONSENT = {"authorization", "research_waiver", "business_associate"}


@dataclass(frozen=True, slots=True)
class AgreementView:
    """One contract."""

    world: World
    id: str
    agreement: Agreement


def _subjects(world: World) -> Sequence[Subject]:
    return [
        Subject(id=f"agreements.{name}", path=("agreements", name), data=AgreementView(world, name, agreement))
        for name, agreement in sorted(world.deployment.agreements.items())
    ]


def _within(world: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
    """The contracts of those whom a law protects, or may protect."""
    found = world.protected(subject.data.agreement.between, territories)
    if found.all:
        yield subject if found.sure else replace(subject, doubt=world.whereabouts(found.unsure))


KIND = Kind(name="agreement", about="a contract", fields=_FIELDS, subjects=_subjects, within=_within)


def firm_answer(world: World, answer: Callable[[World], T]) -> T | Missing:
    """What rests on agreements; missing where it hangs on one of which the file says that something is not known."""
    found = answer(world)
    return Missing(world.doubts) if world.doubts and answer(world.firm) != found else found


def firm_lack(world: World, answer: Callable[[World], list[str] | Missing]) -> list[str] | Missing:
    """The same of those who have no agreement: who surely has none, decides."""
    return answer(world) or firm_answer(world, answer)


def agreement_kinds(world: World, party: str, others: Iterable[str], families: Iterable[str]) -> list[str]:
    """The kinds of agreement that a party has with any of the others and that cover any of these datasets."""
    known = world.agreements_of.get(party, ())
    if not known:
        return []
    wanted, about = set(others) - {party}, _about(world, families)
    return ordered(one.kind for one in known if not wanted.isdisjoint(one.between) and _covers(one, about))


def shared_kinds(world: World, parties: Collection[str], families: Iterable[str]) -> list[str]:
    """The kinds of agreement about some datasets to which all of these parties belong."""
    about = _about(world, families)
    wanted = set(parties)
    found = world.agreements
    return ordered(one.kind for one in found if wanted <= set(one.between) and _covers(one, about))


def unconnected(
    world: World, owners: Collection[str], kinds: Collection[str], families: Iterable[str]
) -> Iterable[str]:
    """Those of some owners that an agreement of these kinds does not connect with all others."""
    return dict.fromkeys(o for some in _unlike(world, kinds, families) for o in _apart(world, owners, kinds, some))


def _unlike(world: World, kinds: Collection[str], families: Iterable[str]) -> Iterable[tuple[str, ...]]:
    each = any(one.kind in kinds and one.covers is not None for one in world.agreements)
    return [(family,) for family in families] if each else [tuple(families)]


def _apart(world: World, owners: Collection[str], kinds: Collection[str], about: tuple[str, ...]) -> Iterable[str]:
    wanted = set(owners)
    if not set(kinds).isdisjoint(shared_kinds(world, owners, about)):
        return
    near = {party: _partners(world, party, kinds, about) for party in {*owners, *world.coordinators}}
    for party in owners:
        reached = near[party].union(*(near[hub] for hub in world.coordinators if hub in near[party]))
        if not wanted <= reached | {party}:
            yield party


def kept_from(
    world: World, use: str, runners: Sequence[str], callers: Sequence[str], account: str | None, family: str
) -> list[str]:
    """
    The owners of what a use sends of a dataset with whom those who run a service have not agreed to keep nothing of it.

    They have with whoever sends it, or with the party whose account it is; what one caller has signed covers no other.
    """
    owners = world.owners_used(use, (family,)) or list(callers)
    running = set(runners)
    if not runners or all(one.kind != "zero_retention" for one in world.agreements):
        return [one for one in owners if {one} != running] if len(running) == 1 else owners
    theirs = set(owners)
    senders = [who for who in callers if who in theirs] or list(callers)
    holder = [account] if account and account != "participants" else []

    def lacking(who: list[str]) -> set[str]:
        return set(who) if running.issuperset(who) else set(unsigned(world, runners, who, {"zero_retention"}, [family]))

    left = lacking(senders)
    if not left or (holder and not lacking(holder)):
        return []
    sending = set(senders)
    return [one for one in owners if {one} != running and (one in left or one not in sending)]


def nothing_kept(
    world: World, use: str, runners: Sequence[str], callers: Sequence[str], account: str | None, families: Iterable[str]
) -> bool | Missing:
    """Whether those who run a service have agreed to keep nothing of the private data among these that a use sends."""
    about = list(families)
    private = [name for name in about if is_private(world, (name,))] or about

    def agreed(world: World) -> bool:
        return bool(private) and not any(kept_from(world, use, runners, callers, account, name) for name in private)

    return firm_answer(world, agreed)


def unsigned(
    world: World,
    parties: Iterable[str],
    owners: Sequence[str],
    kinds: Collection[str],
    families: Sequence[str],
    *,
    but: str = "",
) -> list[str]:
    """
    The owners with whom some of these parties has no agreement of these kinds about the data.

    An agreement may be direct, or both may have one with the same coordinator: a processor's processor. Those with the
    mechanism `but` do not count.
    """
    everybody = set(owners)
    left: set[str] = set()
    for party in parties:
        near = _partners(world, party, kinds, families, but)
        through = (_partners(world, c, kinds, families, but) for c in world.coordinators if c in near)
        left |= everybody - {party} - near.union(*through)
        if len(left) == len(everybody):
            break
    return ordered(left)


def _without_hipaa_ground(
    world: World, parties: Sequence[str], owners: Sequence[str], families: Sequence[str]
) -> list[str] | Missing:
    """
    The owners whom neither a contract with a business associate nor a document of research connects with a party.

    Which document that is, says the basis; where nobody states it, and one of these documents is there, it is open.
    """
    left: set[str] = set()
    unsaid: set[str] = set()
    for family in families:
        declared = world.deployment.datasets.get(family)
        basis = declared.phi_basis if declared else None
        of_family = set(world.owners([family]))
        own = [owner for owner in owners if owner in of_family]
        known = {"business_associate", _RESEARCH.get(basis or "", "")}
        lacking = unsigned(world, parties, own, known, [family])
        if basis is None and lacking and not unsigned(world, parties, own, {*known, *_RESEARCH.values()}, [family]):
            unsaid.add(f"datasets.{family}.phi_basis")
        else:
            left |= set(lacking)
    return ordered(left) if left or not unsaid else Missing(tuple(sorted(unsaid)))


def _without_consent(
    world: World, parties: Sequence[str], owners: Sequence[str], families: Sequence[str]
) -> list[str] | Missing:
    """The owners of records on substance use whom no consent, waiver or contract of service connects with a party."""

    def of(category: str) -> tuple[list[str], list[str]]:
        about = [
            name
            for name, dataset in sorted(world.deployment.datasets.items())
            if name in families and category in dataset.categories and dataset.phi_basis != "deidentified"
        ]
        return unsigned(world, parties, [one for one in owners if one in world.owners(about)], _CONSENT, about), about

    left, _ = of("substance-use")
    perhaps, unsure = of("unknown")
    return left if left or not perhaps else Missing(tuple(f"datasets.{name}.categories" for name in unsure))


def _documented(world: World, parties: Sequence[str], owners: Sequence[str], families: Sequence[str]) -> bool:
    """Whether each of these datasets has a basis of research whose document connects its owners with the parties."""
    declared, about = world.deployment.datasets, set(owners)
    kinds = {name: _RESEARCH.get(declared[name].phi_basis or "", "") for name in families if name in declared}
    return all(
        kind and not unsigned(world, parties, [one for one in world.owners([name]) if one in about], {kind}, [name])
        for name, kind in kinds.items()
    )


def _partners(world: World, party: str, kinds: Collection[str], families: Iterable[str], but: str = "") -> set[str]:
    """Who has an agreement of these kinds with a party about any of these datasets, the party included."""
    known = world.agreements_of.get(party, ())
    if not known:
        return set()
    about = _about(world, families)
    found = (one for one in known if one.kind in kinds and _covers(one, about) and not (but and one.mechanism == but))
    return {other for one in found for other in one.between}


def _about(world: World, families: Iterable[str]) -> set[str]:
    names = set(families)
    return names | {category for dataset in world.datasets(sorted(names)) for category in dataset.categories}


def _covers(agreement: Agreement, about: set[str]) -> bool:
    return agreement.covers is None or not about.isdisjoint(agreement.covers)


_PROCESSING = {"data_processing", "joint_controllers"}
GROUNDS = (
    open_field(
        "without_processing",
        Type.LIST,
        "owners with whom one of these parties has no agreement on data processing or joint control, not even through "
        "the coordinator",
        lambda v: firm_lack(v.world, lambda world: unsigned(world, v.parties, v.owners, _PROCESSING, v.families)),
    ),
    open_field(
        "without_business_associate",
        Type.LIST,
        "the same for business associate agreements (HIPAA) and what `phi_basis` asks for research: a data use"
        " agreement for a limited data set, a waiver, the patients' authorization",
        lambda v: firm_lack(v.world, lambda w: _without_hipaa_ground(w, v.parties, v.owners, v.families)),
    ),
    open_field(
        "without_consent",
        Type.LIST,
        "the same for records on substance use (42 CFR Part 2): the patients' authorization, a waiver of it for"
        " research, a contract with a business associate",
        lambda v: firm_lack(v.world, lambda w: _without_consent(w, v.parties, v.owners, v.families)),
    ),
    open_field(
        "research_documented",
        Type.BOOL,
        "each of these datasets has a `phi_basis`, and the document of research for it connects all owners with all"
        " these parties",
        lambda v: firm_answer(v.world, lambda w: _documented(w, v.parties, v.owners, v.families)),
    ),
)
