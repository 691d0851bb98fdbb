"""Fields that rules read: what one row of the context table is, and those that the language declares for an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.openness import CLASSES
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.records import dataclass

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
    `elements` are the names that a finding gives where the id is not enough. `doubt` names the facts that would say
    whether the law applies that a rule is about.
    """

    id: str
    path: tuple[str | int, ...]
    data: Any
    variants: tuple[Mapping[str, Value] | None, ...] = ()
    missing: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()


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
    """
    One kind of element: its fields and how to list its elements (`subjects` gets the World of one deployment).

    `within` leaves of an element what is about owners in some territories, for rules of laws; several parts, where it
    is open of some owners whether they are there, and none where nobody is. `telling` names closed fields, no lists,
    that take little to read and mostly show that no rule is about an element: they are read first. `rising`: what holds
    of the most favourable variant holds of the others too, which are more of the same.
    """

    name: str
    about: str
    fields: tuple[Field, ...]
    subjects: Callable[[Any], Iterable[Subject]]
    within: Callable[[Any, Subject, tuple[str, ...]], Iterable[Subject]] | None = None
    telling: tuple[str, ...] = ()
    rising: bool = False


Read = Callable[[Any], Presence]
_TYPES: Mapping[type, Type] = {str: Type.TEXT, date: Type.TEXT, bool: Type.BOOL, int: Type.INT, float: Type.NUMBER}
_NONE: Mapping[Type, Presence] = {Type.TEXT: "", Type.BOOL: False, Type.INT: 0, Type.NUMBER: 0.0}


def fields_of(
    entry: type[Entry],
    of: Callable[[Any], object],
    *,
    read: Mapping[str, Read] | None = None,
    notes: Mapping[str, str] | None = None,
    under: str = "",
    at: str = "",
) -> tuple[Field, ...]:
    """
    A field for each key of an entry that rules may read.

    `of` finds the entry that a view is about, or what has none of these keys. `read` says of some keys how they are
    worked out where that takes more than what the entry says, `notes` says that in words. `under` starts the names of
    the fields, `at` the names of the keys in the file.
    """
    own, said = read or {}, notes or {}
    keys = [key for key in entry_shape(entry).values() if key.rule]
    fields = [_field(key, own.get(key.name) or _reading(key, of), said.get(key.name, ""), under, at) for key in keys]
    return (*fields, _said_unknown(keys, of, under))


def _field(key: Key, read: Read, note: str, under: str, at: str) -> Field:
    return Field(
        name=f"{under}{key.name}",
        type=_type(key.shape),
        about=f"{_phrase(key)} ({note})" if note else _phrase(key),
        read=read,
        known=Known.OPEN if key.unknown is not ... else Known.CLOSED,
        choices=(key.shape.items or key.shape).choices,
        key=f"{at}{key.name}" if at else "",
    )


def _said_unknown(keys: Sequence[Key], of: Callable[[Any], object], under: str) -> Field:
    """Where it matters that the file says so: for most rules, what is left out is not known either."""

    def read(view: Any) -> Presence:  # noqa: ANN401  each kind of element has its own view
        entry = of(view)
        return [
            one.name
            for one in keys
            if isinstance(entry, Entry) and one.attribute in entry.stated and getattr(entry, one.attribute) is None
        ]

    return Field(
        name=f"{under}said_unknown",
        type=Type.LIST,
        about=f"keys{f' of {under[:-1]}' if under else ''} of which the file says that they are not known",
        choices=tuple(one.name for one in keys),
        read=read,
    )


def _type(shape: Shape) -> Type:
    # A map by id is read as its ids.
    return _TYPES[shape.scalar] if shape.scalar else Type.LIST


def _reading(key: Key, of: Callable[[Any], object]) -> Read:
    kind, attribute = _type(key.shape), key.attribute
    absent = None if key.unknown is not ... else _NONE.get(kind, [])

    def read(view: Any) -> Presence:  # noqa: ANN401  each kind of element has its own view
        found = getattr(of(view), attribute, None)
        return absent if found is None else _plain(found, kind)

    return read


def _plain(found: Any, kind: Type) -> Presence:  # noqa: ANN401  whatever the language allows
    if kind is Type.LIST:
        return [str(item) for item in found]
    if isinstance(found, date):
        return found.isoformat()
    return float(found) if kind is Type.NUMBER else found


def _phrase(key: Key) -> str:
    # In a table the help is a phrase, unless it starts with an acronym.
    text = key.about.removesuffix(".")
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"
