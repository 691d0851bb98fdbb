"""
Mechanisms with Laplace noise: pure ε, and the Rényi divergences of both Laplace noise and pure ε.

The sparse vector technique is read as follows, with b the noise multiplier: the threshold gets Laplace noise of scale
b, each comparison Laplace noise of scale 2b, and each value released with an answer Laplace noise of scale b. Drawing
the threshold's noise anew after each released answer makes every answer one run of AboveThreshold, 1/b for the
threshold and 1/b for the comparison (Dwork and Roth 2014, theorem 3.23); keeping it costs less (Lyu, Su and Li 2017:
ε1 + ε2 with ε1 = 1/b and ε2 = c/b). With the value, 1/b more, c answers cost at most 3c/b either way.
"""

from __future__ import annotations

from math import exp, expm1, inf, log1p

__all__ = ["laplace_divergence", "laplace_epsilon", "pure_divergence"]

# Where (order - 1) · ε is above this, ε itself is most of a divergence, and nothing cancels.
_SMALL = 0.5
_TERMS = 12  # of a series at most _SMALL wide: the next one is below the last digit


def laplace_divergence(order: float, epsilon: float) -> float:
    """
    Return the Rényi divergence of Laplace noise that is pure `epsilon` (Mironov 2017, proposition 6).

    log(a exp((a - 1) ε) / (2a - 1) + (a - 1) exp(-aε) / (2a - 1)) / (a - 1). Where that is small, what exceeds 1 in the
    logarithm is put together from terms that are all positive: a sum over 10^12 steps has no digits to lose.
    """
    if epsilon == inf:
        return inf
    if (order - 1) * epsilon > _SMALL:
        share = expm1((1 - 2 * order) * epsilon) * (order - 1) / (2 * order - 1)
        return epsilon + log1p(share) / (order - 1)
    excess = order * _beyond_linear((order - 1) * epsilon) + (order - 1) * _beyond_linear(-order * epsilon)
    return log1p(excess / (2 * order - 1)) / (order - 1)


def pure_divergence(order: float, epsilon: float) -> float:
    """
    Return the highest Rényi divergence of anything pure `epsilon`, reached by randomised response.

    log((exp(aε) + exp((1 - a) ε)) / (1 + exp(ε))) / (a - 1). What exceeds 1 in the logarithm is a product of positive
    numbers: (exp((a - 1) ε) - 1) (1 - exp(-aε)) / (1 + exp(-ε)).
    """
    if epsilon == inf:
        return inf
    if (order - 1) * epsilon > _SMALL:
        spare = log1p(exp((1 - 2 * order) * epsilon)) - log1p(exp(-epsilon))
        return min(order * epsilon / 2 * epsilon, epsilon + spare / (order - 1))
    excess = expm1((order - 1) * epsilon) * -expm1(-order * epsilon) / (1 + exp(-epsilon))
    return min(order * epsilon / 2 * epsilon, log1p(excess) / (order - 1))


def _beyond_linear(x: float) -> float:
    """Return exp(x) - 1 - x, which is never negative."""
    if abs(x) > _SMALL:
        return expm1(x) - x
    term = total = x * x / 2
    for place in range(3, 3 + _TERMS):
        term *= x / place
        total += term
    return total


def laplace_epsilon(epsilon: float, delta: float) -> float:
    """Return the best ε at `delta` of one release with Laplace noise: δ(ε') = 1 - exp((ε' - ε) / 2)."""
    return max(0.0, epsilon + 2 * log1p(-delta))
