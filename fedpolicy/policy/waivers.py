"""
`fedpolicy.waivers.yaml` -> waivers with their places, or every mistake in it; and the schema of the file.

An entry is added to its text so that every other character stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fedpolicy.errors import FedPolicyError, PolicyError, Problems
from fedpolicy.findings import Span
from fedpolicy.language.reading.source import read
from fedpolicy.policy.rulefile import RULE_ID
from fedpolicy.policy.sheet import MapOf, Misfit, Path, Record, Shape, Sheet, Text, read_sheet
from fedpolicy.suggest import shown

__all__ = ["NAME", "VERSION", "WaiverEntry", "WaiverFile", "add_waiver", "read_waivers", "waivers_schema"]

NAME = "fedpolicy.waivers.yaml"
VERSION = 1
_ELEMENT = r"[a-z_]+(?:\.\S.*)?"
_PATTERN = Text(pattern=_ELEMENT, called="an element such as datasets.letters@aphp (`*` stands for any characters)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ADVICE = "docs/waivers.md shows an example"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/()+-]+)*|\d{4}-\d\d-\d\d")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}  # other readers of YAML take some of them for booleans
_START = f"# What fedpolicy finds and somebody has accepted for a time.\nfedpolicy_waivers: {VERSION}\nwaivers:\n"
Values = Mapping[str, str | tuple[str, ...]]


class _Version(Shape):
    """The version of the language of this file."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """Anything but the number of this version."""
        if value != VERSION or isinstance(value, bool):
            yield Misfit(path, f"this fedpolicy reads waivers of version {VERSION}, not {shown(value)}", "")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**Shape.schema(self), "const": VERSION}


class _Day(Shape):
    """A day of the calendar."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no date, such as the 31st of June."""
        if not (isinstance(value, str) and _DATE.fullmatch(value) and _is_day(value)):
            yield Misfit(path, f"{shown(value)} is no date", "write year, month and day, as 2027-01-31")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**Shape.schema(self), "type": "string", "format": "date", "pattern": f"^{_DATE.pattern}$"}


class _Patterns(Shape):
    """One pattern of elements, or a list of them."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is neither, and what is wrong inside."""
        if isinstance(value, tuple) and not value:
            yield Misfit(path, "the list is empty", "name an element, such as datasets.letters@aphp")
        for place, item in enumerate(value if isinstance(value, tuple) else ()):
            yield from _PATTERN.misfits(item, (*path, place))
        if not isinstance(value, tuple):
            yield from _PATTERN.misfits(value, path)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        one = _PATTERN.schema()
        return {**Shape.schema(self), "oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


class _Waiver(Record):
    """An entry, which must say what it is about."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong with its keys, and that it names nothing."""
        yield from Record.misfits(self, value, path)
        if isinstance(value, dict) and not {"element", "fingerprint"} & set(value):
            advice = "add `element:` with a pattern such as datasets.letters@*, or `fingerprint:`"
            yield Misfit(path, "a waiver says neither `element` nor `fingerprint`", advice, key=True)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**Record.schema(self), "anyOf": [{"required": ["element"]}, {"required": ["fingerprint"]}]}


_ENTRY = _Waiver(
    called="a waiver",
    keys={
        "rule": Text(about="The rule that it is about.", pattern=RULE_ID, called="the id of a rule"),
        "element": _Patterns(
            about="Elements of the finding, or patterns of them with `*`. All elements of the finding in a section"
            " that is named here must be meant.",
        ),
        "fingerprint": Text(
            about="The finding's fingerprint, from the JSON report.", pattern="[0-9a-f]{32}", called="a fingerprint"
        ),
        "deployment": Text(about="The deployment's name (left out: every deployment)."),
        "verdict": Text(about="Waive only this verdict (left out: both).", choices=("fail", "unknown")),
        "reason": Text(about="Why it is accepted."),
        "owner": Text(about="Who answers for it."),
        "approved_by": Text(about="Who has agreed; somebody other than the owner."),
        "expires": _Day(about="The last day on which it holds, as 2027-01-31."),
    },
    required=("rule", "reason", "owner", "approved_by", "expires"),
)


