"""A fuzz target: a name, inputs of one kind, and a judge of them; the folder `targets` has them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Literal

from fedpolicy.files import modules_in
from fuzz.command import Outcome, run
from fuzz.corpus import CLEAN, LEAK

# Where an input of each kind stands.
FILES = {
    "deployment": "d.yaml",
    "texts": "d.yaml",
    "rule": "pack/rule.yaml",
    "pack": "pack/_pack.yaml",
    "waivers": "waivers.yaml",
    "baseline": "baseline.json",
    "config": "fedpolicy.toml",
    "catalogue": "catalogue.yaml",
    "site": "site.yaml",
    "expression": "expression.txt",
    "bytes": "drawn.bin",
}
_BESIDE = {"leak.yaml": LEAK, "clean.yaml": CLEAN, "pack/_pack.yaml": b"id: pack\ntitle: A pack\n"}


@dataclass(frozen=True, slots=True)
class Box:
    """A folder in which commands run; `files` are the inputs, `rng` decides what is free, `seconds` bound a command."""

    folder: Path
    files: Mapping[str, bytes]
    rng: Random = field(default_factory=lambda: Random(0))
    seconds: float = 20.0

    def fill(self) -> Box:
        """Write what a command finds there."""
        for name, text in {**_BESIDE, **self.files}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        return self

    def run(self, *command: str) -> Outcome:
        """Run one command there."""
        return run(command, self.folder, self.seconds)

    @property
    def only(self) -> tuple[str, bytes]:
        """The only input: its name and its bytes."""
        ((name, text),) = self.files.items()
        return name, text


Judge = Callable[[Box], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    One question that is asked of many inputs.

    A `differential` compares two ways to the same answer, a `law` says what must hold of one. `input` is the kind of
    input, `heavy` whether all rules are loaded. The judge raises Broken, or Vacuous where the input says nothing.
    """

    name: str
    kind: Literal["law", "differential"]
    holds: str
    input: str
    judge: Judge
    heavy: bool = False


@cache
def targets() -> Mapping[str, Target]:
    """Every target by its name, in the order of the files of `targets` and of their lists."""
    folder = import_module("fuzz.targets")
    modules = [import_module(f"fuzz.targets.{name}") for name in sorted(modules_in(folder.__path__))]
    found = [target for module in modules for target in module.TARGETS]
    named = {target.name: target for target in found}
    if len(named) != len(found):
        raise ValueError("two targets have one name")
    return named
