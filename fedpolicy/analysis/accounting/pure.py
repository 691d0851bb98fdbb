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


def laplace_divergence(order: float, epsilon: float) -> float:
    """Return the Rényi divergence of Laplace noise that is pure `epsilon` (Mironov 2017, proposition 6)."""
    if epsilon == inf:
        return inf
    share = expm1((1 - 2 * order) * epsilon) * (order - 1) / (2 * order - 1)
    return epsilon + log1p(share) / (order - 1)


def pure_divergence(order: float, epsilon: float) -> float:
    """Return the highest Rényi divergence of anything pure `epsilon`, reached by randomised response."""
    if epsilon == inf:
        return inf
    spare = log1p(exp((1 - 2 * order) * epsilon)) - log1p(exp(-epsilon))
    return min(order * epsilon / 2 * epsilon, epsilon + spare / (order - 1))


def laplace_epsilon(epsilon: float, delta: float) -> float:
    """Return the best ε at `delta` of one release with Laplace noise: δ(ε') = 1 - exp((ε' - ε) / 2)."""
    return max(0.0, epsilon + 2 * log1p(-delta))
