"""The inputs of a run: each follows from the random numbers that it is drawn with, and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from fedpolicy import api
from fedpolicy.errors import Problems
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.services import Services
from fuzz.corpus import HOSTILE, foreign_files, read_corpus
from fuzz.grammar import LOADER, Grammar
from fuzz.mutation import joined, mutated, mutated_tree, replace_text, retold, texts_in, thinned, written
from fuzz.target import FILES

_ROUNDS = 5  # of mending
_VALUES = 5_000  # of a tree
_SOUND = 0.75  # how often something other than a deployment most likely stays sound
_NAMES = 0.2  # how often a file with hostile texts has a hostile name
_NO_TEXT = ("fedpolicy",)  # numbers of versions
# In names of files: no `/`, which no name can have, and nothing at which a command line begins.
_IN_NAMES = tuple(one.replace("/", "_").replace("\0", "_")[:80] for one in HOSTILE)
_BYTES = (64, 256, 1024, 4096)


@dataclass(frozen=True, slots=True)
class Input:
    """One text, and the kind of file that it is meant for; `name` where the kind does not say how it is called."""

    kind: str
    text: bytes
    name: str = ""

    @property
    def file(self) -> str:
        """What the file is called."""
        return self.name or FILES[self.kind]


class Source:
    """Draws inputs of a kind; nothing but what random numbers it is given decides what comes."""

    def __init__(self, more: Iterable[Path] = ()) -> None:
        """Read what mutation starts from; `more` are folders with more of it."""
        self._corpus: Mapping[str, tuple[bytes, ...]] = read_corpus(more)
        self._foreign = foreign_files()
        self._wants: dict[str, list[str]] = {}
        self._trees = [
            tree for tree in map(_tree, self._corpus["deployment"]) if isinstance(tree, dict) and _is_small(tree)
        ]
        self._grammar = Grammar(self._trees)

    def draw(self, kind: str, rng: Random) -> Input:
        """An input of this kind; `foreign:nvflare` is a file that the importer of this name wants."""
        if kind == "bytes":
            return Input(kind, rng.randbytes(rng.choice(_BYTES)))
        if kind == "texts":
            name = f"d{rng.choice(_IN_NAMES)}.yaml" if rng.random() < _NAMES else ""
            return Input(kind, self._hostile(rng), name)
        if kind == "deployment" and rng.random() < 0.7:
            return Input(kind, self._structured(rng))
        if kind.startswith("foreign"):
            name = rng.choice(self._wanted(kind.partition(":")[2]))
            seeds, alike = self._foreign[name], self._alike(name)
            return Input(kind, mutated(rng.choice(seeds), alike, rng), name)
        seeds = self._corpus[kind]
        if rng.random() < _SOUND:
            return Input(kind, self._likely(kind, rng.choice(seeds), rng))
        return Input(kind, mutated(rng.choice(seeds), seeds, rng))

    def _likely(self, kind: str, text: bytes, rng: Random) -> bytes:
        """A text that is changed so that it most likely still says something."""
        seeds = self._corpus[kind]
        if kind == "config":
            return thinned(text, rng)
        if kind == "expression":
            head = text.partition(b"\n")[0]
            return joined(text, rng.choice([one for one in seeds if one.partition(b"\n")[0] == head]), rng)
        tree, others = _tree(text), [tree for tree in map(_tree, seeds) if tree]
        if not isinstance(tree, dict | list):
            return mutated(text, seeds, rng)
        found = retold(tree, others, rng)
        return json.dumps(found, default=str).encode() if kind == "baseline" else written(found)

    def seeds(self, kind: str) -> Sequence[Input]:
        """What is there before anything is changed."""
        if kind == "bytes":
            return ()
        if kind.startswith("foreign"):
            names = self._wanted(kind.partition(":")[2])
            return [Input(kind, text, name) for name in names for text in self._foreign[name]]
        return [Input(kind, text) for text in self._corpus["deployment" if kind == "texts" else kind]]

    def _wanted(self, importer: str) -> Sequence[str]:
        """The names of files that an importer wants, of all where none is named."""
        if not importer:
            return list(self._foreign)
        if importer not in self._wants:
            self._wants[importer] = _wanted(importer, self._foreign)
        return self._wants[importer]

    def _alike(self, name: str) -> list[bytes]:
        return [text for other, texts in self._foreign.items() if _suffix(other) == _suffix(name) for text in texts]

    def _structured(self, rng: Random) -> bytes:
        drawn = rng.random() < 0.35
        tree = self._grammar.deployment(rng) if drawn else mutated_tree(rng.choice(self._trees), self._grammar, rng)
        # What is wrong hides what lies behind it, so most are mended until they are sound.
        return written(_mended(tree)) if rng.random() < 0.8 else written(tree)

    def _hostile(self, rng: Random) -> bytes:
        """A deployment whose texts are written to be something else in a report; those that cannot stand are out."""
        tree = deepcopy(rng.choice(self._trees))
        places = [place for place in texts_in(tree) if place[-1] not in _NO_TEXT]
        for place in rng.sample(places, min(len(places), rng.randint(1, 6))):
            replace_text(tree, place, rng.choice(HOSTILE), rng)
        return written(_mended(tree))


def _wanted(importer: str, foreign: Mapping[str, Sequence[bytes]]) -> list[str]:
    wants, services = importers()[importer].wants, Services()
    found = [name for name, texts in foreign.items() if any(wants(File(name, text, services)) for text in texts)]
    if not found:
        raise ValueError(f"no test of importers has a file that `{importer}` wants")
    return found


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
