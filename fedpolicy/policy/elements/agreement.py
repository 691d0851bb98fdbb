"""Agreements: contracts, as declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.language.model.agreement import Agreement
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.shared import boolean, texts, words
from fedpolicy.policy.fields import Kind, Subject, fields_of
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass, replace

__all__ = ["KIND", "KINDS"]

KINDS = words_of(Agreement, "kind")


@dataclass(frozen=True, slots=True)
class AgreementView:
    """One contract."""

    world: World
    id: str
    agreement: Agreement


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    *fields_of(
        Agreement,
        lambda view: view.agreement,
        read={"between": lambda view: sorted(view.agreement.between)},
    ),
    boolean("ended", "its last day is over", lambda view: view.agreement.ended(view.world.today)),
    texts(
        "covers", "datasets or categories that it covers (none: everything)", lambda v: sorted(v.agreement.covers or ())
    ),
)


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
