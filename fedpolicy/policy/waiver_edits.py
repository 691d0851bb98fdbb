"""
Additions to a file of waivers, so that every other character stays as it is.

What is written is read back, and must say what it said before, and what was added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from fedpolicy.errors import PolicyError, Problems
from fedpolicy.findings import Span
from fedpolicy.language.reading.source import read
from fedpolicy.policy.waivers import VERSION, WaiverEntry, WaiverFile, read_waivers

__all__ = ["Values", "add_waiver", "with_files"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/()+-]+)*|\d{4}-\d\d-\d\d")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}  # other readers of YAML take some of them for booleans
_START = f"# What fedpolicy finds and somebody has accepted for a time.\nfedpolicy_waivers: {VERSION}\nwaivers:\n"
Values = Mapping[str, str | tuple[str, ...]]


def with_files(text: str, file: str, wanted: Mapping[str, tuple[str, ...]]) -> str:
    """
    The text with the files that entries are about, by the entry's name, instead of those that they named, if any.

    Raises Problems where the text has mistakes, or is written so that only a person can change it.
    """
    before = read_waivers(text, file)
    for entry in before.entries:
        if entry.id in wanted:
            text = _with_file(text, file, entry, wanted[entry.id])
    after = read_waivers(text, file)
    expected = [replace(entry, files=wanted.get(entry.id, entry.files)) for entry in before.entries]
    if list(map(_content, after.entries)) != list(map(_content, expected)):
        raise _by_hand(file, Span(file=file), "write `file:` into its entries by hand; docs/waivers.md shows one")
    return text


def _with_file(text: str, file: str, entry: WaiverEntry, files: tuple[str, ...]) -> str:
    raw = read(text, file).documents[0]
    path = ("waivers", entry.id, "file")
    after = path if entry.files else (*path[:2], "rule")
    key, value = raw.spans.key(after), raw.spans.at(after)
    lines = text.splitlines(keepends=True)
    if lines[key.line - 1][: key.column - 1].strip():
        raise _by_hand(file, key, f"write `file: {_value(_one(files))}` into this entry")
    line = " " * (key.column - 1) + f"file: {_value(_one(files))}" + ("\r\n" if "\r\n" in text else "\n")
    end = value.end_line - (value.end_column == 1)
    lines[key.line - 1 if entry.files else end : end] = [line]
    return "".join(lines)


def _one(files: tuple[str, ...]) -> str | tuple[str, ...]:
    return files[0] if len(files) == 1 else files


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
        "files",
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
