"""Edits in memory: a deployment with some of its entries changed and validated again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.rewriting.edits import Edit, Put, Remove, in_order

__all__ = ["edited", "plain_tree"]

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
    except (ValidationError, LookupError, TypeError):
        return None
    return deployment.model_copy(update=sections)


def plain_tree(entry: Entry) -> dict[str, Any]:
    """What a file would say of an entry: only what was stated, by the names of the language."""
    return entry.model_dump(by_alias=True, exclude_unset=True)


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
    return type(entry).model_validate(_tuples(holder[""]))


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
