"""
What an epsilon allows: how well somebody can tell whether a unit took part, and what each step adds.

A test that is wrong about one in a hundred units that did not take part (its false positives) finds at most some share
of those that did. For Gaussian noise that share is exact (Dong, Roth and Su 2019); else every pair of an ε and a δ that
holds gives a bound, f exp(ε) + δ and 1 - exp(-ε) (1 - δ - f) at f false positives, and the least one is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import exp, inf
from statistics import NormalDist

from fedpolicy.analysis.accounting.bounds import bound, found_at, growth, mu_of
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.analysis.exposure.privacy import Effort, Spending, spend

FALSE_POSITIVES = 0.01
_DELTAS = (0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9)
# At how many places a curve is computed; at few where each takes long, as no run has so many steps.
_PLACES, _FEW, _LONG = 25, 8, 10**7


@lru_cache(maxsize=4096)
def found_at_most(mechanisms: tuple[Mechanism, ...], spent: Spending) -> float:
    """Of the units that took part, the share that a test with one false positive in a hundred finds at most."""
    alpha = FALSE_POSITIVES
    pairs = [] if spent.high == inf else [(spent.high, spent.delta or 0.0)]
    releases = [one.high for one in mechanisms if one.high is not None]
    shares = [1.0]
    if len(releases) == len(mechanisms):
        if (mu := mu_of(releases)) < inf:
            normal = NormalDist()
            shares.append(normal.cdf(normal.inv_cdf(alpha) + mu))
        shares.append(found_at(releases, alpha))
        if shares[-1] == 1:
            pairs += [(bound(releases, delta).high, delta) for delta in _DELTAS]
    shares += [_of_pair(epsilon, delta, alpha) for epsilon, delta in pairs]
    return max(alpha, min(shares))


def _of_pair(epsilon: float, delta: float, alpha: float) -> float:
    if epsilon == inf:
        return 1.0
    return min(1.0, exp(min(epsilon, 50.0)) * alpha + delta, 1 - exp(-epsilon) * (1 - delta - alpha))


def per_step(mechanism: Mechanism) -> Spending | None:
    """What one step alone spends; None where there is but one, or nobody knows."""
    release = mechanism.high
    if release is None or release.steps < 2 or release.restart or release.mechanism in {"dp_ftrl_tree", "zcdp"}:  # noqa: PLR2004
        return None
    one = replace(release, steps=1)
    return spend([replace(mechanism, low=one, high=one)], inf, Effort.CLOSE)


def costliest(mechanisms: Sequence[Mechanism]) -> tuple[Mechanism, Spending] | None:
    """Of several mechanisms, the one that would spend most by itself."""
    if len(mechanisms) < 2:  # noqa: PLR2004
        return None
    alone = [(one, spend([one], inf, Effort.CLOSE)) for one in mechanisms]
    return max(alone, key=lambda pair: (pair[1].high, pair[0].path))


def over_steps(mechanism: Mechanism) -> tuple[tuple[int, float, float], ...]:
    """Between what its epsilon lies after so many steps, at the declared delta; empty where that is not known."""
    release = mechanism.high
    if release is None or release.steps < 2 or mechanism.delta is None:  # noqa: PLR2004
        return ()
    apart = max(1, round(release.steps / (_PLACES if release.steps < _LONG else _FEW)))
    steps = [*range(apart, release.steps, apart), release.steps]
    found = zip(steps, growth(release, steps, mechanism.delta), strict=True)
    return tuple((step, low, high) for step, (low, high) in found if high < inf)
