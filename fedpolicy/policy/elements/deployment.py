"""The deployment as a whole: what every rule may read, whatever it applies to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.party import Governance, Party
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.act import ACT
from fedpolicy.policy.elements.agreement import firm_answer
from fedpolicy.policy.elements.dataset import has_permit
from fedpolicy.policy.elements.shared import any_in_eea, boolean, data_fields, integer, number, open_field, texts
from fedpolicy.policy.elements.subject_matter import is_personal
from fedpolicy.policy.elements.whole import WORK, Whole
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.published import any_published
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import replace

# What people call the financial entities of Regulation (EU) 2022/2554, Article 2(1).
_FINANCE = {
    *("finance", "financial", "financial services", "fintech", "bank", "banks", "banking", "credit", "payment"),
    *("payments", "e-money", "investment", "investments", "asset management", "funds", "securities", "stock exchange"),
    *("crypto", "crypto-assets", "insurance", "reinsurance", "pension", "pensions", "credit rating", "crowdfunding"),
}


def _jurisdictions(whole: Whole) -> Presence:
    world = whole.world
    return world.jurisdictions(party for party in world.lookup.parties if party != "public" and not is_unknown(party))


def _eea_data(whole: Whole) -> Presence:
    world = whole.world
    return any_in_eea(world, world.owners(name for name in whole.families if is_personal(world, [name])))


def _organisations(whole: Whole) -> list[str]:
    world, declared = whole.world, whole.world.deployment.parties
    return [name for name in sorted(declared) if "participant" in declared[name].role and not world.is_person(name)]


def financial_entities(world: World) -> tuple[list[str], Mapping[str, tuple[str, ...]]]:
    """The participants in the EEA that are financial entities by their sector, and what is missing of who may be."""
    return world.once("financial", (), lambda _: _financial_entities(world))


def _financial_entities(world: World) -> tuple[list[str], Mapping[str, tuple[str, ...]]]:
    found: list[str] = []
    perhaps: dict[str, tuple[str, ...]] = {}
    for name in _organisations(Whole(world)):
        sector, inside = world.deployment.parties[name].sector, world.is_in(name, ("EEA",))
        if inside is False or (sector is not None and sector.lower() not in _FINANCE):
            continue
        unsaid = (() if sector else (f"parties.{name}.sector",)) + (() if inside else world.whereabouts([name]))
        if unsaid:
            perhaps[name] = unsaid
        else:
            found.append(name)
    return found, perhaps


def _financial(whole: Whole) -> Presence:
    found, perhaps = financial_entities(whole.world)
    if found:
        return True
    return Missing(tuple(sorted({path for paths in perhaps.values() for path in paths}))) if perhaps else False


def _count(section: str, about: str) -> Field:
    return integer(f"{section}_count", about, lambda whole: len(getattr(whole.world.deployment, section)))


def _participants(whole: Whole) -> int:
    world = whole.world
    places = (place for place in world.lookup.places.values() if place.node_kind == "client")
    clients = sum(place.weight for place in places)
    return max(clients, sum("participant" in world.lookup.roles(party) for party in world.lookup.parties))


def _max_epsilon(whole: Whole) -> float:
    own = whole.world.study.settings.max_epsilon
    return float(whole.world.catalog.levels["bounded"].max_epsilon or 0.0 if own is None else own)


_FIELDS = (
    *fields_of(Deployment, lambda whole: whole.world.deployment),
    texts(
        "roles",
        "roles that any party has",
        lambda whole: ordered(role for party in whole.world.lookup.parties for role in whole.world.lookup.roles(party)),
        choices=words_of(Party, "role"),
    ),
    integer("clients", "how many clients there are, cohorts counted in full", _participants),
    integer("organisations", "how many participants are organisations, not people", lambda v: len(_organisations(v))),
    _count("parties", "how many parties are declared"),
    _count("nodes", "how many entries `nodes` has"),
    _count("datasets", "how many datasets are declared"),
    _count("models", "how many models are declared"),
    _count("tasks", "how many tasks are declared"),
    _count("api_calls", "how many API calls are declared"),
    _count("flows", "how many flows are declared"),
    texts(
        "methods",
        "methods of all tasks",
        lambda whole: ordered(task.method for task in whole.world.deployment.tasks.values()),
    ),
    number(
        "max_epsilon",
        "the largest epsilon that counts as a guarantee, from the settings or the catalogue",
        _max_epsilon,
    ),
    open_field(
        "agreements",
        Type.LIST,
        "kinds of all agreements that hold",
        lambda whole: firm_answer(whole.world, lambda world: ordered(agreement.kind for agreement in world.agreements)),
    ),
    open_field(
        "publishes",
        Type.BOOL,
        "some model is released to the public",
        lambda whole: any_published(whole.world, whole.world.lookup.released),
    ),
    open_field(
        "financial",
        Type.BOOL,
        "some participant in the EEA is of the sector finance, insurance or another word for a financial entity",
        _financial,
    ),
    boolean("under_permit", "some dataset has a permit that holds", lambda v: has_permit(v.world, v.families)),
    open_field("jurisdictions", Type.LIST, "where all parties are", _jurisdictions),
    *data_fields(of="all data"),
    open_field("eea_data", Type.BOOL, "some owner of personal data is in the EEA", _eea_data),
    *fields_of(Governance, lambda whole: whole.world.deployment.governance, under="governance."),
    *WORK,
    *ACT,
)


def _subjects(world: World) -> Sequence[Subject]:
    return (Subject(id="deployment", path=(), data=Whole(world)),)


def within(subject: Subject, territories: Territories) -> Subject:
    """The same with the personal data of those whom a law protects, or may protect, where it surely protects none."""
    if not territories:
        return subject
    whole: Whole = subject.data
    world = whole.world
    personal = [name for name in whole.families if is_personal(world, [name])] or whole.families
    found = {name: world.protected(world.owners([name]), territories) for name in personal}
    sure = tuple(name for name, one in found.items() if one.sure)
    unsure = tuple(name for name, one in found.items() if one.unsure)
    owners = frozenset(who for one in found.values() for who in one.sure)
    others = frozenset(who for one in found.values() for who in one.unsure)
    unsaid = world.whereabouts(sorted(others))
    if not sure:
        return replace(subject, data=replace(whole, only=unsure, owners=others), doubt=unsaid)
    data = replace(whole, only=sure, owners=owners, perhaps=unsure, others=others, unsaid=unsaid)
    return replace(subject, data=data, doubt=())


def _within(_: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
    left = within(subject, territories)
    return (left,) if left.data.only else ()


KIND = Kind(name="deployment", about="the deployment as a whole", fields=_FIELDS, subjects=_subjects, within=_within)
