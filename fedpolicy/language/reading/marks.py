"""Where every value of a file stands: a few compact arrays that are filled while the file is read."""

from __future__ import annotations

from array import array
from dataclasses import field

from fedpolicy.language.reading.text import Text
from fedpolicy.records import dataclass

__all__ = ["MERGE", "Marks", "Place"]

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
        for column in (self.start, self.end, self.key_start, self.key_end, self.after):
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
