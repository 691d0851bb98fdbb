"""Compare an engine with the suite: `python conformance/run.py COMMAND...`; see README.md. Needs nothing but Python."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parent / "cases"
_PARTS = ("facts", "findings")
_AT_ONCE = 100


def compared(command: Sequence[str], cases: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """For each case and part that the engine answers: whether it is the `same`, and the first row that is not."""
    for start in range(0, len(cases), _AT_ONCE):
        some = {str(case / "input.yaml"): case for case in cases[start : start + _AT_ONCE]}
        done = subprocess.run([*command, *some], capture_output=True, check=False, encoding="utf-8")  # noqa: S603  the user's
        answers = {one["input"]: one for one in map(json.loads, done.stdout.splitlines())}
        for name, case in some.items():
            if name not in answers:
                yield case.name, "no answer", (done.stderr.strip().splitlines() or [""])[-1]
                continue
            for part in _PARTS:
                if part in answers[name]:
                    yield case.name, *_told(part, case, answers[name])


def _told(part: str, case: Path, answer: Mapping[str, Any]) -> tuple[str, str]:
    wanted = set(_rows(json.loads((case / f"{part}.json").read_text(encoding="utf-8"))))
    given = set(_rows(answer[part]))
    rows = [f"missing: {row}" for row in sorted(wanted - given)] + [
        f"not wanted: {row}" for row in sorted(given - wanted)
    ]
    return (f"other {part}", rows[0]) if rows else (f"same {part}", "")


def _rows(part: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Rows as text; those of facts with the deployment and the kind that they belong to."""
    for one in part:
        if "rule" in one:
            yield json.dumps(one, sort_keys=True)
            continue
        for kind, rows in one.items():
            for row in rows if isinstance(rows, list) else [rows]:
                yield f"{one['deployment']} {kind} {json.dumps(row, sort_keys=True)}"


def main() -> int:
    """Compare, and print each difference and the numbers."""
    if len(sys.argv) == 1:
        print(__doc__)
        return 2
    count: Counter[str] = Counter()
    for case, what, row in compared(sys.argv[1:], sorted(path for path in CASES.iterdir() if path.is_dir())):
        count[what] += 1
        if not what.startswith("same"):
            print(f"{case}: {what}: {row}")
    print(", ".join(f"{what} {number}" for what, number in sorted(count.items())))
    return int(any(not what.startswith("same") for what in count))


if __name__ == "__main__":
    sys.exit(main())
