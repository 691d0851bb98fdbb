"""
Files that hold one map of a known shape, such as rules -> their tree with places, or everything that is wrong with it.

A shape is written once: files are checked against it and its JSON schema is made from it. It is a small language of its
own, because a rule file is small and reading it must cost little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fedpolicy.errors import FedPolicyError, PolicyError, Problems
from fedpolicy.findings import Span
from fedpolicy.language.reading.mistakes import dotted
from fedpolicy.language.reading.source import read
from fedpolicy.language.reading.spans import Spans
from fedpolicy.records import dataclass
from fedpolicy.startup import pattern
from fedpolicy.suggest import advise, shown_value

_EXAMPLES = pattern(r"^examples:", re.MULTILINE)
_KEY = pattern(r"^[^\s#]", re.MULTILINE)
_ADVICE = "see docs/writing-rules.md for an example"
_MARKS = {"fedpolicy": "a deployment", "fedpolicy_waivers": "a file of waivers", "fedpolicy_site": "a site's policy"}
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file that holds one map."""

    name: str
    tree: dict[str, object]
    spans: Spans
    lines: tuple[str, ...]

    def error(self, path: Path, message: str, advice: str = "", *, key: bool = False, offset: int = -1) -> PolicyError:
        """One mistake, at a value, at a key, or at a character of a text."""
        span = self.spans.key(path) if key else self.spans.at(path)
        if offset >= 0:
            span = self._inside(span, path, offset)
        return PolicyError(message, span=span, help=advice, path=dotted(path))

    def _inside(self, span: Span, path: Path, offset: int) -> Span:
        value: object = self.tree
        for step in path:
            value = value[step] if isinstance(value, (dict, tuple)) else ""  # type: ignore[index]
        line, column = _locate(self.lines, span, str(value), offset)
        return Span(file=span.file, line=line, column=column, end_line=line, end_column=column + 1)


def read_sheet(text: str | bytes, name: str, shape: RecordOf, *, advice: str = "", examples: bool = True) -> Sheet:
    """
    Read a file of a known shape; without its examples where nobody will look at them.

    `advice` goes with every mistake that has none of its own. Raises Problems with one PolicyError per mistake.
    """
    sheet = _of_one_map(text if examples else without_examples(text), name, shape.called, advice)
    others = [mark for mark in _MARKS if mark in sheet.tree and mark not in shape.keys]
    misfits = [Misfit((mark,), f"this is {_MARKS[mark]}, not {shape.called}", key=True) for mark in others[:1]]
    wrong = misfits or shape.misfits(sheet.tree, ())
    found = [sheet.error(one.path, one.message, one.help or advice, key=one.key) for one in wrong]
    if found:
        raise Problems(sorted(found, key=lambda error: (error.span or Span(file=name), error.message)))
    return sheet


def _of_one_map(text: str | bytes, name: str, called: str, advice: str) -> Sheet:
    source = read(text, name)
    if source.errors:
        raise Problems([_own(error, name, advice) for error in source.errors])
    tree = source.documents[0].tree
    if not isinstance(tree, dict) or len(source.documents) > 1:
        raise Problems([PolicyError(f"{called} is one map in a file of its own", span=Span(file=name), help=advice)])
    return Sheet(name=name, tree=tree, spans=source.documents[0].spans, lines=source.lines)


