"""The deployment as a whole: what every rule may read, whatever it applies to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.party import EuAiAct, Governance, Party
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.agreement import firm_answer
from fedpolicy.policy.elements.dataset import has_permit
from fedpolicy.policy.elements.shared import (
    any_in_eea,
    boolean,
    data_fields,
    integer,
    is_personal,
    number,
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
    # `no provider` and `non-deployer` are words for having no such role.
    return said and [role for role in said if not role.startswith(("no ", "not ", "non-"))]


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


def financial_entities(world: World) -> tuple[list[str], list[str]]:
    """The participants that are financial entities by their sector, and those that state none."""
    declared = world.deployment.parties
    sectors = {name: declared[name].sector for name in _organisations(Whole(world))}
    found = [name for name, sector in sectors.items() if sector is not None and sector.lower() in _FINANCE]
    return found, [name for name, sector in sectors.items() if sector is None]


def _financial(whole: Whole) -> Presence:
    found, silent = financial_entities(whole.world)
    if found:
        return True
    return Missing(tuple(f"parties.{name}.sector" for name in silent)) if silent else False


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


def _trains(whole: Whole) -> bool:
    return any(whole.world.catalog.methods[task.method].trains for task in whole.world.deployment.tasks.values())


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
    boolean("trains", "some task trains a model", _trains),
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
        "some participant's sector is finance, insurance or another word for a financial entity",
        _financial,
    ),
    boolean("under_permit", "some dataset has a permit that holds", lambda v: has_permit(v.world, v.families)),
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
    doubt = () if sure else world.whereabouts(party for name in unsure for party in found[name].unsure)
    return replace(subject, data=replace(whole, only=sure or unsure), doubt=doubt)


def _within(_: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
    left = within(subject, territories)
    return (left,) if left.data.only else ()


KIND = Kind(name="deployment", about="the deployment as a whole", fields=_FIELDS, subjects=_subjects, within=_within)
