"""
A raw document read without trust: what is missing or of the wrong type reads as nothing.

References and contradictions are looked for in the raw tree, so that a document with one broken entry still
gets all its other mistakes reported. What is wrong with a value itself is said by validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fedpolicy.language.model.does import Does
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.reading.spans import Path

__all__ = ["Tree", "does", "entries", "hops", "ids", "maps", "number", "readers", "text"]

Tree = Mapping[str, object]


def entries(root: Tree, section: str) -> Iterator[tuple[Path, Tree]]:
    """The entries of a section and their paths."""
    found = root.get(section)
    if isinstance(found, dict):
        for name, entry in found.items():
            if isinstance(entry, dict):
                yield (section, name), entry


def ids(entry: Tree, key: str) -> list[tuple[int, str]]:
    """The ids of a key that takes one or several, each with its place in the list."""
    found = entry.get(key)
    items = found if isinstance(found, tuple) else (found,)
    return [(place, item) for place, item in enumerate(items) if isinstance(item, str)]


def text(entry: Tree, key: str) -> str | None:
    """A value that is text."""
    found = entry.get(key)
    return found if isinstance(found, str) else None


def number(entry: Tree, key: str) -> int | None:
    """A value that is a whole number."""
    found = entry.get(key)
    return found if type(found) is int else None


def maps(entry: Tree, key: str) -> Iterator[tuple[int, Tree]]:
    """The maps of a list, each with its place."""
    found = entry.get(key)
    if isinstance(found, tuple):
        yield from ((place, item) for place, item in enumerate(found) if isinstance(item, dict))


def hops(task: Tree) -> Iterator[tuple[int, Tree]]:
    """The levels of a tree; a bare id is a level without safeguards."""
    found = task.get("hops")
    if isinstance(found, tuple):
        for place, item in enumerate(found):
            if isinstance(item, (dict, str)):
                yield place, item if isinstance(item, dict) else {"at": item}


def does(safeguard: Tree) -> Does | None:
    """What a safeguard of this kind does, if there is such a kind."""
    entry = KINDS.get(text(safeguard, "kind") or "")
    return entry.does if entry else None


def readers(value: object) -> Tree:
    """Who can open what is sealed, as `{threshold, of}` whichever way it was written."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"threshold": 1, "of": value}
