"""
Mutation testing of the four rooms where verdicts are made.

    make mutants ROOM=graph COUNT=100 SEED=7

It draws mutants, tries each on the tests that run its lines, and notes what became of it in build/mutants/. The same
seed draws the same mutants from the same code.
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ["FEDPOLICY_LAWS"] = "5"  # few examples of each law

import importlib
import json
from collections.abc import Callable, Iterable
from functools import partial
from itertools import accumulate
from typing import Any

from tools.mutants.changes import Mutant
from tools.mutants.choosing import drawn, recorded
from tools.mutants.page import counted, explained, fates_in
from tools.mutants.recording import RECORDED, ROOMS, ROOT
from tools.mutants.trying import Fate, Tests, Warm, afresh, collected

_WARM, _FRESH = 6.0, 15.0  # CPU seconds of tests, lines counted: those that are collected already, and others
_FEW = 20  # files of tests that are collected anew for a mutant
_HEAVY = ("hypothesis", "pydantic", "networkx", "yaml", "cel_expr_python", "click", "jsonschema", "pytest", "asyncio")


def main() -> None:
    """Try the mutants of a room."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--survivors", action="store_true", help="try those again that survived the last time")
    parser.add_argument("--least", type=float, default=0, help="fail if fewer per cent are killed")
    given = parser.parse_args()
    run = _Run(given.room, given.count, given.seed, again=given.survivors)
    sys.stdout.write(f"{given.room}: {len(run.mutants)} mutants, seed {given.seed}\n")
    run.warm()
    run.afresh()
    share = run.told()
    sys.exit(share < given.least)


class _Run:
    """The mutants of a room and what became of each, in a file that grows line by line."""

    def __init__(self, room: str, count: int, seed: int, *, again: bool) -> None:
        self.file = RECORDED.with_name(f"{room}-{seed}.jsonl")
        self.room, self.seen = room, recorded()
        self.costs = dict(self.seen.tests)
        self.mutants = drawn(room, count, seed)
        before = self.fates() if self.file.is_file() else {}
        self.equivalent = {key for key, one in explained().items() if one.kind == "equivalent"}
        survived = {key for key, one in before.items() if one["fate"] == "survived"}
        keys = {one.key for one in self.mutants} - (survived - self.equivalent if again else set())
        kept = [one for key, one in before.items() if key in keys]
        self.file.write_text("".join(f"{json.dumps(one)}\n" for one in kept))
        self.tests = {one.key: self.seen.tests_of(one) for one in self.mutants}
        self.new, self.passing = _new_files(room), dict[str, bool]()
        for name in _HEAVY:
            importlib.import_module(name)

    def fates(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The last that is known of each mutant."""
        return fates_in(self.file)

    def told(self) -> float:
        """Say how many are killed, and return the share of those that are not known to be equivalent."""
        counts = counted(self.fates(), explained())
        share = 100 * counts["killed"] / max(counts["killed"] + counts["survived"], 1)
        numbers = ", ".join(f"{counts[kind]} {kind}" for kind in ("killed", "equivalent", "survived"))
        sys.stdout.write(f"{self.room}: {counts.total()} mutants, {numbers}: {share:.1f} % killed of the others\n")
        return share

    def warm(self) -> None:
        """Try those whose code can be changed where all is loaded."""
        left = [one for one in self.mutants if one.key not in self.fates()]
        files = {*self._files(name for one in left for name in self._within(one, _WARM)), *self.new}
        if files:
            collected(sorted(files), lambda warm: self._warm(warm, left))

    def _warm(self, warm: Warm, left: list[Mutant]) -> None:
        for mutant in left:
            if warm.has(mutant):
                attempt = partial(warm.try_on, known=self.costs)
                self._note(mutant, self._fate(mutant, self._within(mutant, _WARM), attempt), "warm")

    def afresh(self) -> None:
        """Try the others with everything loaded anew, and those that survive: a function may run during an import."""
        for mutant in self.mutants:
            if self.fates().get(mutant.key, _NOT_YET)["fate"] == "survived" and mutant.key not in self.equivalent:
                tests = self._of_few_files(self._within(mutant, _FRESH))
                attempt = partial(afresh, known=self.costs, files=sorted({*self._files(tests), *self.new}))
                self._note(mutant, self._fate(mutant, tests, attempt), "afresh")

    def _fate(self, mutant: Mutant, tests: Tests, attempt: Callable[[Mutant | None, Tests], Fate]) -> Fate:
        """What tests make of a mutant that pass without it."""
        while True:
            fate, test = attempt(mutant, tests)
            if fate == "broken":
                raise SystemExit(test)
            if fate == "survived":
                return fate, test
            if test not in self.passing:
                self.passing[test] = self._passes(test, tests, attempt)
            if self.passing[test]:
                return fate, test
            tests = {name: cost for name, cost in tests.items() if name != test}

    def _passes(self, test: str, tests: Tests, attempt: Callable[[Mutant | None, Tests], Fate]) -> bool:
        """Whether a test passes without a mutant. Raises SystemExit for one that is not recorded."""
        if test in tests:
            return attempt(None, {test: tests[test]})[0] == "survived"
        fate, failed = attempt(None, {})
        if fate != "survived":
            raise SystemExit(f"{failed} fails without a mutant: mend it, or record the tests anew")
        return True

    def _of_few_files(self, tests: Tests) -> Tests:
        files = list(dict.fromkeys(name.split("::")[0] for name in tests))[:_FEW]
        return {name: cost for name, cost in tests.items() if name.split("::")[0] in files}

    def _files(self, tests: Iterable[str]) -> set[str]:
        return {name.split("::")[0] for name in tests}

    def _within(self, mutant: Mutant, seconds: float) -> Tests:
        names = self.tests[mutant.key]
        sums = accumulate(self.costs[name] for name in names)
        return {name: self.costs[name] for name, whole in zip(names, sums, strict=True) if whole <= seconds}

    def _note(self, mutant: Mutant, fate: Fate, how: str) -> None:
        row = {"key": mutant.key, "line": mutant.line, "fate": fate[0], "by": fate[1], "how": how}
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{json.dumps(row)}\n")
        sys.stdout.write(
            f"{fate[0]:9} {mutant.file}:{mutant.line} {mutant.before} -> {mutant.after} ({how}: {fate[1]})\n"
        )
        sys.stdout.flush()


_NOT_YET = {"fate": "survived"}


def _new_files(room: str) -> set[str]:
    """The files of tests of a room that have changed since all tests were recorded."""
    paths = (ROOT / "tests" / room).rglob("test_*.py")
    return {path.relative_to(ROOT).as_posix() for path in paths if path.stat().st_mtime > RECORDED.stat().st_mtime}


if __name__ == "__main__":
    main()
