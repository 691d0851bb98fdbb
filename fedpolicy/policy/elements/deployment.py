"""The deployment as a whole: what every rule may read, whatever it applies to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.party import EuAiAct, Governance, Party
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.agreement import firm_answer
from fedpolicy.policy.elements.dataset import has_permit
from fedpolicy.policy.elements.shared import (
    about_health,
    any_in_eea,
    boolean,
    data_fields,
    has_flag,
    integer,
    is_personal,
    is_private,
    number,
    paths_of,
    open_field,
    texts,
)
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass, replace

# What people call the financial entities of Regulation (EU) 2022/2554, Article 2(1).
_FINANCE = {
    *("finance", "financial", "financial services", "fintech", "bank", "banks", "banking", "credit", "payment"),
    *("payments", "e-money", "investment", "investments", "asset management", "funds", "securities", "stock exchange"),
    *("crypto", "crypto-assets", "insurance", "reinsurance", "pension", "pensions", "credit rating", "crowdfunding"),
}


@dataclass(frozen=True, slots=True)
class Whole:
    """The deployment itself."""

    world: World
    only: tuple[str, ...] | None = None  # the datasets of those whom a law protects, where a rule looks at them alone
    owners: frozenset[str] | None = None  # and who these are
    others: frozenset[str] = frozenset()  # and whom it may protect
    perhaps: tuple[str, ...] = ()  # beside these, the datasets of those whom it may protect
    unsaid: tuple[str, ...] = ()  # the facts on which that hangs

    @property
    def families(self) -> tuple[str, ...]:
        """All datasets."""
        return tuple(sorted(self.world.deployment.datasets)) if self.only is None else self.only


def _act(whole: Whole) -> EuAiAct | None:
    return whole.world.deployment.governance.eu_ai_act


def _roles_under_the_act(whole: Whole) -> Mapping[str, str] | None:
    act = _act(whole)
    return act.roles if act else None


def _act_roles(whole: Whole) -> Presence:
    roles = _roles_under_the_act(whole)
    return None if roles is None else sorted(roles)


def _risk(whole: Whole) -> Presence:
    act = _act(whole)
    return act.risk.lower() if act and act.risk is not None else None


def _act_duties(whole: Whole) -> Presence:
    roles = _roles_under_the_act(whole)
    said = None if roles is None else ordered(map(str.lower, roles.values()))
    return said and [role for role in said if not _denied(role)]


def _without_act_role(whole: Whole) -> Presence:
    roles = _roles_under_the_act(whole)
    world = whole.world
    members = (party for party in world.lookup.parties if world.lookup.is_member(party))
    return None if roles is None else ordered(party for party in members if party not in roles)


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


def _trains(whole: Whole, tasks: Iterable[str] | None = None) -> Presence:
    """Whether any task, or any of some, trains a model; not known where nobody says what one does."""
    world = whole.world
    methods = {name: world.deployment.tasks[name].method for name in (tasks or world.deployment.tasks)}
    if any(world.catalog.methods[method].trains for method in methods.values() if method != UNKNOWN):
        return True
    unsure = tuple(f"tasks.{name}.method" for name, method in sorted(methods.items()) if method == UNKNOWN)
    return Missing(unsure) if unsure else False


def _of_protected(whole: Whole, asked: Callable[[Whole], Presence]) -> Presence:
    """What is so of the data of those whom a law protects; where it is only so of others, whom it may, a question."""
    found = asked(whole)
    if found is True or not whole.perhaps:
        return found
    other = asked(replace(whole, only=whole.perhaps, owners=whole.others))
    return found if other is False else Missing(tuple(sorted({*paths_of(found), *paths_of(other), *whole.unsaid})))


def _trained_on_personal(whole: Whole) -> Presence:
    """Whether a task trains on personal data of those whom a law protects."""
    found = {name: _worked_on(whole, f"tasks.{name}", "personal") for name in whole.world.deployment.tasks}
    sure = [name for name, about in found.items() if about is True]
    known = _trains(whole, sure) if sure else False
    unsure = [name for name, about in found.items() if isinstance(about, Missing) and _trains(whole, [name]) is not False]
    paths = {path for one in (known, *(found[name] for name in unsure)) for path in paths_of(one)}
    return True if known is True else Missing(tuple(sorted(paths))) if paths else False


def _worked_on(whole: Whole, use: str, flag: str) -> Presence:
    world = whole.world
    mine = [
        family
        for family in world.use_data(use)
        if family in whole.families and _theirs(whole, world.owners_used(use, (family,)))
    ]
    return has_flag(world, mine, flag)


def _theirs(whole: Whole, owners: Iterable[str]) -> bool:
    return whole.owners is None or not whole.owners.isdisjoint(owners)


def _used_under_permit(whole: Whole) -> Presence:
    world = whole.world
    permitted = [name for name in whole.families if has_permit(world, [name])]
    theirs = {name: whole.owners if whole.owners is not None else world.owners([name]) for name in permitted}
    return about_health(world, [name for name in permitted if world.used_of(name, theirs[name])])


def _works_on_private(whole: Whole) -> Presence:
    world = whole.world
    worked = {family for name in world.deployment.tasks for family in world.use_data(f"tasks.{name}")}
    return is_private(world, sorted(worked))


def _public_deployers(whole: Whole) -> Presence:
    """The public bodies that are deployers under the act; a role that is denied is none."""
    roles, declared = _roles_under_the_act(whole), whole.world.deployment.parties
    if roles is None:
        return None
    found = {party for party, role in roles.items() if "deployer" in role.lower() and not _denied(role.lower())}
    return ordered(party for party in found if party in declared and "public-body" in declared[party].role)


def _denied(role: str) -> bool:
    # `no provider` and `non-deployer` are words for having no such role.
    return role.startswith(("no ", "not ", "non-"))


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
    open_field("trains", Type.BOOL, "some task trains a model", _trains),
    open_field(
        "trains_on_personal",
        Type.BOOL,
        "some task trains on personal data; for a law, of those whom it protects",
        lambda whole: _of_protected(whole, _trained_on_personal),
    ),
    open_field(
        "agreements",
        Type.LIST,
        "kinds of all agreements that hold",
        lambda whole: firm_answer(whole.world, lambda world: ordered(agreement.kind for agreement in world.agreements)),
    ),
    boolean(
        "publishes",
        "some model is released to the public",
        lambda whole: bool(whole.world.lookup.released),
    ),
    open_field(
        "financial",
        Type.BOOL,
        "some participant in the EEA is of the sector finance, insurance or another word for a financial entity",
        _financial,
    ),
    boolean("under_permit", "some dataset has a permit that holds", lambda v: has_permit(v.world, v.families)),
    open_field(
        "health_under_permit",
        Type.BOOL,
        "a task or call uses health data under a permit that holds",
        lambda whole: _of_protected(whole, _used_under_permit),
    ),
    open_field("works_on_private", Type.BOOL, "some task works on private data", _works_on_private),
    open_field("jurisdictions", Type.LIST, "where all parties are", _jurisdictions),
    *data_fields(of="all data"),
    open_field("eea_data", Type.BOOL, "some owner of personal data is in the EEA", _eea_data),
    *fields_of(Governance, lambda whole: whole.world.deployment.governance, under="governance."),
    *fields_of(
        EuAiAct,
        _act,
        read={"roles": _act_roles, "risk": _risk},
        notes={"roles": "rules read the parties"},
        under="governance.eu_ai_act.",
    ),
    open_field(
        "governance.eu_ai_act.duties",
        Type.LIST,
        "the roles that any party has under the EU AI Act, as declared",
        _act_duties,
        key="governance.eu_ai_act.roles",
    ),
    open_field(
        "governance.eu_ai_act.without_role",
        Type.LIST,
        "participants and coordinators without a role under the EU AI Act",
        _without_act_role,
        key="governance.eu_ai_act.roles",
    ),
    open_field(
        "governance.eu_ai_act.public_deployers",
        Type.LIST,
        "public bodies whose role under the EU AI Act is that of a deployer",
        _public_deployers,
        key="governance.eu_ai_act.roles",
    ),
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