_FILE = Record(
    called="a file of waivers",
    about="Findings of fedpolicy that somebody has accepted for a time.",
    keys={
        "fedpolicy_waivers": _Version(about="The version of this file's language."),
        "waivers": MapOf(item=_ENTRY, name="[a-z][a-z0-9_-]*", about="One entry a decision, by a name of your own."),
    },
    required=("fedpolicy_waivers",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEntry:
    """One entry; empty texts say nothing, an empty tuple of patterns too. `spans` are the places of its values."""

    id: str
    rule: str
    elements: tuple[str, ...] = ()
    fingerprint: str = ""
    deployment: str = ""
    verdict: str = ""
    reason: str
    owner: str
    approved_by: str
    expires: str
    span: Span
    spans: Mapping[str, Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverFile:
    """The entries of one file in its order, and its lines for snippets."""

    name: str
    entries: tuple[WaiverEntry, ...] = ()
    lines: tuple[str, ...] = ()


def read_waivers(text: str | bytes, name: str) -> WaiverFile:
    """Read a file of waivers. Raises Problems with every mistake in it: nothing is waived by a file that has some."""
    try:
        sheet = read_sheet(text, name, _FILE)
    except Problems as problems:
        raise Problems([_own(error) for error in problems.errors]) from problems
    entries: Any = sheet.tree.get("waivers", {})
    return WaiverFile(
        name=name, entries=tuple(_entry_of(sheet, key, entry) for key, entry in entries.items()), lines=sheet.lines
    )


def waivers_schema() -> dict[str, Any]:
    """The JSON schema of a file of waivers."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fedpolicy waivers",
        **_FILE.schema(),
    }


def _entry_of(sheet: Sheet, name: str, tree: dict[str, Any]) -> WaiverEntry:
    element = tree.get("element", ())
    texts = {key: value for key, value in tree.items() if key != "element"}
    return WaiverEntry(
        id=name,
        elements=(element,) if isinstance(element, str) else tuple(element),
        span=sheet.spans.key(("waivers", name)),
        spans={key: sheet.spans.at(("waivers", name, key)) for key in tree},
        **texts,
    )


def _own(error: FedPolicyError) -> PolicyError:
    advice = _ADVICE if not error.help or "writing-rules" in error.help else error.help
    return PolicyError(error.message, span=error.span, help=advice, path=error.path)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def add_waiver(text: str, file: str, name: str, values: Values) -> str:
    """
    The text of a file with one more waiver (of an empty text: a new file), read back to be sure.

    Raises Problems where the text has mistakes, or is written so that only a person can add to it.
    """
    before = read_waivers(text, file) if text.strip() else WaiverFile(name=file)
    text = text if text.strip() else _START
    newline = "\r\n" if "\r\n" in text else "\n"
    place, indent = _place(text, file, before)
    lines = text.splitlines(keepends=True)
    if lines[place - 1 : place] and not lines[place - 1].endswith(("\n", "\r")):
        lines[place - 1] += newline
    step = indent * 2
    block = [f"{indent}{name}:", *(f"{step}{key}: {_value(value)}" for key, value in values.items())]
    lines.insert(place, "".join(f"{line}{newline}" for line in block))
    return _sure("".join(lines), file, name, before)


def _place(text: str, file: str, before: WaiverFile) -> tuple[int, str]:
    """Behind which line to insert, and how entries are indented."""
    raw = read(text, file).documents[0]
    tree = raw.tree
    if not before.entries:
        if isinstance(tree, dict) and tree.get("waivers") is not None:
            raise _by_hand(file, raw.spans.key(("waivers",)), "write `waivers:` without `{}`, and an entry below it")
        if isinstance(tree, dict) and "waivers" in tree:
            return raw.spans.key(("waivers",)).line, "  "
        raise _by_hand(file, Span(file=file), "add `waivers:` at its end, and an entry below it")
    last = before.entries[-1]
    value = raw.spans.at(("waivers", last.id))
    if raw.spans.at(("waivers",)).line == raw.spans.key(("waivers",)).line:
        raise _by_hand(file, last.span, "write one entry below the other, without `{}` around them")
    return value.end_line - (value.end_column == 1), " " * (last.span.column - 1)


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)


def _sure(text: str, file: str, name: str, before: WaiverFile) -> str:
    after = read_waivers(text, file)
    same = [_content(entry) for entry in after.entries if entry.id != name] == [
        _content(entry) for entry in before.entries
    ]
    if not same or len(after.entries) != len(before.entries) + 1:
        raise _by_hand(file, Span(file=file), "add the entry by hand; docs/waivers.md shows one")
    return text


def _content(entry: object) -> tuple[object, ...]:
    """What an entry says, wherever it stands."""
    keys = (
        "id",
        "rule",
        "elements",
        "fingerprint",
        "deployment",
        "verdict",
        "reason",
        "owner",
        "approved_by",
        "expires",
    )
    return tuple(getattr(entry, key) for key in keys)


def _by_hand(file: str, span: Span, advice: str) -> Problems:
    return Problems([PolicyError(f"`{file}` is written so that no entry can be added to it", span=span, help=advice)])
