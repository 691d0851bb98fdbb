"""
Shipped rules as a wheel carries them: read, checked and compiled when the wheel was built (`hatch_build.py`).

A bundle only saves time. It counts as long as it says what the rule files beside it say and was made by this fedpolicy
with this CEL library; otherwise the files are read, as in a checkout, where there are no bundles.
"""

from __future__ import annotations

import os
from binascii import crc32
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from fedpolicy import __version__
from fedpolicy.files import bundles_dir, policies_dir
from fedpolicy.findings import Reference, Severity, Span
from fedpolicy.policy import Param, Rule
from fedpolicy.policy.expression import Expression, library_version, restored
from fedpolicy.policy.fields import Type

# The parts of a rule that are written down as they are.
PLAIN = (
    "id",
    "pack",
    "title",
    "holds",
    "principle",
    "applies_to",
    "message",
    "why",
    "help",
    "at",
    "absent",
    "absent_why",
    "scope",
    "applies_from",
)
_LISTS = ("false_positives", "behind", "owners_in", "tags")
_EXPRESSIONS = ("match", "require", "graver", "slight")
# google/api/expr/v1alpha1/checked.proto: maps, which are written in any order, and the places in the text.
_MAPS, _SOURCE = (2, 3), 5
_LENGTH = 2  # the wire type of what says its own length


def bundled_once(pack: str, folder: Path) -> tuple[Rule, ...] | None:
    """The same as `bundled`, read once: what is installed does not change while a process runs."""
    return _remembered(pack, folder, bundles_dir())


@lru_cache(maxsize=64)
def _remembered(pack: str, folder: Path, _kept: Path | None) -> tuple[Rule, ...] | None:
    return bundled(pack, folder)


def bundled(pack: str, folder: Path) -> tuple[Rule, ...] | None:
    """The rules of a shipped pack, whose files are in `folder`; None where they must be read from there."""
    kept = bundles_dir()
    try:
        tree = _tree(kept / f"{pack}.py") if kept else None
    except (OSError, SyntaxError, ValueError, NameError):
        return None  # none was built, or not the whole of it was copied
    if tree is None or tree["made"] != made_with(folder):
        return None
    return tuple(_rule(entry, str(folder)) for entry in tree["rules"])


def _tree(path: Path) -> dict[str, Any] | None:
    """What a bundle says. It is a module: Python keeps it in a form that takes a third of the time that JSON takes."""
    found: dict[str, Any] = {}
    code = SourceFileLoader(path.stem, str(path)).get_code(path.stem)
    exec(code or "", found)  # noqa: S102  as an import would, of what lies in the installation
    return found.get("TREE")


def made_with(folder: Path) -> dict[str, str]:
    """What a bundle depends on; its folder lies in the installation, so its files are what they are."""
    return {
        "fedpolicy": __version__,
        "cel-expr-python": library_version(),
        "files": _checksum(folder),
    }


def _checksum(folder: Path) -> str:
    """
    Of the names and contents of all rule files: it shows that one was edited, which is all that it has to show.

    Who may write there may write bundles as well, so a digest would protect from nobody, and take ten times as long.
    """
    found = 0
    for name in sorted(name for name in os.listdir(folder) if name.endswith(".yaml")):  # noqa: PTH208  no Path for each
        with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123  see above
            content = file.read()
        found = crc32(content, crc32(f"{name}\0{len(content)}\0".encode(), found))
    return f"{found:08x}"


class _Places(Mapping[str, Span]):
    """Where the parts of a rule stand in its file, put together when a part is wrong."""

    __slots__ = ("file", "places")

    def __init__(self, file: str, places: Mapping[str, tuple[int, int, int, int]]) -> None:
        self.file, self.places = file, places

    def __getitem__(self, key: str) -> Span:
        return _span(self.file, self.places[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def _rule(entry: Mapping[str, Any], folder: str) -> Rule:
    said: dict[str, Any] = {name: entry[name] for name in PLAIN} | {name: tuple(entry[name]) for name in _LISTS}
    said |= {name: _expression(entry[name]) if entry[name] else None for name in _EXPRESSIONS}
    return Rule(
        **said,
        severity=Severity(entry["severity"]),
        references=tuple(Reference(**reference) for reference in entry["references"]),
        params=tuple(Param(**{**param, "type": Type(param["type"])}) for param in entry["params"]),
        span=_span(entry["file"], entry["span"]),
        spans=_Places(entry["file"], entry["spans"]),
        path=os.path.join(folder, entry["file"].rpartition("/")[2]),  # noqa: PTH118  no Path for each
    )


def _expression(entry: Mapping[str, Any]) -> Expression:
    return Expression(
        text=entry["text"],
        program=restored(entry["program"]),
        reads=frozenset(entry["reads"]),
        asks=frozenset(entry["asks"]),
    )


def _span(file: str, place: tuple[int, int, int, int]) -> Span:
    line, column, end_line, end_column = place
    return Span(file=file, line=line, column=column, end_line=end_line, end_column=end_column)


def bundle_of(pack: str, rules: Iterable[Rule]) -> str:
    """A module with the rules of a shipped pack, the same bytes every time."""
    entries = [_rule_entry(rule) for rule in rules]
    tree = {"made": made_with(policies_dir() / pack), "rules": entries}
    return f'"""The rules of {pack}; made by hatch_build.py."""\n\nTREE = {tree!r}\n'


def _rule_entry(rule: Rule) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415  only a build asks

    return {
        **{name: getattr(rule, name) for name in (*PLAIN, *_LISTS)},
        **{name: _packed(part) if (part := getattr(rule, name)) else None for name in _EXPRESSIONS},
        "severity": int(rule.severity),
        "references": [asdict(reference) for reference in rule.references],
        "params": [{**asdict(param), "type": param.type.value} for param in rule.params],
        "file": rule.span.file,
        "span": _place(rule.span),
        "spans": {key: _place(span) for key, span in rule.spans.items()},
    }


def _packed(expression: Expression) -> dict[str, Any]:
    return {
        "text": expression.text,
        "program": _any_of(expression.program.serialize()),
        "reads": sorted(expression.reads),
        "asks": sorted(expression.asks),
    }


def _place(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _any_of(message: bytes) -> bytes:
    """The `Any` of the library, its expression in one order and without places in the text, which no run needs."""
    return b"".join(
        _field(number, _ordered(content)) if number == 2 else whole  # noqa: PLR2004  Any.value
        for number, whole, content in _fields(message)
    )


def _ordered(checked: bytes) -> bytes:
    kept = [(number, whole) for number, whole, _ in _fields(checked) if number != _SOURCE]
    return b"".join(whole for _, whole in sorted(kept, key=lambda one: (one[0], one[1] if one[0] in _MAPS else b"")))


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The fields of a protocol buffer: number, all bytes, content; at the levels read here all have a length."""
    at = 0
    while at < len(message):
        tag, after = _varint(message, at)
        if tag & 7 != _LENGTH:
            raise ValueError("the CEL library writes expressions in a form that is not known here")
        length, start = _varint(message, after)
        yield tag >> 3, message[at : start + length], message[start : start + length]
        at = start + length


def _field(number: int, content: bytes) -> bytes:
    return _bytes(number << 3 | _LENGTH) + _bytes(len(content)) + content


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while message[at] & 0x80:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1


def _bytes(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004  seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
