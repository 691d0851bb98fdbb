"""
The shape of a rule file, written once: files are checked against it and its JSON schema is made from it.

A small language of its own, because a rule file is small and reading it must cost little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fedpolicy.records import dataclass
from fedpolicy.spec.suggest import advise, shown

__all__ = ["Anything", "Flag", "ListOf", "MapOf", "Misfit", "Record", "Shape", "Text"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something wrong at a path; `key` puts it at the key instead of the value."""

    path: Path
    message: str
    help: str = ""
    key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What may stand in one place."""

    about: str = ""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong with a value."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {"description": self.about} if self.about else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(Shape):
    """Whatever somebody else checks."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Nothing."""
        del value, path
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Shape):
    """True or false."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Anything but true and false."""
        if not isinstance(value, bool):
            yield Misfit(path, f"{shown(value)} is not true or false", "write true or false, without quotes")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**Shape.schema(self), "type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Shape):
    """Text: one of `choices`, or of a `pattern` that `called` says in words."""

    choices: tuple[str, ...] = ()
    pattern: str = ""
    called: str = ""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no text, empty, or none of the words."""
        if not isinstance(value, str):
            advice = "use one word" if self.choices else "put it in quotes"
            yield Misfit(path, f"{shown(value)} is not text", advice)
        elif self.choices and value not in self.choices:
            yield Misfit(path, f"{shown(value)} is not possible here", advise(value, self.choices, called="use one of"))
        elif self.pattern and not re.fullmatch(self.pattern, value):
            yield Misfit(path, f"{shown(value)} is not {self.called}", "")
        elif not value.strip():
            yield Misfit(path, "the text is empty", "write it, or remove the key")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        found = {**Shape.schema(self), "type": "string"}
        if self.choices:
            return found | {"enum": list(self.choices)}
        return found | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {"pattern": "\\S"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Shape):
    """Several of one shape."""

    item: Shape

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no list, and what is wrong inside."""
        if not isinstance(value, tuple):
            yield Misfit(path, f"{shown(value)} is not a list", "write one `- item` a line")
            return
        for place, item in enumerate(value):
            yield from self.item.misfits(item, (*path, place))

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**Shape.schema(self), "type": "array", "items": self.item.schema()}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf(Shape):
    """Entries of one shape by name."""

    item: Shape
    name: str

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no map, bad names, and what is wrong inside."""
        if not isinstance(value, dict):
            yield Misfit(path, f"{shown(value)} is not a map", "write `name: ...` lines, indented")
            return
        for key, item in value.items():
            if not re.fullmatch(self.name, str(key)):
                advice = "use small letters, digits and _, and start with a letter"
                yield Misfit((*path, key), f"{shown(key)} is not a name", advice, key=True)
            yield from self.item.misfits(item, (*path, key))

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        names = {"pattern": f"^(?:{self.name})$"}
        return {
            **Shape.schema(self),
            "type": "object",
            "propertyNames": names,
            "additionalProperties": self.item.schema(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Shape):
    """A map of known keys."""

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    called: str = "this"

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no map, unknown and missing keys, and what is wrong inside."""
        if not isinstance(value, dict):
            yield Misfit(path, f"{shown(value)} is not a map", f"write its keys: {', '.join(self.keys)}")
            return
        for key, item in value.items():
            if key not in self.keys:
                yield Misfit((*path, key), f"{self.called} has no key `{key}`", advise(str(key), self.keys), key=True)
            elif item is None:
                yield Misfit((*path, key), f"`{key}` has no value", "write one, or remove the key", key=True)
            else:
                yield from self.keys[key].misfits(item, (*path, key))
        for key in self.required:
            if key not in value:
                yield Misfit(path, f"{self.called} has no `{key}`", f"add `{key}:`", key=True)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {
            **Shape.schema(self),
            "type": "object",
            "properties": {key: shape.schema() for key, shape in self.keys.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }
