"""
Lower bounds on ε: what one test, run by somebody who sees the releases, already proves.

For every event E, (ε, δ)-differential privacy asks that P(E) <= exp(ε) Q(E) + δ, so ε >= log((P(E) - δ) / Q(E)) for
any two neighbours P and Q. The test here counts the steps whose release lies above a threshold; the counts are
binomial under the mechanism's worst neighbours. Which threshold and which count serve best is searched for; each is
sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, inf, lgamma, log, log1p

__all__ = ["Chance", "counting"]

# How likely one step's release is above a threshold with a unit, and without it.
Chance = tuple[float, float]

# Fewer steps leak less, so a longer run may be cut; beyond this the logarithms of factorials lose digits.
_LONGEST = 10**7
_TERMS = 300
# More than every rounding error in here.
_SLACK = 1e-6


def counting(steps: int, chances: Iterable[Chance], delta: float) -> float:
    """
    Return the highest ε at `delta` that counting refutes; 0 where it refutes nothing.

    `chances` are pairs: how likely one step's release is above a threshold with the unit, and without it.
    """
    # One step of a run is at times a better test than a count of all.
    runs = {1, min(steps, _LONGEST)}
    pairs = [(with_it, without) for with_it, without in chances if 0 < without < with_it < 1]
    found = (_best_count(run, with_it, without, delta) for run in sorted(runs) for with_it, without in pairs)
    return max(0.0, max(found, default=0.0) - _SLACK)


def _best_count(steps: int, with_it: float, without: float, delta: float) -> float:
    mean, spread = steps * with_it, (steps * with_it * (1 - with_it)) ** 0.5
    low, high = max(0, int(mean - 2 * spread)), min(steps, int(mean + 9 * spread) + 9)
    while low < high:
        middle = (low + high) // 2
        if _refuted(steps, middle, with_it, without, delta) < _refuted(steps, middle + 1, with_it, without, delta):
            low = middle + 1
        else:
            high = middle
    return _refuted(steps, low, with_it, without, delta)


def _refuted(steps: int, count: int, with_it: float, without: float, delta: float) -> float:
    """Return what the event `at least this many` refutes; minus infinity where it refutes nothing."""
    likely = _at_least(steps, count, with_it)
    return log(likely - delta) - _log_at_most(steps, count, without) if likely > delta else -inf


def _at_least(steps: int, count: int, chance: float) -> float:
    """Return a lower bound on the probability of at least `count` of `steps`: the first terms of its sum."""
    term = total = exp(_log_term(steps, count, chance))
    odds = chance / (1 - chance)
    for k in range(count, min(steps, count + _TERMS)):
        term *= odds * (steps - k) / (k + 1)
        total += term
    return total


def _log_at_most(steps: int, count: int, chance: float) -> float:
    """Return an upper bound on its logarithm: its terms fall at least as fast as a geometric series."""
    ratio = chance / (1 - chance) * (steps - count) / (count + 1)
    return min(0.0, _log_term(steps, count, chance) - log1p(-ratio)) if ratio < 1 else 0.0


def _log_term(steps: int, count: int, chance: float) -> float:
    ways = lgamma(steps + 1) - lgamma(count + 1) - lgamma(steps - count + 1)
    return ways + count * log(chance) + (steps - count) * log1p(-chance)
