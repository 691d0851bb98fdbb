"""
Privacy loss distributions: curves joined, composed and read with dp-accounting.

Connecting the dots (Doroshenko et al. 2022) takes a curve at multiples of an interval and joins the points by
straight lines, which lie above it: the composed distribution is never more private than the run.

The lower bound comes from the same distribution. Joining dots splits each loss between its two neighbours on the
grid, h apart, such that likelihood ratios keep their mean. So the error of one step lies in an interval of length h,
and its mean is at most h²/8 (Hoeffding's lemma). After n steps the errors sum up to more than s(k) = n h²/8 + k h
sqrt(n) / 2 with a probability of exp(-k²/2) at most, whatever the losses were (Hoeffding's inequality). With d(ε) for
the composed distribution's δ that gives δ(ε - s(3)) >= d(ε) - Σ over k >= 3 of (exp(-k²/2) - exp(-(k+1)²/2)) d(ε -
s(k+1)).

Nothing here is imported unless dp-accounting is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import ceil, exp, floor, sqrt
from typing import Any

import numpy as np
from dp_accounting.pld import pld_pmf

from fedpolicy.analysis.accounting.curves import Curve, Sides

__all__ = ["measure"]

# dp-accounting's own interval. A long run gets a finer one, by this share of ε over the errors of all steps; a wide
# distribution gets a coarser one, so that it has no more points than this.
_INTERVAL, _SHARE, _POINTS = 1e-4, 0.003, 300_000
# What is cut off at each composition, and counted as lost.
_CUT = 1e-15
# Errors of fewer and of more standard deviations than these are not told apart.
_FROM, _TO = 3, 9
# One step's distribution may sum up to a little more than 1; over the longest run to no more than this above it.
_SPARE = 1e-3
# By how much d(ε) is taken above δ, so that the sum over errors fits in between.
_TRIES = (1.01, 1.02, 1.04, 1.08, 1.16, 1.32)


def measure(sides: Sequence[Sides], about: float, delta: float, rounding: float) -> tuple[float, float]:
    """
    Return a lower and an upper bound on ε at `delta`, where ε is at most `about` and `rounding` is what δ may be off.

    The lower one is 0 where nothing sound is known of one of the releases.
    """
    steps = sum(one.steps for one in sides)
    widest = max(curve.upper - curve.lower for one in sides for curve in (one.with_it, one.without_it))
    interval = max((widest + 4 * about) / _POINTS, min(_INTERVAL, _SHARE * about / sqrt(steps)))
    with np.errstate(all="ignore"):
        there = _composed(sides, lambda one: one.with_it, interval)
        back = _composed(sides, lambda one: one.without_it, interval)
        high = max(one.get_epsilon_for_delta(delta - rounding) for one in (there, back))
        certain = [one for one in sides if one.surely]
        same = all(one.surely is one.with_it for one in sides)
        surely = (
            there if same else _composed(certain, lambda one: one.surely or one.with_it, interval) if certain else None
        )
        least = _least(surely, steps, interval, (delta + rounding) * (1 + _SPARE)) if surely else 0.0
    return max(0.0, float(least)), float(high)


def _composed(sides: Sequence[Sides], side: Callable[[Sides], Curve], interval: float) -> Any:  # noqa: ANN401  untyped
    # A sparse distribution would be composed step by step.
    steps = (_joined(side(one), interval).to_dense_pmf().self_compose(one.steps, _CUT) for one in sides)
    return reduce(lambda one, other: pld_pmf.compose_pmfs(one, other, _CUT), steps)


def _joined(curve: Curve, interval: float) -> Any:  # noqa: ANN401
    first, last = floor(curve.lower / interval), ceil(curve.upper / interval)
    losses = np.arange(first, last + 1, dtype=np.float64) * interval
    return pld_pmf.create_pmf_pessimistic_connect_dots_fixed_gap(interval, first, last, curve.deltas(losses))


def _least(losses: Any, steps: int, interval: float, delta: float) -> float:  # noqa: ANN401
    """Return an ε that the run does not reach at `delta`, by the inequality above; 0 where none is found."""
    off = [steps * interval * interval / 8 + k * interval * sqrt(steps) / 2 for k in range(_TO + 1)]
    for more in _TRIES:
        epsilon = losses.get_epsilon_for_delta(delta * more) - interval if delta * more < 1 else 0.0
        if epsilon > 0 and losses.get_delta_for_epsilon(epsilon) - _blurred(losses, epsilon, off) >= delta:
            return max(0.0, float(epsilon) - off[_FROM])
    return 0.0


def _blurred(losses: Any, epsilon: float, off: Sequence[float]) -> float:  # noqa: ANN401
    """Return the most that errors above the lowest ones told apart may add to δ at an ε."""
    weights = [exp(-k * k / 2) for k in range(_TO + 1)]
    told = range(_FROM, _TO)
    return weights[_TO] + sum(
        (weights[k] - weights[k + 1]) * float(losses.get_delta_for_epsilon(epsilon - off[k + 1])) for k in told
    )
