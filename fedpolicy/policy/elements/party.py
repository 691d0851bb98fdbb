"""Parties: those that are declared, and those that flows imply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.language.model.party import Party
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.agreement import firm_answer
from fedpolicy.policy.elements.shared import boolean, in_eea, open_field, texts, words
from fedpolicy.policy.fields import Kind, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import BUILT_IN, World, ordered
from fedpolicy.records import dataclass

ROLES = words_of(Party, "role")


@dataclass(frozen=True, slots=True)
class PartyView:
    """One party."""

    world: World
    id: str


def _entry(party: PartyView) -> Party | None:
    return party.world.deployment.parties.get(party.id)


def _agreements(party: PartyView) -> Presence:
    return firm_answer(party.world, lambda world: ordered(one.kind for one in world.agreements_of.get(party.id, ())))


def _on_file(party: PartyView) -> Presence:
    return firm_answer(party.world, lambda world: any(one.reference for one in world.agreements_of.get(party.id, ())))


def _runs(party: PartyView) -> Iterable[str]:
    return (name for name, model in party.world.models.items() if party.id in model.runners)


_FIELDS = (
    words("id", "its id", lambda party: party.id),
    texts("roles", "its roles", lambda party: party.world.lookup.roles(party.id), choices=ROLES),
    boolean("implied", "it is not declared; a flow implies it", lambda p: p.id not in p.world.deployment.parties),
    open_field("jurisdictions", Type.LIST, "where it is", lambda party: party.world.jurisdictions([party.id])),
    open_field("eea", Type.BOOL, "it is in the European Economic Area", lambda party: in_eea(party.world, [party.id])),
    *fields_of(Party, _entry),
    texts("operates", "nodes that it operates", lambda party: party.world.lookup.operated.get(party.id, ())),
    texts("hosts", "nodes of others on its machines", lambda party: party.world.lookup.hosted.get(party.id, ())),
    texts("owns", "datasets of which it owns an instance", lambda party: party.world.lookup.owned.get(party.id, ())),
    texts("runs_models", "models that it runs for anybody", _runs),
    open_field("agreements", Type.LIST, "kinds of the agreements that it has", _agreements),
    open_field("contract_on_file", Type.BOOL, "it has an agreement with a reference", _on_file),
)


def _subjects(world: World) -> Sequence[Subject]:
    return [
        Subject(id=f"parties.{name}", path=("parties", name), data=PartyView(world, name))
        for name in world.lookup.parties
        if name not in BUILT_IN
    ]


KIND = Kind(name="party", about="a party, declared or implied", fields=_FIELDS, subjects=_subjects)