def without_examples(text: str | bytes) -> str | bytes:
    """The text without its examples, if they come last."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            return text  # reading says where
    found = _EXAMPLES.search(text)
    return text if found is None or _KEY.search(text, found.end()) else text[: found.start()]


def _own(error: FedPolicyError, name: str, advice: str) -> PolicyError:
    if "holds no deployment" in error.message:
        return PolicyError("the file is empty", span=Span(file=name), help=advice or _ADVICE)
    return PolicyError(error.message, span=error.span, help=error.help or advice, path=error.path)


def _locate(lines: tuple[str, ...], span: Span, value: str, offset: int) -> tuple[int, int]:
    """
    Where a character of a text stands in the file.

    YAML folds lines and strips indents, so the text is matched with the file letter by letter, spaces left out.
    """
    sought = len("".join(value[: offset + 1].split())) if not value[offset : offset + 1].isspace() else -1
    if sought < 0:
        sought = len("".join(value[:offset].split())) + 1
    line, column = span.line - 1, span.column - 1
    first = lines[line][column:]
    if first[:1] in {"|", ">"}:
        line, column = line + 1, 0
    elif first[:1] in {"'", '"'}:
        column += 1
    seen = 0
    for row in range(line, min(span.end_line, len(lines))):
        text = lines[row]
        for place in range(column if row == line else 0, len(text)):
            seen += not text[place].isspace()
            if seen >= sought and not text[place].isspace():
                return row + 1, place + 1
    return span.line, span.column


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something wrong at a path; `key` puts it at the key instead of the value."""

    path: Path
    message: str
    help: str = ""
    key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueShape:
    """What may stand in one place."""

    about: str = ""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong with a value."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {"description": self.about} if self.about else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(ValueShape):
    """Whatever somebody else checks."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Nothing."""
        del value, path
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(ValueShape):
    """The number of the language of a file, and what such files hold."""

    number: int
    of: str

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Anything but this number."""
        if value != self.number or isinstance(value, bool):
            yield Misfit(path, f"this fedpolicy reads {self.of} of version {self.number}, not {shown_value(value)}")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "const": self.number}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(ValueShape):
    """True or false."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Anything but true and false."""
        if not isinstance(value, bool):
            yield Misfit(path, f"{shown_value(value)} is not true or false", "write true or false, without quotes")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShape(ValueShape):
    """Text: one of `choices`, or of a `pattern` that `called` says in words; `advice` says how to write it."""

    choices: tuple[str, ...] = ()
    pattern: str = ""
    called: str = ""
    advice: str = ""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no text, empty, or none of the words."""
        if not isinstance(value, str):
            advice = "use one word" if self.choices else "put it in quotes"
            yield Misfit(path, f"{shown_value(value)} is not text", advice)
        elif self.choices and value not in self.choices:
            yield Misfit(
                path, f"{shown_value(value)} is not possible here", advise(value, self.choices, called="use one of")
            )
        elif self.pattern and not re.fullmatch(self.pattern, value):
            yield Misfit(path, f"{shown_value(value)} is not {self.called}", self.advice)
        elif not value.strip():
            yield Misfit(path, "the text is empty", "write it, or remove the key")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        found = {**ValueShape.schema(self), "type": "string"}
        if self.choices:
            return found | {"enum": list(self.choices)}
        return found | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {"pattern": "\\S"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(ValueShape):
    """Several of one shape."""

    item: ValueShape

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no list, and what is wrong inside."""
        if not isinstance(value, tuple):
            yield Misfit(path, f"{shown_value(value)} is not a list", "write one `- item` a line")
            return
        for place, item in enumerate(value):
            yield from self.item.misfits(item, (*path, place))

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "type": "array", "items": self.item.schema()}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf(ValueShape):
    """Entries of one shape by name."""

    item: ValueShape
    name: str

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no map, bad names, and what is wrong inside."""
        if not isinstance(value, dict):
            yield Misfit(path, f"{shown_value(value)} is not a map", "write `name: ...` lines, indented")
            return
        for key, item in value.items():
            if not re.fullmatch(self.name, str(key)):
                advice = "use small letters, digits and _, and start with a letter"
                yield Misfit((*path, key), f"{shown_value(key)} is not a name", advice, key=True)
            yield from self.item.misfits(item, (*path, key))

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        names = {"pattern": f"^(?:{self.name})$"}
        return {
            **ValueShape.schema(self),
            "type": "object",
            "propertyNames": names,
            "additionalProperties": self.item.schema(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOf(ValueShape):
    """A map of known keys."""

    keys: Mapping[str, ValueShape]
    required: tuple[str, ...] = ()
    called: str = "this"

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no map, unknown and missing keys, and what is wrong inside."""
        if not isinstance(value, dict):
            yield Misfit(path, f"{shown_value(value)} is not a map", f"write its keys: {', '.join(self.keys)}")
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
            **ValueShape.schema(self),
            "type": "object",
            "properties": {key: shape.schema() for key, shape in self.keys.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }
