"""Arithmetic that neither overflows nor cancels: logarithms of sums, and the tail of the normal distribution."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, expm1, inf, log, log1p, pi, sqrt

__all__ = ["LOG_SQRT_2PI", "clamp", "log1p_exp", "log_expm1", "log_normal_tail", "log_sum", "mills"]

LOG_SQRT_2PI = 0.5 * log(2 * pi)
# Above this, exp(x²/2) and erfc still fit into a float, and the continued fraction below has converged long since.
_FAR = 8.0
# No run has more steps than this, and a float holds it.
_MOST = 10**300


def clamp(count: int) -> float:
    """Give a count as a float, and one that is too long for a float as a very large one."""
    return float(max(0, min(count, _MOST)))


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
