"""How much a proposal asks for: clients in a round, clients in a sum, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound
from fedpolicy.analysis.exposure.mechanisms import mechanism_at
from fedpolicy.analysis.exposure.privacy import spend
from fedpolicy.graph import Path
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.repair import RepairContext

__all__ = ["LEAST_HIDDEN", "enough", "gaussian_noise", "hidden_among", "more_noise"]

# With three, nobody who contributes sees a single contribution; ten are the advice of secure-aggregation-threshold-low.
LEAST_HIDDEN, _GOOD = 3, 10

_SHARE = 0.5  # of the largest budget that counts: what one party sees of a dataset adds up
_UNKNOWN_UNITS = 10**9
_MOST = 10_000.0  # more noise than any signal survives


def enough(total: int) -> int:
    """How many clients should take part in a round: ten, or all if there are fewer."""
    return min(total, _GOOD)


def hidden_among(per_round: int) -> int:
    """How many of a round's clients must at least be in a sum: two thirds, for some drop out, and ten of many."""
    return min(per_round, max(LEAST_HIDDEN, min(_GOOD, -(-per_round * 2 // 3))))


def gaussian_noise(context: RepairContext, task: Task, where: str) -> dict[str, Any] | None:
    """
    A Gaussian mechanism for every round of a task, with all its parameters; None where its rounds are not stated.

    No sampling is counted on, and each client's whole contribution is clipped, so that it protects all that a client
    holds. Delta is below one over ten times the number of units.
    """
    if task.rounds is None:
        return None
    rounds, delta = task.rounds, 10.0 ** -(len(str(_units(context, task))) + 1)
    multiplier = _least(
        lambda noise: bound([Release(mechanism="gaussian", noise_multiplier=noise, steps=rounds)], delta).high,
        context.max_epsilon * _SHARE,
    )
    if multiplier is None:
        return None
    return {
        "kind": "differential_privacy",
        "where": where,
        "mechanism": "gaussian",
        "noise_multiplier": multiplier,
        "clipping_norm": 1.0,
        "sampling": "none",
        "steps": rounds,
        "delta": delta,
        "unit": "client",
    }


def more_noise(context: RepairContext, path: Path, spec: DifferentialPrivacy) -> tuple[float, float] | None:
    """
    The least noise multiplier for which a declared mechanism stays within the limit and its own claim, and that budget.

    None where no noise is enough, because something else is missing, or where there is enough already.
    """
    target = min(context.max_epsilon, spec.claimed_epsilon or context.max_epsilon)

    def epsilon(noise: float) -> float:
        louder = spec.changed(noise_multiplier=noise)
        return spend([mechanism_at(context.deployment, path, louder)], context.max_epsilon).high

    multiplier = _least(epsilon, target)
    if multiplier is None or multiplier <= (spec.noise_multiplier or 0.0):
        return None
    return multiplier, target


def _least(epsilon: Callable[[float], float], target: float) -> float | None:
    """The least multiplier, in tenths, whose budget is within the target."""
    low, high = 0, 1
    while epsilon(high / 10) > target:
        low, high = high, high * 2
        if high / 10 > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if epsilon(middle / 10) > target else (low, middle)
    return high / 10


def _units(context: RepairContext, task: Task) -> int:
    """How many units the data of a task have together."""
    families = {reference.partition("@")[0] for reference in task.data}
    found = [item.units for item in context.study.graph.data if item.family in families]
    known = [units for units in found if units is not None]
    return max(sum(known), 1) if known and len(known) == len(found) else _UNKNOWN_UNITS
