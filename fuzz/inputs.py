"""The inputs of a run: each follows from the seed and its number alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

from fedpolicy import api
from fedpolicy.errors import Problems
from fuzz.corpus import foreign_files, read_corpus
from fuzz.grammar import LOADER, Grammar
from fuzz.mutation import mutated, mutated_tree, written

__all__ = ["Input", "Source"]

_WEIGHTS = {
    "deployment": 60,
    "foreign": 12,
    "rule": 8,
    "config": 5,
    "waivers": 4,
    "catalogue": 4,
    "baseline": 2,
    "pack": 2,
    "site": 3,
}
_ROUNDS = 5  # of mending
_VALUES = 5_000  # of a tree


@dataclass(frozen=True, slots=True)
class Input:
    """One text, and the kind of file that it is meant for; `name` where the kind does not say how it is called."""

    kind: str
    text: bytes
    name: str = ""


class Source:
    """Draws inputs; nothing but the seed and the number decides what comes."""

    def __init__(self, seed: str) -> None:
        """Read what mutation starts from."""
        self._seed = seed
        self._corpus: Mapping[str, tuple[bytes, ...]] = read_corpus()
        self._foreign = foreign_files()
        self._trees = [
            tree for tree in map(_tree, self._corpus["deployment"]) if isinstance(tree, dict) and _is_small(tree)
        ]
        self._grammar = Grammar(self._trees)

    def draw(self, number: int) -> Input:
        """The input of this number."""
        rng = Random(f"{self._seed}/{number}")
        kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if kind == "deployment" and rng.random() < 0.7:
            return Input(kind, self._structured(rng))
        if kind == "foreign":
            name = rng.choice(list(self._foreign))
            alike = [
                text for other, texts in self._foreign.items() if _suffix(other) == _suffix(name) for text in texts
            ]
            return Input(kind, mutated(rng.choice(self._foreign[name]), alike, rng), name)
        seeds = self._corpus[kind]
        return Input(kind, mutated(rng.choice(seeds), seeds, rng))

    def _structured(self, rng: Random) -> bytes:
        drawn = rng.random() < 0.35
        tree = self._grammar.deployment(rng) if drawn else mutated_tree(rng.choice(self._trees), self._grammar, rng)
        # What is wrong hides what lies behind it, so most are mended until they are sound.
        return written(_mended(tree)) if rng.random() < 0.8 else written(tree)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


def _tree(text: bytes) -> Any:
    try:
        return yaml.load(text, LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _is_small(tree: Any) -> bool:
    """Whether it holds few values, aliases counted as often as they are used."""
    waiting, seen = [tree], 0
    while waiting and seen < _VALUES:
        value = waiting.pop()
        seen += 1
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not waiting


def _mended(tree: Any) -> Any:
    """The tree without what it is told is wrong."""
    for _ in range(_ROUNDS):
        try:
            api.loads(written(tree), "d.yaml")
        except Problems as problems:
            for error in problems.errors:
                _drop(tree, error.path.split("."))
        except Exception:  # noqa: BLE001  a crash, which whoever runs the input finds
            return tree
        else:
            return tree
    return tree


def _drop(tree: Any, path: list[str]) -> None:
    """Take a place out, or the entry around it where it is a key that must be there."""
    for depth, step in enumerate(path):
        key = int(step) if isinstance(tree, list) and step.isdigit() else step
        try:
            inside = tree[key]
        except (KeyError, IndexError, TypeError):
            return
        missing = depth == len(path) - 2 and isinstance(inside, dict) and path[-1] not in inside
        if depth == len(path) - 1 or missing or not isinstance(inside, dict | list):
            del tree[key]
            return
        tree = inside
