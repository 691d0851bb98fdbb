"""
What the largest rules cost that are accepted, for one element: `python benchmarks/rules.py`.

Seconds of processor, the median of some runs, against the second that docs/limits.md promises.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from measure import machine, show

from fedpolicy.policy.expression import activator

ROOT = Path(__file__).parents[1]
_RUNS = 5
_BAR = 1.0


def seconds(expression: str, text: str, items: Sequence[str], *, large: bool = True) -> float:
    """How long one judgement takes."""
    from tests.attacks.largest_rules import LANGUAGE  # noqa: PLC0415  needs the checkout on the path

    rule, facts = LANGUAGE.compile(expression), {"a.text": text, "a.list": list(items)}
    ready = activator()(facts)
    began = time.process_time()
    rule.judge(facts, ready, large=large)
    return time.process_time() - began


def main() -> None:
    """Measure and print; the exit code says nothing about speed."""
    from tests.attacks.largest_rules import LARGEST, NESTED  # noqa: PLC0415

    found = {name: [seconds(*given) for _ in range(_RUNS)] for name, given in LARGEST.items()}
    found["lists within lists of short words"] = [seconds(*NESTED, large=False) for _ in range(_RUNS)]
    rows = [(name, f"{statistics.median(runs):.2f} s", _kept(runs)) for name, runs in found.items()]
    sys.stdout.write(f"{machine()}\n\n{show(('a rule', 'processor', 'at most 1 s'), rows)}\n")


def _kept(runs: Sequence[float]) -> str:
    return "held" if statistics.median(runs) <= _BAR else "MISSED"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
