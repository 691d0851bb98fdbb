"""
The exact ε of Gaussian noise, with arithmetic that neither overflows nor cancels.

Gaussian mechanisms compose to one Gaussian mechanism: with sensitivity over noise μ₁, μ₂, ... the whole run is as
private as one release with μ² = μ₁² + μ₂² + ... (Dong, Roth and Su 2019). What one release of that kind costs is
exact too (Balle and Wang 2018, theorem 8): δ(ε) = Φ(μ/2 - ε/μ) - exp(ε) · Φ(-μ/2 - ε/μ).

With x = ε/μ - μ/2 both terms share the density φ(x), and δ = φ(x) · (R(x) - R(x + μ)), where R is the Mills ratio: in
this form nothing overflows for a large μ and nothing vanishes for a tiny δ.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, erfc, exp, expm1, inf, log, log1p, pi, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedpolicy.analysis.accounting import Release

CLIPPED = (
    "each unit's contribution to each step is clipped before noise is added, and nothing leaves beside it (statistics "
    "of normalisation layers, control variates, counts of examples)"
)
LOG_SQRT_2PI = 0.5 * log(2 * pi)
# Above this, exp(x²/2) and erfc still fit into a float, and the continued fraction below has converged long since.
_FAR = 8.0
# No run has more steps than this, and a float holds it.
_MOST = 10**300


def clamp(count: int) -> float:
    """Give a count as a float, and one that is too long for a float as a very large one."""
    return float(max(0, min(count, _MOST)))


def run_mu(release: Release) -> float:
    """Return the sensitivity of the whole run in standard deviations of its noise, sampling disregarded."""
    return sqrt(clamp(release.steps)) / release.noise_multiplier


def log_sum(logs: Sequence[float]) -> float:
    """Return log(exp(a) + exp(b) + ...); minus infinity for none."""
    top = max(logs, default=-inf)
    return top if top in (inf, -inf) else top + log(sum(exp(one - top) for one in logs))


def log1p_exp(x: float) -> float:
    """Return log(1 + exp(x))."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


def log_expm1(x: float) -> float:
    """Return log(exp(x) - 1) for x >= 0."""
    if x <= 0:
        return -inf
    return log(expm1(x)) if x < 1 else x + log1p(-exp(-x))


def mills(x: float) -> float:
    """
    Return the Mills ratio of the normal distribution at x > -8: the tail beyond x, divided by the density at x.

    It is exp(x²/2) · sqrt(π/2) · erfc(x/√2); far out Laplace's continued fraction 1/(x + 1/(x + 2/(x + ...))) takes
    over.
    """
    if x < _FAR:
        return exp(x * x / 2) * sqrt(pi / 2) * erfc(x / sqrt(2))
    below = x
    for step in range(60, 0, -1):
        below = x + step / below
    return 1 / below


def log_normal_tail(x: float) -> float:
    """Return the logarithm of the probability that a standard normal variable is above x."""
    if x < -_FAR:
        return log1p(-0.5 * erfc(-x / sqrt(2)))
    return log(mills(x)) - x * x / 2 - LOG_SQRT_2PI


# Half the interval at least, each time; floats hold no more than this many halvings.
_HALVINGS = 80
# The tail of the normal distribution beyond this is below every float.
_FARTHEST = 45.0


def epsilon_of_mu(mu: float, delta: float) -> float:
    """Return the best ε at `delta` of Gaussian noise whose sensitivity is `mu` standard deviations."""
    if mu == inf:
        return inf
    if mu <= 0 or erf(mu / sqrt(8)) <= delta:
        return 0.0
    low, high, wanted = -mu / 2, _FARTHEST, log(delta)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _log_delta(middle, mu) > wanted:
            low = middle
        else:
            high = middle
    return mu * (high + mu / 2)


def log_delta_of_mu(mu: float, epsilon: float) -> float:
    """Return the logarithm of the best δ at `epsilon` of Gaussian noise whose sensitivity is `mu` deviations."""
    return _log_delta(epsilon / mu - mu / 2, mu)


def _log_delta(x: float, mu: float) -> float:
    if x < -1:  # then the first term is near 1 and the second is what is taken off it
        rest = mills(x + mu) / mills(x) if x > -8 else 0.0  # noqa: PLR2004  beyond, it is below the last digit
        return log_normal_tail(x) + log(max(1 - rest, 5e-324))
    gap = mills(x) - mills(x + mu)
    return log(gap) - x * x / 2 - LOG_SQRT_2PI if gap > 0 else -inf
