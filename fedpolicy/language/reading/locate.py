"""Where validation found something: its own location turned into a path of the document and a shape of the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fedpolicy.language.model.shape import VALUE, Key, Shape, entry_shape
from fedpolicy.language.reading.spans import Path

__all__ = ["Found", "locate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    One thing that validation said.

    `value` is what stands at `path`, `shape` what may stand there, `siblings` the keys of the entry around it
    and `around` that entry as it was written.
    """

    type: str
    path: Path
    value: object
    shape: Shape
    context: Mapping[str, Any]
    siblings: Mapping[str, Key] = field(default_factory=dict)
    around: Mapping[str, object] = field(default_factory=dict)
    of_key: bool = False

    @property
    def word(self) -> str:
        """What users call this value: its key."""
        return next(str(step) for step in reversed((".", *self.path)) if isinstance(step, str))

    @property
    def required(self) -> bool:
        """Whether the entry around it needs this key."""
        key = self.siblings.get(self.word)
        return key is not None and key.required


@dataclass(slots=True, kw_only=True)
class _Walk:
    path: tuple[str | int, ...]
    tree: object
    shape: Shape
    siblings: Mapping[str, Key]
    around: Mapping[str, object]


def locate(item: Mapping[str, Any], tree: object, root: Shape) -> Found:
    """Follow one error's location through the document."""
    walk = _Walk(path=(), tree=tree, shape=root, siblings={}, around={})
    of_key = item["loc"][-1:] == ("[key]",)
    for step in item["loc"][:-1] if of_key else item["loc"]:
        _go(walk, step)
    return Found(
        type=item["type"],
        path=walk.path,
        value=item["input"],
        shape=walk.shape,
        context=item.get("ctx", {}),
        siblings=walk.siblings,
        around=walk.around,
        of_key=of_key,
    )


def _go(walk: _Walk, step: str | int) -> None:
    if isinstance(walk.tree, dict) and isinstance(step, str):
        _into_map(walk, walk.tree, step)
    elif isinstance(walk.tree, tuple) and isinstance(step, int):
        walk.path = (*walk.path, step)
        walk.tree = walk.tree[step]
        walk.shape = walk.shape.items or VALUE
    elif isinstance(step, int):
        # One value where a list may stand: `role: host`.
        walk.shape = walk.shape.items or VALUE


def _into_map(walk: _Walk, tree: dict[str, object], step: str) -> None:
    if walk.shape.kinds and step in walk.shape.kinds and step not in tree:
        return  # the name of a kind, which is no key
    entry = walk.shape.entry_for(tree)
    if entry is not None:
        walk.siblings, walk.around = entry_shape(entry), tree
        key = walk.siblings.get(step)
        walk.shape = key.shape if key else VALUE
    else:
        walk.shape = walk.shape.values or VALUE
    walk.path = (*walk.path, step)
    walk.tree = tree.get(step)
