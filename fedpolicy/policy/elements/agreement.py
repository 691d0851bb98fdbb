"""Agreements: contracts, as declared."""

from __future__ import annotations

from collections.abc import Sequence

from fedpolicy.policy.elements.shared import open_field, texts, words
from fedpolicy.policy.fields import Kind, Presence, Subject, Type
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass
from fedpolicy.spec.models import Agreement

__all__ = ["KIND", "KINDS"]

KINDS = (
    "data_processing",
    "joint_controllers",
    "business_associate",
    "transfer",
    "consortium",
    "zero_retention",
    "licence",
)


@dataclass(frozen=True, slots=True)
class AgreementView:
    """One contract."""

    world: World
    id: str
    agreement: Agreement


def _expires(view: AgreementView) -> Presence:
    return None if view.agreement.expires is None else view.agreement.expires.isoformat()


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    words("kind", "its kind", lambda view: view.agreement.kind, choices=KINDS),
    texts("between", "its parties", lambda view: sorted(view.agreement.between)),
    open_field(
        "mechanism",
        Type.TEXT,
        "the transfer tool",
        lambda view: view.agreement.mechanism,
        choices=("scc", "adequacy", "bcr", "derogation"),
    ),
    texts(
        "covers", "datasets or categories that it covers (none: everything)", lambda v: sorted(v.agreement.covers or ())
    ),
    open_field("reference", Type.TEXT, "where it can be read", lambda view: view.agreement.reference),
    open_field("expires", Type.TEXT, "its last day, as YYYY-MM-DD", _expires),
)


def _subjects(world: World) -> Sequence[Subject]:
    return [
        Subject(id=f"agreements.{name}", path=("agreements", name), data=AgreementView(world, name, agreement))
        for name, agreement in sorted(world.deployment.agreements.items())
    ]


KIND = Kind(name="agreement", about="a contract", fields=_FIELDS, subjects=_subjects)
