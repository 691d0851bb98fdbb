"""TOML with places: the standard library has the values, and a second pass finds the lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from fedpolicy.findings import Span
from fedpolicy.scan.evidence import ForeignNode, Path, Unread

__all__ = ["toml"]

_KEY = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_TABLE = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)[ \t]*\]\]?")
_ENTRY = re.compile(rf"[ \t]*({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)[ \t]*=")
_STEP = re.compile(_KEY)
_BROKEN = re.compile(r"at line (\d+), column (\d+)")
_LONG = ('"""', "'''")


def toml(text: str, name: str) -> ForeignNode:
    """The tree of a file. Raises Unread where it is no TOML."""
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = _BROKEN.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (1, 1)
        span = Span(file=name, line=line, column=column, end_line=line, end_column=column + 1)
        raise Unread("it is no TOML", span) from error
    places = dict(_places(text))

    def at(path: Path) -> Span:
        known = path
        while known and known not in places:
            known = known[:-1]
        line, column, end = places.get(known, (1, 1, 1))
        return Span(file=name, line=line, column=column, end_line=line, end_column=end)

    return ForeignNode(value=tree, at=at)


def _places(text: str) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """The path of each key and table, and the line and columns where it is written."""
    table: Path = ()
    open_text = ""
    for number, line in enumerate(text.split("\n"), 1):
        if open_text:
            open_text = "" if line.count(open_text) % 2 else open_text
            continue
        if found := _TABLE.match(line):
            table = _steps(found[1])
            yield table, (number, found.start(1) + 1, found.end(1) + 1)
        elif found := _ENTRY.match(line):
            steps = _steps(found[1])
            for count in range(1, len(steps) + 1):
                yield (*table, *steps[:count]), (number, found.start(1) + 1, found.end(1) + 1)
        open_text = next((quote for quote in _LONG if line.count(quote) % 2), "")


def _steps(text: str) -> Path:
    return tuple(step.strip("\"'") for step in _STEP.findall(text))
