"""
Amplification by sampling, and Gaussian noise on a Poisson sample: Rényi divergences at integer orders.

Every unit takes part in each step independently with probability q; one unit's contribution is there or not. With
A(a) = Σ C(a, k) (1 - q)^(a - k) q^k exp(k (k - 1) / 2s²) the divergence of order a is log(A) / (a - 1), in the worse
of both directions (Mironov, Talwar and Zhang 2019, section 3.3).
"""

from __future__ import annotations

from functools import cache
from math import lgamma, log, log1p

from fedpolicy.analysis.accounting.numbers import log1p_exp, log_expm1, log_sum

__all__ = ["amplified", "log_excess", "poisson_divergence"]


def amplified(epsilon: float, rate: float) -> float:
    """
    Return the pure ε that is left of `epsilon` when each unit takes part with probability `rate`.

    log(1 + q (exp(ε) - 1)): Balle, Barthe and Gaboardi 2018, theorem 8 (Poisson), and for samples without replacement
    alike.
    """
    return log1p_exp(log(rate) + log_expm1(epsilon))


def poisson_divergence(order: int, noise: float, rate: float) -> float:
    """Return the Rényi divergence of one step; 0 < rate < 1."""
    return log1p_exp(log_excess(order, noise, rate)) / (order - 1)


@cache
def log_excess(order: int, noise: float, rate: float) -> float:
    """Return log(A - 1). The binomial weights sum to 1, so only what exceeds 1 is summed: all of it is positive."""
    hit, miss, whole = log(rate), log1p(-rate), lgamma(order + 1)
    half = 0.5 / noise / noise
    return log_sum(
        [
            whole - lgamma(k + 1) - lgamma(order - k + 1) + k * hit + (order - k) * miss + log_expm1(k * (k - 1) * half)
            for k in range(2, order + 1)
        ],
    )
