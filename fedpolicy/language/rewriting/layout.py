"""How a value is written so that it fits where it is put."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fedpolicy.errors import InputError
from fedpolicy.findings import Span
from fedpolicy.language.reading.spans import MERGE, Marks, Path
from fedpolicy.records import dataclass
from fedpolicy.yaml12 import plain_scalar

# A word that starts with a digit must not look like a number to other readers of YAML either: 1_000, 0b1, 2027-06-30.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*|(?!0[bB])[0-9](?=[0-9]*[A-Za-z])[A-Za-z0-9]*")
_WORDS = {"yes", "no", "on", "off", "y", "n"}  # other readers of YAML take some of them for booleans
_NARROWEST, _WIDEST = 100, 120


def width_of(lines: Sequence[str]) -> int:
    """How long lines may become: as long as the longest there is, within reason."""
    return min(max([_NARROWEST, *(len(line) for line in lines)]), _WIDEST)


def as_json(value: Any) -> str:  # noqa: ANN401  what JSON holds
    """Write a value for a JSON file."""
    return json.dumps(value, ensure_ascii=False)


def as_flow(value: Any, column: int = 0, width: int = 0) -> str:  # noqa: ANN401
    """Write a value in brackets; it goes on below its first part where it would cross the width (0: never)."""
    if isinstance(value, Mapping):
        inside = column + 1
        pairs = [f"{_scalar(key)}: {as_flow(item, inside + len(str(key)) + 2, width)}" for key, item in value.items()]
        return f"{{{_filled(pairs, inside, width)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{_filled([as_flow(item, column + 1, width) for item in value], column + 1, width)}]"
    return _scalar(value)


def as_lines(key: str, value: Any, column: int, width: int) -> Iterator[str]:  # noqa: ANN401
    """Write a key of a block map that starts in a column; a list of maps gets a line for each."""
    indent = " " * column
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        yield f"{indent}{_scalar(key)}:"
        for item in value:
            yield f"{indent}  - {as_flow(item, column + 4, width)}"
    else:
        head = f"{indent}{_scalar(key)}: "
        yield head + as_flow(value, len(head), width)


def _filled(parts: Sequence[str], column: int, width: int) -> str:
    """Put parts on as few lines as the width allows; one that takes several has them to itself."""
    lines = [""]
    for place, part in enumerate(parts):
        text = part + ("," if place + 1 < len(parts) else "")
        # The bracket that closes needs a column, too.
        wide = width and column + len(lines[-1]) + 1 + len(text) + (place + 1 == len(parts)) > width
        if lines[-1] and (wide or "\n" in text or "\n" in lines[-1]):
            lines.append(text)
        else:
            lines[-1] = f"{lines[-1]} {text}".lstrip()
    return ("\n" + " " * column).join(lines)


def _scalar(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        return json.dumps(value)
    safe = _WORD.fullmatch(value) and value.lower() not in _WORDS and plain_scalar(value) is value
    return value if safe else json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    # YAML 1.1 takes 1e-06 for text: it wants the dot.
    digits, letter, power = repr(value).partition("e")
    return digits if not letter else f"{digits if '.' in digits else digits + '.0'}e{int(power)}"


_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_BREAK = re.compile(r"\r\n|\r|\n")


class UnwritableError(InputError):
    """A text is written so that an edit of it would change something else too, or cannot be placed."""


def dotted_path(path: Path) -> str:
    """A path as users write it."""
    return ".".join(map(str, path))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """One document of a text; `lifted` are the paths whose value is written as a claim."""

    marks: Marks
    root: int
    lifted: frozenset[Path] = frozenset()

    @property
    def content(self) -> str:
        """The text of the whole file, without a byte-order mark."""
        return self.marks.text.content

    def find(self, path: Path) -> int | None:
        """
        The row of the entry at a path, claims included; None where there is none and its parent is there.

        Raises UnwritableError where the path leads through something that stands elsewhere or serves others too.
        """
        row = self.root
        for depth, step in enumerate(path):
            self.own(row, path)
            if path[:depth] in self.lifted:
                row = self._inside(row, "value") or row
            found = self._inside(row, step)
            if found is None and (depth < len(path) - 1 or self._merges(row, step)):
                raise self.unwritable(path, row)
            if found is None:
                return None
            row = found
        return row

    def value_row(self, path: Path) -> int:
        """The row of the collection at a path, inside its claim if it is one."""
        row = self.find(path)
        if row is None:
            raise self.unwritable(path, self.root)
        return (self._inside(row, "value") or row) if path in self.lifted else row

    def own(self, row: int, path: Path) -> None:
        """Refuse an alias, and what aliases elsewhere stand for."""
        aliases = self.marks.alias
        if row in aliases or row in aliases.values():
            raise self.unwritable(path, row)

    def whole(self, row: int, path: Path) -> None:
        """Refuse what holds an anchor that is used outside of it."""
        after = self.marks.after[row]
        for alias, target in self.marks.alias.items():
            if row <= target < after and not row <= alias < after:
                raise self.unwritable(path, target)
        if row in self.marks.alias.values():
            raise self.unwritable(path, row)

    def children(self, row: int) -> list[int]:
        """The rows of the items of a collection."""
        return self.marks.children(row)

    def opening(self, row: int) -> int:
        """Where the value of a row starts, behind its anchor and tag."""
        start = self.marks.start[row]
        properties = _PROPERTIES.match(self.content, start)
        return properties.end() if properties else start

    def in_brackets(self, row: int) -> bool:
        """Whether a collection is written in brackets."""
        return self.content[self.opening(row) : self.opening(row) + 1] in {"{", "["}

    def in_quotes(self, row: int) -> bool:
        """Whether the key of a row is written as JSON writes keys."""
        return self.content[self.marks.key_start[row] :].startswith('"')

    def line_start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return self.marks.text.starts[self.marks.text.span(offset, offset).line - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, its break left out."""
        found = _BREAK.search(self.content, offset)
        return found.start() if found else len(self.content)

    def line_after(self, offset: int) -> int:
        """Where the next line starts."""
        found = _BREAK.search(self.content, offset)
        return found.end() if found else len(self.content)

    @property
    def newline(self) -> str:
        """How this file breaks its lines."""
        found = _BREAK.search(self.content)
        return found.group() if found else "\n"

    def column(self, offset: int) -> int:
        """How many characters stand before an offset in its line."""
        return offset - self.line_start(offset)

    def starts_line(self, offset: int) -> bool:
        """Whether only spaces stand before an offset in its line."""
        return not self.content[self.line_start(offset) : offset].strip(" ")

    def unwritable(self, path: Path, row: int) -> UnwritableError:
        """An error that says where the obstacle is."""
        span: Span = self.marks.text.span(self.marks.start[row], self.marks.end[row])
        shared = row in self.marks.alias or row in self.marks.alias.values() or any(self._merging(row))
        if shared:
            message = f"`{dotted_path(path)}` shares its text with other places (anchors, aliases or merge keys)"
            return UnwritableError(message, span=span, help="write it out there, or change it by hand")
        message = f"`{dotted_path(path)}` is written so that it cannot be changed alone"
        return UnwritableError(message, span=span, help="change it by hand")

    def _inside(self, row: int, step: str | int) -> int | None:
        for place, child in enumerate(self.marks.children(row)):
            if step in (self.marks.labels[child], place if self.marks.labels[child] is None else None):
                return child
        return None

    def _merging(self, row: int) -> Iterator[int]:
        return (child for child in self.marks.children(row) if self.marks.labels[child] == MERGE)

    def _merges(self, row: int, step: str | int) -> bool:
        """Whether a merge key brings this key."""
        for source in self._merging(row):
            target = self.marks.alias.get(source, source)
            several = [self.marks.alias.get(item, item) for item in self.marks.children(target)]
            if any(self._inside(item, step) is not None for item in (target, *several)):
                return True
        return False
