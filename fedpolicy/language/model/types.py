"""The value types of the language: ids, lists of ids, dates, numbers."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticKnownError

from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.suggest import shown

__all__ = [
    "ID_PATTERN",
    "RESERVED",
    "Above",
    "AnyIds",
    "Count",
    "Day",
    "Family",
    "Id",
    "Ids",
    "Name",
    "NonNegative",
    "Positive",
    "at_hop",
    "filled",
    "id_problem",
    "one_reader",
    "several",
]

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*(@[A-Za-z0-9][A-Za-z0-9_.-]*)?$"
_ID = re.compile(ID_PATTERN)
RESERVED = ("public", "unknown", "participants")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def id_problem(value: object) -> str:
    """Why this cannot be an id, and, behind "; ", what to write; an empty text where it can."""
    if isinstance(value, str):
        return "" if _ID.fullmatch(value) else f"{shown(value)} is not an id; use letters, digits, `_`, `.` and `-`"
    if isinstance(value, (bool, int, float)):
        return f'{shown(value)} is not an id; write "{str(value).lower()}" in quotes if it is one'
    return f"{shown(value)} is not an id; write one word, such as `client`"


def _id(value: object) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    # pydantic turns a ValueError into one error with its place.
    raise ValueError(id_problem(value))


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        found = tuple(_id(item) for item in value)
        if not found:
            raise ValueError("the list is empty; name at least one")
        return found
    return (_id(value),)


def _any_ids(value: object) -> tuple[str, ...]:
    return () if isinstance(value, (list, tuple)) and not value else _ids(value)


def _family(value: object) -> str | tuple[str, ...]:
    return _ids(value) if isinstance(value, (list, tuple)) else _id(value)


def _name(value: object) -> str:
    found = _id(value)
    if found in RESERVED:
        raise ValueError(f"`{found}` is built in and cannot be declared; choose another id")
    if "@" in found:
        raise ValueError(f"`{found}` cannot be declared; `@` names one member: declare `{found.partition('@')[0]}`")
    return found


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{shown(value)} is not in the calendar; write a day that exists") from None
    raise ValueError(f"{shown(value)} is not a date; write it as YYYY-MM-DD")


def several(value: object) -> object:
    """Read one value as a list of one."""
    return value if isinstance(value, (list, tuple)) else (value,)


def filled(value: tuple[object, ...]) -> tuple[object, ...]:
    """Refuse an empty list. Some versions of pydantic count one whose items are all wrong as empty, too."""
    if not value:
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return value


def at_hop(value: object) -> object:
    """Read a bare id among the hops of a tree as a hop without safeguards of its own."""
    return {"at": value} if isinstance(value, str) else value


def one_reader(value: object) -> object:
    """Read ids of readers as a set of whom any one can open."""
    return value if isinstance(value, dict) else {"threshold": 1, "of": value}


_ONE = {"type": "string", "pattern": ID_PATTERN}
_SEVERAL = {"type": "array", "items": _ONE, "minItems": 1}

_KEY = {"pattern": ID_PATTERN.partition("(")[0] + "$", "not": {"enum": list(RESERVED)}}

Id = Annotated[str, PlainValidator(_id), WithJsonSchema(_ONE)]
Ids = Annotated[tuple[str, ...], PlainValidator(_ids), WithJsonSchema({"anyOf": [_ONE, _SEVERAL]})]
AnyIds = Annotated[
    tuple[str, ...], PlainValidator(_any_ids), WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE}]})
]
# A list makes one node per entry, even a list of one; a bare id makes one plain node.
Family = Annotated[str | tuple[str, ...], PlainValidator(_family), WithJsonSchema({"anyOf": [_ONE, _SEVERAL]})]
Name = Annotated[str, PlainValidator(_name), WithJsonSchema(_KEY)]
Day = Annotated[
    date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY.pattern})
]
Count = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
Positive = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
NonNegative = Annotated[float, Field(ge=0, le=MAX_QUANTITY)]
Above = Annotated[float, Field(gt=0, le=MAX_QUANTITY)]
