"""
Gaussian noise on a random part of the data: Rényi divergences at integer orders.

Poisson sampling (every unit takes part independently with probability q; one unit added or removed): Mironov, Talwar
and Zhang 2019, section 3.3. With A(a) = Σ C(a, k) (1 - q)^(a - k) q^k exp(k (k - 1) / 2s²) the divergence is log(A) /
(a - 1).

Fixed size without replacement (m of n, q = m / n; one unit replaced by another, n known): a sum changes by up to
twice the clipping norm, so s below is half the noise multiplier. dp-accounting leaves that halving to its user: its
SampledWithoutReplacementDpEvent wants REPLACE_ONE neighbours and takes the given noise multiplier as the ratio to the
sensitivity between them, whereas its PLD for REPLACE_ONE halves by itself. For every a' = 1 + q (a - 1) >= 1 the
hockey-stick divergence at a' of the sampled mechanism is at most q times the one at a of the mechanism itself, in
both directions (Balle, Barthe and Gaboardi 2018, sampling without replacement). Between the mixture (1 - q) N(0, s²)
+ q N(1, s²) and N(0, s²) that holds with equality in one direction. A Rényi divergence is an integral with positive
weights over the hockey-stick divergences of both directions, hence A for fixed size is at most A(mixture, normal) +
A(normal, mixture) - 1 <= 2A - 1 with the A of Poisson sampling. This is never above theorem 27 of Wang, Balle and
Kasiviswanathan 2019, whose terms are all at least twice the ones here.
"""

from __future__ import annotations

from functools import cache
from math import exp, inf, lgamma, log, log1p

from fedpolicy.analysis.accounting.numbers import log_expm1, log_sum

__all__ = ["fixed_divergence", "poisson_divergence"]


def poisson_divergence(order: int, noise: float, rate: float) -> float:
    """Return the Rényi divergence of one step with Poisson sampling; 0 < rate < 1."""
    excess = _log_excess(order, noise, rate)
    return _log1p_exp(excess) / (order - 1)


def fixed_divergence(order: int, noise: float, rate: float) -> float:
    """Return the Rényi divergence of one step with a sample of fixed size; 0 < rate < 1."""
    replaced = _log1p_exp(_log_excess(order, noise / 2, rate) + log(2)) / (order - 1)
    # A zeroed unit changes the sum by one clipping norm at most, whoever else is in the sample.
    return min(replaced, order * (0.5 / noise / noise))


def _log1p_exp(x: float) -> float:
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@cache
def _log_excess(order: int, noise: float, rate: float) -> float:
    """Return log(A - 1). The binomial weights sum to 1, so only what exceeds 1 is summed: all of it is positive."""
    hit, miss, whole = log(rate), log1p(-rate), lgamma(order + 1)
    half = 0.5 / noise / noise
    if half * order * order == inf:
        return inf
    return log_sum(
        [
            whole - lgamma(k + 1) - lgamma(order - k + 1) + k * hit + (order - k) * miss + log_expm1(k * (k - 1) * half)
            for k in range(2, order + 1)
        ],
    )
