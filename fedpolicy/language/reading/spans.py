"""Where everything in a document stands: the marks of its text, spans of paths, and the path at a place."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from fedpolicy.findings import Span
from fedpolicy.language.reading.text import Text
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedpolicy.language.reading import Document

Place = tuple[int, int]  # two offsets: first character, one past the last
MERGE = "<<\0merge"  # the label of a merge key; no key of a document can be this text


def _offsets() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """
    The values of a file in the order of its text, one row each.

    `after[i]` is the row behind everything inside row i. `labels` holds the keys (None in a list). An alias has
    a row of its own, and `alias` says which row it stands for.
    """

    text: Text
    start: array[int] = field(default_factory=_offsets)
    end: array[int] = field(default_factory=_offsets)
    key_start: array[int] = field(default_factory=_offsets)
    key_end: array[int] = field(default_factory=_offsets)
    after: array[int] = field(default_factory=_offsets)
    labels: list[str | None] = field(default_factory=list)
    alias: dict[int, int] = field(default_factory=dict)

    @property
    def places(self) -> tuple[array[int], ...]:
        """Where values start and end, and where their keys do."""
        return self.start, self.end, self.key_start, self.key_end

    def add(self, value: Place, label: str | None, key: Place) -> int:
        """Start a row behind the last one and return its number."""
        row = len(self.labels)
        self.start.append(value[0])
        self.end.append(value[1])
        self.key_start.append(key[0])
        self.key_end.append(key[1])
        self.after.append(row + 1)
        self.labels.append(label)
        return row

    def join(self, others: Marks) -> int:
        """Put other rows behind the last one, and return the number of the first."""
        row = len(self.labels)
        for own, new in zip(self.places, others.places, strict=True):
            own.extend(new)
        self.after.extend([row + after for after in others.after])
        self.labels.extend(others.labels)
        return row

    def close(self, row: int, last: int, end: int | None) -> None:
        """
        Finish a collection; `last` is the row of its last item.

        A bracket says where its collection ends. A block is closed by whatever follows it: it ends with its last
        item.
        """
        self.end[row] = max(self.end[last], self.key_end[last]) if end is None else end
        self.after[row] = len(self.labels)

    def trim(self, row: int) -> None:
        """End a block scalar where its text ends, not behind the empty lines that follow it."""
        start = self.start[row]
        self.end[row] = start + len(self.text.content[start : self.end[row]].rstrip())

    def drop(self, row: int) -> None:
        """Forget this row and everything behind it."""
        for column in (*self.places, self.after):
            del column[row:]
        del self.labels[row:]
        for alias in [alias for alias in reversed(self.alias) if alias >= row]:
            del self.alias[alias]

    def children(self, row: int) -> list[int]:
        """The rows directly inside this one."""
        found, at, stop = [], row + 1, self.after[row]
        while at < stop:
            found.append(at)
            at = self.after[at]
        return found


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """
    The places of one document.

    A path that does not exist has the place of its nearest ancestor that does. `lifted` are the paths whose
    value was written as a claim: their place is that of the inner `value`.
    """

    marks: Marks
    root: int
    lifted: frozenset[Path] = frozenset()
    _known: dict[int, dict[str | int, int]] = field(default_factory=dict)

    def at(self, path: Path) -> Span:
        """Where the value of this path stands."""
        row, _, _ = self._walk(path)
        return self.marks.text.span(self.marks.start[row], self.marks.end[row])

    def key(self, path: Path) -> Span:
        """Where the key of this path stands; for an item of a list, the item; for the document, its first key."""
        _, entry, _ = self._walk(path)
        if entry == self.root:
            entry = next(iter(self._inside(entry).values()), entry)
        marks = self.marks
        return marks.text.span(marks.key_start[entry], marks.key_end[entry])

    def written(self, path: Path) -> Path:
        """The path as it stands in the text, without the steps that reading has added."""
        _, _, steps = self._walk(path)
        return steps

    def _walk(self, path: Path) -> tuple[int, int, Path]:
        """The rows of the value and of the entry that holds it (they differ for claims), and the steps there are."""
        row = entry = self._value(self.root, ())
        steps: list[str | int] = []
        for depth, step in enumerate(path, 1):
            inside = self._inside(row)
            if _added(step, inside):
                continue
            child = inside.get(step)
            if child is None:
                return row, entry, (*steps, *path[depth - 1 :])
            steps.append(step)
            entry, row = child, self._value(child, tuple(steps)) if self.lifted else child
        return row, entry, tuple(steps)

    def _value(self, row: int, path: Path) -> int:
        if path in self.lifted:
            return self._inside(row).get("value", row)
        return row

    def _inside(self, row: int) -> dict[str | int, int]:
        row = self.marks.alias.get(row, row)
        known = self._known.get(row)
        if known is None:
            known = self._index(row)
            if len(known) > 8:  # noqa: PLR2004  small ones are cheaper to walk than to keep
                self._known[row] = known
        return known

    def _index(self, row: int) -> dict[str | int, int]:
        labels = self.marks.labels
        own: dict[str | int, int] = {}
        merged: dict[str | int, int] = {}
        for place, child in enumerate(self.marks.children(row)):
            label = labels[child]
            if label == MERGE:
                self._merge(merged, child)
            else:
                own.setdefault(place if label is None else label, child)
        return {**merged, **own} if merged else own

    def _merge(self, merged: dict[str | int, int], child: int) -> None:
        for key, row in self._inside(child).items():
            sources = self._inside(row) if type(key) is int else {key: row}
            for name, source in sources.items():
                merged.setdefault(name, source)


def _added(step: str | int, inside: dict[str | int, int]) -> bool:
    # Reading wraps some values: `role: host` is `[host]`, `sealed_for: [a]` is `{of: [a]}`, `hops: [a]` is `[{at: a}]`.
    if type(step) is int:
        return 0 not in inside
    return step in ("of", "at") and (0 in inside or not inside)


def place_of(document: Document, fact: str) -> Span:
    """
    The key of `api_calls.translate.trains_on_inputs` where it is written, else the nearest entry around it.

    Members of a family (`nodes.client@aphp.region`) stand where the family stands.
    """
    return document.spans.key(path_of(document, fact))


def path_of(document: Document, fact: str) -> Path:
    """The path of a fact that is written with dots; ids may have dots of their own."""
    section, _, rest = fact.partition(".")
    entries = getattr(document.deployment, section, None)
    if not isinstance(entries, dict):
        return (section, *_steps(rest))
    name = _entry(entries, rest)
    return (section, name, *_steps(_behind(rest, name)))


def _entry(entries: Mapping[str, object], rest: str) -> str:
    """The longest id that the path begins with, for ids may have dots of their own."""
    ends = [len(rest), *(place for place in range(len(rest) - 1, 0, -1) if rest[place] in ".@")]
    return next((rest[:end] for end in ends if rest[:end] in entries), rest.partition(".")[0])


def _behind(rest: str, name: str) -> str:
    return rest[len(name) :].removeprefix(".") if not rest.startswith(f"{name}@") else rest.partition(".")[2]


def _steps(text: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in text.split(".") if part)
