"""What one row of the context table is: a field that rules may read, its type, and how it is read off an element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.openness import CLASSES
from fedpolicy.records import dataclass

__all__ = [
    "CLASSES",
    "CONSTANTS",
    "MISSING",
    "Field",
    "Kind",
    "Known",
    "Missing",
    "Presence",
    "Subject",
    "Type",
    "Value",
]

Value = str | bool | int | float | list[str]

# Levels and classes are numbers in expressions, so that `disclosure.level >= RECONSTRUCTABLE` reads as it is meant.
CONSTANTS: Mapping[str, int] = {
    **{level.upper(): rank for rank, level in enumerate(LEVELS)},
    **{name.upper(): rank for rank, name in enumerate(CLASSES)},
}


class Type(StrEnum):
    """What a field or a parameter holds, in the words of rule files."""

    TEXT = "text"
    BOOL = "bool"
    INT = "int"
    NUMBER = "number"
    LEVEL = "level"
    LIST = "list"


class Known(StrEnum):
    """What it means that a field has no value."""

    CLOSED = "closed"  # absent means empty, false or none
    OPEN = "open"  # absent means unknown: the field is left out, and what reads it is undecided
    RANGE = "range"  # a missing fact leaves several values; a rule must say the same of all of them


@dataclass(frozen=True, slots=True)
class Missing:
    """The value of an open field that nobody stated, and the dotted paths that would state it (none: the default)."""

    paths: tuple[str, ...] = ()


MISSING = Missing()
Presence = Value | Missing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    One element to be judged.

    `id` is what findings call it, `path` where it stands in the file. `data` is what its kind's fields read.
    `variants` are the values that the RANGE fields may take (names without the root), most favourable first;
    None stands for "there is no such element". `missing` names the facts that would decide between them.
    `elements` are the names that a finding gives where the id is not enough.
    """

    id: str
    path: tuple[str | int, ...]
    data: Any
    variants: tuple[Mapping[str, Value] | None, ...] = ()
    missing: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """
    One thing that a rule may read.

    `read` gets the element's data; None or a Missing means that nobody said. `choices` are all the words that
    the field can hold, where they are fixed. `key` is the element's key in the file, if it is not the name.
    """

    name: str
    type: Type
    about: str
    read: Callable[[Any], Presence]
    known: Known = Known.CLOSED
    choices: tuple[str, ...] = ()
    key: str = ""

    @property
    def open(self) -> bool:
        """Whether its absence makes a verdict unknown."""
        return self.known is Known.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of element: its fields and how to list its elements (`subjects` gets the World of one deployment)."""

    name: str
    about: str
    fields: tuple[Field, ...]
    subjects: Callable[[Any], Iterable[Subject]]
