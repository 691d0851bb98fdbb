"""
Whether a state of fedpolicy is slower than another: `python benchmarks/regression.py OLD/bin NEW/bin`.

Both are started in turn, in the same minutes on the same machine, so that only their ratio counts. Ends with 1 where
one of the measurements takes more than a tenth more processor time, or memory, than before.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from generate import SHAPES, deployment
from measure import Command, Sample, interleaved, machine, show

MOST = 1.10
RUNS = 5
SIZE = 1_000
LEAST = 100
FILES = 30
_ENDING = ("--fail-on", "never")


def main() -> int:
    """Measure, print, and say with the exit code whether anything got slower."""
    if len(sys.argv) != 3:  # noqa: PLR2004  the program and two folders
        sys.exit("name two folders with the program fedpolicy: the older one first")
    with tempfile.TemporaryDirectory() as folder:
        asked = _questions(Path(folder))
        found = {name: _measured(what, sys.argv[1], sys.argv[2]) for name, what in asked.items()}
    rows = compared(found)
    print(f"{machine()}. Medians of {RUNS} interleaved runs; at most {MOST:.2f} x.\n")
    print(show(("measured", "before", "now", "time", "memory", ""), rows))
    return int(slower(rows))


def _questions(folder: Path) -> dict[str, tuple[str, ...]]:
    # What is generated has old words only: an older state need not know those of today's examples.
    small = deployment(LEAST)
    many = folder / "estate"
    many.mkdir()
    for number in range(FILES):
        text = small.replace("name: generated", f"name: generated-{number:03}", 1)
        (many / f"{number:03}.fedpolicy.yaml").write_text(text, encoding="utf-8")
    found = {"--help": ("--help",), f"check, {LEAST} nodes": ("check", str(many / "000.fedpolicy.yaml"), *_ENDING)}
    for shape in SHAPES:
        path = folder / f"{shape}.yaml"
        path.write_text(deployment(SIZE, shape), encoding="utf-8")
        found[f"check, {shape} of {SIZE:,}"] = ("check", str(path), *_ENDING)
    return {**found, f"check, {FILES} files": ("check", str(many), "--jobs", "1", *_ENDING)}


def _measured(what: tuple[str, ...], old: str, new: str) -> tuple[Sample, Sample]:
    commands = [Command(name=at, arguments=(str(Path(at) / "fedpolicy"), *what)) for at in (old, new)]
    found = interleaved(commands, RUNS)
    return found[old], found[new]


def compared(found: Mapping[str, tuple[Sample, Sample]]) -> list[tuple[str, ...]]:
    """A line for each measurement; the last column says which got worse."""
    rows = []
    for name, (before, now) in found.items():
        time, memory = now.work / before.work, now.peak / before.peak
        verdict = "WORSE" if max(time, memory) > MOST else "held"
        row = (name, f"{before.work:.3f} s", f"{now.work:.3f} s", f"{time:.2f} x", f"{memory:.2f} x", verdict)
        rows.append(row)
    return rows


def slower(rows: list[tuple[str, ...]]) -> bool:
    """Whether any line says so."""
    return any(row[-1] == "WORSE" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
