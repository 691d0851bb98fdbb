"""Every name in a document that must exist, as the declarations say what their keys name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.named import Named
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.view import Tree, entries, ids
from fedpolicy.records import dataclass

__all__ = ["Reference", "references"]

Keys = tuple[tuple[Key, ...], tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Reference:
    """One name that somebody wrote, and what it may mean there; `repeated`: the list has it before."""

    path: Path
    name: str
    wanted: Named
    repeated: bool = False


def references(root: Tree) -> Iterator[Reference]:
    """Every name in a document that must exist."""
    for section in entry_shape(Deployment).values():
        entry = section.shape.values.entry if section.shape.values else None
        if entry is not None:
            keys = _keys((entry,))
            for path, tree in entries(root, section.name):
                yield from _of_entry(tree, path, keys)


@cache
def _keys(kinds: tuple[type[Entry], ...]) -> Keys:
    """The keys of an entry that name something, and those under which there may be others that do."""
    found = {key.name: key for entry in kinds for key in entry_shape(entry).values()}.values()
    below = (key for key in found if _inside(key.shape.items or key.shape))
    return tuple(key for key in found if key.names), tuple(below)


def _inside(shape: Shape) -> tuple[type[Entry], ...]:
    # What a safeguard names is looked up even where its kind is wrong.
    return tuple(shape.kinds.values()) if shape.kinds else (shape.entry,) if shape.entry else ()


def _of_entry(tree: Tree, path: Path, keys: Keys) -> Iterator[Reference]:
    named, below = keys
    for key in named:
        if key.names and key.name in tree:
            yield from _of_key(tree, path, key.name, key.names)
    for key in below:
        if key.name in tree:
            inner = _keys(_inside(key.shape.items or key.shape))
            for place, item in _maps(tree[key.name], key.shape):
                yield from _of_entry(item, (*path, key.name, *place), inner)


def _maps(found: object, shape: Shape) -> Iterator[tuple[Path, Tree]]:
    """The maps behind a key; a bare id among the hops of a tree is a hop."""
    if isinstance(found, dict):
        yield (), found
    elif isinstance(found, tuple) and shape.items:
        for place, item in enumerate(found):
            if isinstance(item, dict):
                yield (place,), item
            elif isinstance(item, str):
                yield (place,), {"at": item}


def _of_key(entry: Tree, path: Path, key: str, wanted: Named) -> Iterator[Reference]:
    found = entry.get(key)
    if isinstance(found, str):
        yield Reference((*path, key, 0), found, wanted.last or wanted)
        return
    seen: set[str] = set()
    named = ids(entry, key)
    for place, name in named:
        meant = wanted.last if wanted.last and place == named[-1][0] else wanted
        yield Reference((*path, key, place), name, meant, name in seen and not wanted.repeats)
        seen.add(name)
