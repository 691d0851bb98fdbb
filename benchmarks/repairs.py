"""
What `fedpolicy repair` answers in two versions of this repository, and how many answers differ.

The deployments are those that are named, random ones (the strategy of tests/analysis), and generated ones of some
sizes. Only an answer where something is to be cleared counts. Answers are compared by what they propose and what they
leave, and by whether they clear more, less, or the same in another way.

    git worktree add ../before HEAD~1
    python benchmarks/repairs.py ../before . --random 200 --sizes 100,1000 examples
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generate import SHAPES, deployment

ROOT = Path(__file__).parents[1]
# Runs in a process of its own, with the package of one version; prints one line of JSON an answer.
_ANSWER = """
import json, sys, time
from click.testing import CliRunner
from fedpolicy.cli.commands import app
for line in sys.stdin:
    start = time.process_time()
    result = CliRunner().invoke(app, ["repair", "--isolated", "--format", "json", *json.loads(line)])
    print(json.dumps([result.stdout, result.exit_code, time.process_time() - start]), flush=True)
"""


def main() -> None:
    """Ask both versions and print how many answers differ, by where the deployments come from."""
    parser = argparse.ArgumentParser(description="how many answers of `fedpolicy repair` two versions give differently")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("paths", type=Path, nargs="*", help="deployments, or folders of them")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--sizes", default="", help="nodes of generated deployments, such as 100,1000")
    parser.add_argument("--fail-on", default="high,low", help="severities, each asked for by itself")
    parser.add_argument("--show", action="store_true", help="print each answer that differs")
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        files = [*_named(options.paths), *_random(options.random, Path(folder)), *_sized(options.sizes, Path(folder))]
        asked = [(kind, path, level) for kind, path in files for level in options.fail_on.split(",")]
        commands = [[str(path), "--fail-on", level] for _, path, level in asked]
        both = zip(_answers(options.before, commands), _answers(options.after, commands), strict=True)
        _compare(asked, list(both), show=options.show)


def _named(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        for file in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
            yield path.name, file.resolve()


def _random(number: int, folder: Path) -> Iterator[tuple[str, Path]]:
    """The same ones every time."""
    if not number:
        return
    sys.path.insert(0, str(ROOT))
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415  only these need it

    from tests.analysis.deployments import deployments  # noqa: PLC0415

    trees: list[dict[str, Any]] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(deployments())
    def collect(tree: dict[str, Any]) -> None:
        trees.append(tree)

    collect()
    for index, tree in enumerate(trees):
        path = folder / f"random-{index}.yaml"
        path.write_text(json.dumps({"fedpolicy": 1, "name": "generated", **tree}, indent=1), encoding="utf-8")
        yield "random", path


def _sized(sizes: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for size in filter(None, sizes.split(",")):
        for shape in SHAPES:
            path = folder / f"{shape}-{size}.yaml"
            path.write_text(deployment(int(size), shape), encoding="utf-8")
            yield f"{shape} {size}", path


def _answers(version: Path, commands: list[list[str]]) -> list[tuple[dict[str, Any] | None, float]]:
    """What a version answers, and how long each answer takes it; nothing where it cannot use the file."""
    done = subprocess.run(
        [sys.executable, "-c", _ANSWER],
        env={**os.environ, "PYTHONPATH": str(version.resolve())},
        cwd=version,
        input="".join(json.dumps(command) + "\n" for command in commands),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [(json.loads(text) if code in {0, 1} else None, seconds) for text, code, seconds in answers]


def _compare(asked: list[tuple[str, Path, str]], both: list[tuple[Any, Any]], *, show: bool) -> None:
    counts: dict[str, Counter[str]] = {}
    for (kind, path, level), ((before, was), (after, now)) in zip(asked, both, strict=True):
        table = counts.setdefault(kind, Counter())
        if before is None or after is None:
            table["unusable"] += before is not after
            continue
        if not before["chosen"]:
            continue
        table["answers"] += 1
        table["planned"] += before["planned"]
        table["ms before"] += round(was * 1000)
        table["ms after"] += round(now * 1000)
        what = _difference(before, after)
        table[what] += 1
        if show and what != "same":
            print(what, path.name, level, _sets(before), _sets(after), sep="\n  ")
    columns = ("answers", "planned", "same", "less", "dearer", "more", "cheaper", "others", "unusable")
    columns = (*columns, "ms before", "ms after")
    print(f"{'deployments':<24}", *(f"{name:>9}" for name in columns))
    for kind, table in counts.items():
        print(f"{kind:<24}", *(f"{table[name]:>9}" for name in columns))


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What is cleared counts first, then what the first proposal costs, then the alternatives."""
    if _sets(before) == _sets(after):
        return "same"
    cleared = [max((len(one["clears"]) for one in answer["proposals"]), default=0) for answer in (before, after)]
    if cleared[0] != cleared[1]:
        return "less" if cleared[1] < cleared[0] else "more"
    cost = [answer["proposals"][0]["cost"] if answer["proposals"] else 0 for answer in (before, after)]
    if cost[0] != cost[1]:
        return "dearer" if cost[1] > cost[0] else "cheaper"
    return "others"


def _sets(answer: dict[str, Any]) -> list[list[str]]:
    return [sorted(change["id"] for change in one["changes"]) for one in answer["proposals"]]


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"{time.perf_counter() - started:.0f} s")
