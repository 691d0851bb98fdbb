"""Fields that rules read of the keys of an entry, as the language declares them: type, words, help, open or closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.policy.fields import Field, Known, Presence, Type

__all__ = ["fields_of"]

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
    return tuple(
        _field(key, own.get(key.name) or _reading(key, of), said.get(key.name, ""), under, at)
        for key in entry_shape(entry).values()
        if key.rule
    )


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
