"""
The exact ε of Gaussian noise.

Gaussian mechanisms compose to one Gaussian mechanism: with sensitivity over noise μ₁, μ₂, ... the whole run is as
private as one release with μ² = μ₁² + μ₂² + ... (Dong, Roth and Su 2019). What one release of that kind costs is
exact too (Balle and Wang 2018, theorem 8): δ(ε) = Φ(μ/2 - ε/μ) - exp(ε) · Φ(-μ/2 - ε/μ).

With x = ε/μ - μ/2 both terms share the density φ(x), and δ = φ(x) · (R(x) - R(x + μ)), where R is the Mills ratio: in
this form nothing overflows for a large μ and nothing vanishes for a tiny δ.
"""

from __future__ import annotations

from math import erf, inf, log, sqrt

from fedpolicy.analysis.accounting.numbers import LOG_SQRT_2PI, log_normal_tail, mills

__all__ = ["epsilon_of_mu", "log_delta_of_mu"]

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
