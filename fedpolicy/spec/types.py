"""The value types of the language: ids, lists of ids, dates, open values."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

__all__ = [
    "ID_PATTERN",
    "Count",
    "Day",
    "Entry",
    "Family",
    "Id",
    "Ids",
    "Positive",
    "at_hop",
    "is_open",
    "one_reader",
    "open_field",
    "several",
]

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*(@[A-Za-z0-9][A-Za-z0-9_.-]*)?$"
_ID = re.compile(ID_PATTERN)
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class Entry(BaseModel):
    """One entry of the language: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True, populate_by_name=False)


def open_field(description: str = "") -> Any:  # noqa: ANN401  pydantic reads a field's default
    """Declare an open value: absent or `unknown` means that the fact is not known."""
    return Field(default=None, description=description or None, json_schema_extra={"x-open": True})


def is_open(model: type[BaseModel], name: str) -> bool:
    """Whether the field is open, so that `unknown` may be written for it."""
    extra = model.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("x-open"))


def _id(value: object) -> str:
    if not isinstance(value, str):
        message = f"{value!r} is not text; write an id in quotes if it looks like a number"
        raise ValueError(message)  # noqa: TRY004  pydantic turns ValueError into one error with its place
    if not _ID.match(value):
        message = f"{value!r} is not an id; use letters, digits, '_', '.' and '-'"
        raise ValueError(message)
    return value


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        found = tuple(_id(item) for item in value)
        if not found:
            message = "the list is empty; name at least one id or leave the key out"
            raise ValueError(message)
        return found
    return (_id(value),)


def _family(value: object) -> str | tuple[str, ...]:
    return _ids(value) if isinstance(value, (list, tuple)) else _id(value)


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.match(value):
        return date.fromisoformat(value)
    message = f"{value!r} is not a date; write it as YYYY-MM-DD"
    raise ValueError(message)


def several(value: object) -> object:
    """Read one value as a list of one."""
    return value if isinstance(value, (list, tuple)) else (value,)


def at_hop(value: object) -> object:
    """Read a bare id among the hops of a tree as a hop without safeguards of its own."""
    return {"at": value} if isinstance(value, str) else value


def one_reader(value: object) -> object:
    """Read ids of readers as a set of whom any one can open."""
    return value if isinstance(value, dict) else {"threshold": 1, "of": value}


_ONE = {"type": "string", "pattern": ID_PATTERN}
_SEVERAL = {"type": "array", "items": _ONE, "minItems": 1}

Id = Annotated[str, PlainValidator(_id), WithJsonSchema(_ONE)]
Ids = Annotated[tuple[str, ...], PlainValidator(_ids), WithJsonSchema({"anyOf": [_ONE, _SEVERAL]})]
# A list makes one node per entry, even a list of one; a bare id makes one plain node.
Family = Annotated[str | tuple[str, ...], PlainValidator(_family), WithJsonSchema({"anyOf": [_ONE, _SEVERAL]})]
Day = Annotated[
    date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY.pattern})
]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
