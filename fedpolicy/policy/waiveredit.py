"""Add an entry to the text of a file of waivers; every other character stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from fedpolicy.errors import PolicyError, Problems
from fedpolicy.findings import Span
from fedpolicy.policy.waiverfile import VERSION, WaiverFile, read_waivers
from fedpolicy.spec.source import read

__all__ = ["add_waiver"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/()+-]+)*|\d{4}-\d\d-\d\d")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}  # other readers of YAML take some of them for booleans
_START = f"# What fedpolicy finds and somebody has accepted for a time.\nfedpolicy_waivers: {VERSION}\nwaivers:\n"

Values = Mapping[str, str | tuple[str, ...]]


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
    same = [_said(entry) for entry in after.entries if entry.id != name] == [_said(entry) for entry in before.entries]
    if not same or len(after.entries) != len(before.entries) + 1:
        raise _by_hand(file, Span(file=file), "add the entry by hand; docs/waivers.md shows one")
    return text


def _said(entry: object) -> tuple[object, ...]:
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
