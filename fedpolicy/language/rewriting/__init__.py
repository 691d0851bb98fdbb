"""
Edits of a deployment: what can be changed, by path, and what that makes of it in memory.

Every other character of the text stays: `layout` says where values stand and how they are written, `splice` which
characters an edit replaces; it applies several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.validator import Invalid, validated_as
from fedpolicy.records import dataclass

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


def distinct_edits(edits: Iterable[Edit], sizes: Mapping[str, int]) -> tuple[Edit, ...]:
    """
    The same without repetitions and without what lies in something that is removed.

    `sizes` counts the entries of each section: where all of one go, the section goes.
    """
    unique: list[Edit] = []
    for edit in edits:
        if edit not in unique:
            unique.append(edit)
    gone = {edit.path for edit in unique if isinstance(edit, Remove)}
    entries = Counter(path[0] for path in gone if len(path) == 2)  # noqa: PLR2004  section and name
    emptied = [Remove(path=(section,)) for section, size in sizes.items() if size and entries[section] == size]
    unique += emptied
    gone |= {edit.path for edit in emptied}
    return tuple(edit for edit in unique if not any(edit.path[:end] in gone for end in range(1, len(edit.path))))


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The same so that the places in lists stay true: what is put first, then removals from the end of each list."""
    return sorted(edits, key=_rank)


def _rank(edit: Edit) -> tuple[bool, tuple[int, ...]]:
    return isinstance(edit, Remove), tuple(-step for step in edit.path if isinstance(step, int))


_SINGLE = "governance"  # the one section that is an entry itself


def edited(deployment: Deployment, edits: Iterable[Edit]) -> Deployment | None:
    """The deployment with these edits; None where a value would not fit its place."""
    entries: dict[Path, list[Edit]] = {}
    for edit in edits:
        entries.setdefault(edit.path[: 1 if edit.path[0] == _SINGLE else 2], []).append(edit)
    sections: dict[str, Any] = {}
    try:
        for path, some in entries.items():
            _change(deployment, sections, path, some)
    except (Invalid, LookupError, TypeError):
        return None
    return deployment.changed(**sections)


def plain_tree(entry: Entry) -> dict[str, Any]:
    """What a file would say of an entry: only what was stated, by the names of the language."""
    stated = ((name, getattr(entry, name)) for name in entry.types if name in entry.stated)
    return {entry.declared[name].alias or name: _plain(value) for name, value in stated}


def _plain(value: Any) -> Any:  # noqa: ANN401  maps and lists of any depth
    if isinstance(value, Entry):
        return plain_tree(value)
    if isinstance(value, date):
        return value.isoformat()  # as the file says it
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def _change(deployment: Deployment, sections: dict[str, Any], path: Path, edits: list[Edit]) -> None:
    section = str(path[0])
    if path == (section,) and section != _SINGLE:
        sections[section] = {}
        return
    before = getattr(deployment, section)
    if section == _SINGLE:
        sections[section] = _entry(before, edits, 1)
        return
    name = str(path[1])
    entries = sections.setdefault(section, dict(before))
    if any(isinstance(edit, Remove) and edit.path == path for edit in edits):
        entries.pop(name, None)
    else:
        entries[name] = _entry(entries[name], edits, 2)


def _entry(entry: Entry, edits: list[Edit], depth: int) -> Entry:
    holder: dict[str, Any] = {"": _lists(plain_tree(entry))}
    for edit in in_order(edits):
        _apply(holder, ("", *edit.path[depth:]), edit)
    return validated_as(type(entry), _tuples(holder[""]))


def _apply(tree: Any, path: Path, edit: Edit) -> None:  # noqa: ANN401  maps and lists of any depth
    for step in path[:-1]:
        tree = tree[step]
    last = path[-1]
    if isinstance(edit, Remove):
        del tree[last]
    elif isinstance(edit, Put):
        tree[last] = _lists(edit.value)
    else:
        tree[last] = [*tree.get(last, ()), _lists(edit.value)]


def _lists(value: Any) -> Any:  # noqa: ANN401  what YAML gives
    if isinstance(value, Mapping):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _tuples(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
