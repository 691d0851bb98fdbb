"""Results of rule tests as numbers that every format shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedpolicy.policy.trial import Trial

__all__ = ["PackTrial", "Score", "score", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTrial:
    """A pack as the user named it, and the trial of each of its rules."""

    pack: str
    trials: Sequence[Trial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much the examples of some rules show; `shown` counts rules with both a failing and a passing example."""

    rules: int
    passed: int
    shown: int
    unknown: int
    mutants: int
    killed: int


def score(packs: Iterable[PackTrial]) -> Score:
    """Add everything up."""
    trials = [trial for pack in packs for trial in pack.trials]
    mutants = sum(trial.mutants for trial in trials)
    return Score(
        rules=len(trials),
        passed=sum(trial.passed for trial in trials),
        shown=sum(bool(trial.shown.get("fail") and trial.shown.get("pass")) for trial in trials),
        unknown=sum(bool(trial.shown.get("unknown")) for trial in trials),
        mutants=mutants,
        killed=mutants - sum(len(trial.survivors) for trial in trials),
    )


def share(part: int, whole: int) -> float:
    """A percentage; all of nothing is everything."""
    return 100.0 * part / whole if whole else 100.0
