"""Which mutants are tried, drawn over the functions of a room, and by which tests, from what was recorded."""

from __future__ import annotations

import ast
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from tools.mutants.changes import Mutant, mutants_of
from tools.mutants.recording import RECORDED, ROOT

_FAR = 3  # times the cost
_DEAREST = 6.0  # CPU seconds of a test that is worth trying


@cache
def source_of(file: str) -> str:
    """The text of a module when the run began."""
    return (ROOT / file).read_text(encoding="utf-8")


def files_of(room: str) -> list[str]:
    """The modules of a room."""
    return [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "fedpolicy" / room).rglob("*.py"))]


def drawn(room: str, count: int, seed: int) -> list[Mutant]:
    """As many mutants of a room, each of another function until each function has one."""
    functions: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for file in files_of(room):
        for mutant in mutants_of(file, source_of(file)):
            functions[file, mutant.function].append(mutant)
    # Each function has a dice of its own, so that a change of one leaves the mutants of all others as they are.
    dice = {name: random.Random(f"{seed} {' '.join(name)}") for name in functions}  # noqa: S311  the same each time
    rows = [
        (turn, dice[name].random(), mutant)
        for name, found in functions.items()
        for turn, mutant in enumerate(dice[name].sample(found, len(found)))
    ]
    first = sorted(rows, key=lambda row: row[:2])[:count]
    return sorted((mutant for *_, mutant in first), key=lambda one: (one.file, one.line, one.key))


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What `tools.mutants.recording` has seen."""

    tests: list[tuple[str, float]]
    lines: dict[str, dict[str, list[int]]]
    sources: dict[str, list[str]] = field(default_factory=dict)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a mutant: cheap ones of its room first, and of many cases of one test a few."""
        room = mutant.file.split("/")[1]
        # What is said once, while a module is imported, shows where all of a room is compared.
        whole = set() if mutant.body else self._of_room(mutant, "test_whole.py")
        cases: dict[str, list[int]] = defaultdict(list)
        for number in sorted(self._running(mutant) | whole, key=lambda one: self.tests[one][1]):
            if self.tests[number][1] <= _DEAREST:
                cases[self.tests[number][0].partition("[")[0]].append(number)
        ranked = [
            (
                number not in whole,
                self.tests[number][1] * (5 + place) * (1 if name.startswith(f"tests/{room}/") else _FAR),
                self.tests[number][0],
            )
            for name, numbers in cases.items()
            for place, number in enumerate(numbers)
        ]
        return [name for *_, name in sorted(ranked)]

    def _running(self, mutant: Mutant) -> set[int]:
        lines = self.lines.get(mutant.file, {})
        own = _union(lines, range(mutant.line, mutant.last + 1)) if mutant.body else set()
        if not own and mutant.function != "(module)":
            own = _union(lines, _lines_of(mutant))
        return own or self._naming(mutant) or _union(lines, map(int, lines)) or self._of_room(mutant)

    def _of_room(self, mutant: Mutant, file: str = "") -> set[int]:
        """The tests of the room, or of one file; all for a module that is newer than what was recorded."""
        near = f"tests/{mutant.file.split('/')[1]}/{file}"
        return {number for number, (name, cost) in enumerate(self.tests) if name.startswith(near) and cost >= 0}

    def _naming(self, mutant: Mutant) -> set[int]:
        """The tests that run a line on which the constant or the field stands that is changed."""
        name = _name_at(mutant)
        found: set[int] = set()
        if name:
            pattern = re.compile(rf"\b{re.escape(name)}\b")
            for file, lines in self.lines.items():
                if file not in self.sources:
                    self.sources[file] = source_of(file).splitlines()
                found |= _union(lines, (at for at, text in enumerate(self.sources[file], 1) if pattern.search(text)))
        return found


def recorded() -> Recorded:
    """What was recorded last."""
    found = json.loads(RECORDED.read_text(encoding="utf-8"))
    # A module may be gone or elsewhere since then.
    return Recorded(
        tests=found["tests"], lines={file: lines for file, lines in found["lines"].items() if (ROOT / file).is_file()}
    )


def _union(lines: dict[str, list[int]], numbers: Iterable[int]) -> set[int]:
    return {test for number in numbers for test in lines.get(str(number), ())}


def _lines_of(mutant: Mutant) -> range:
    name = mutant.function.rsplit(".", 1)[-1]
    for node in ast.walk(ast.parse(source_of(mutant.file))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            last = node.end_lineno or node.lineno
            if node.lineno <= mutant.line <= last:
                return range(node.lineno, last + 1)
    return range(0)


def _name_at(mutant: Mutant) -> str:
    """The name that the statement around a change binds."""
    tree = ast.parse(source_of(mutant.file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= mutant.line <= (node.end_lineno or 0):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                return target.id
    return ""
