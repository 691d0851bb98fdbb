"""Where every value and key of a document stands, looked up by path."""

from __future__ import annotations

from dataclasses import field

from fedpolicy.findings import Span
from fedpolicy.language.reading.marks import MERGE, Marks
from fedpolicy.records import dataclass

__all__ = ["Path", "Spans"]

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
    _known: dict[int, dict[str | int, int]] = field(default_factory=dict, repr=False)

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
