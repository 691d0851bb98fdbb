"""What can be changed in a deployment, by path: a value is put, appended to a list, or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedpolicy.language.reading.spans import Path
from fedpolicy.records import dataclass

__all__ = ["Append", "Edit", "Put", "Remove", "in_order", "merged"]

Value = str | int | float | bool | Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write a value at a path, in place of what stands there or as a new key."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Add a value to the list at a path, which is made where there is none."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take the key or the item at a path away, with all that it holds."""

    path: Path


Edit = Put | Append | Remove


def merged(edits: Iterable[Edit], sizes: Mapping[str, int]) -> tuple[Edit, ...]:
    """
    The same without repetitions and without what lies in something that is removed.

    `sizes` counts the entries of each section: where all of one go, the section goes.
    """
    unique: list[Edit] = []
    for edit in edits:
        if edit not in unique:
            unique.append(edit)
    gone = {edit.path for edit in unique if isinstance(edit, Remove)}
    for section, size in sizes.items():
        if size and len({path for path in gone if path[0] == section and len(path) == 2}) == size:  # noqa: PLR2004  section and name
            gone.add((section,))
            unique.append(Remove(path=(section,)))
    return tuple(edit for edit in unique if not any(edit.path[:end] in gone for end in range(1, len(edit.path))))


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The same so that the places in lists stay true: what is put first, then removals from the end of each list."""
    return sorted(edits, key=_rank)


def _rank(edit: Edit) -> tuple[bool, tuple[int, ...]]:
    return isinstance(edit, Remove), tuple(-step for step in edit.path if isinstance(step, int))
