"""What the parties say of the system under Regulation (EU) 2024/1689, and who has which role."""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.party import EuAiAct
from fedpolicy.policy.elements.shared import open_field
from fedpolicy.policy.elements.whole import Whole
from fedpolicy.policy.fields import Presence, Type, fields_of


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


ACT = (
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
