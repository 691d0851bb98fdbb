"""Kinds whose analyses are not there yet: rules can be written, and there is nothing to judge."""

from __future__ import annotations

from fedpolicy.policy.elements.shared import open_field, words
from fedpolicy.policy.fields import Field, Kind, Type

__all__ = ["BUDGET"]

_UNITS = ("record", "person", "client")


def _word(name: str, about: str, *, choices: tuple[str, ...] = ()) -> Field:
    return words(name, about, lambda found: getattr(found, name), choices=choices)


def _open(name: str, kind: Type, about: str) -> Field:
    return open_field(name, kind, about, lambda found: getattr(found, name))


BUDGET = Kind(
    name="budget",
    about="privacy loss of one dataset towards one recipient, composed over tasks (budget analysis)",
    fields=(
        _word("dataset", "whose loss"),
        _word("recipient", "towards whom"),
        _word("unit", "the protected unit", choices=_UNITS),
        _word("theorem", "how it is composed"),
        _open("epsilon", Type.NUMBER, "epsilon, computed"),
        _open("delta", Type.NUMBER, "delta"),
        _open("claimed_epsilon", Type.NUMBER, "epsilon, as claimed"),
    ),
    subjects=lambda _world: (),
)
