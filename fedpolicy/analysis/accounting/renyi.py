"""
Rényi differential privacy: from one curve to ε, at the order that serves best.

A curve gives, for each order a > 1, a bound on the Rényi divergence between what neighbours cause; curves of composed
mechanisms add (Mironov 2017). Every order gives a true ε, so the search for the best one can only lose sharpness,
never soundness.

Amplification by sampling stands here too, with Gaussian noise on a Poisson sample. Every unit takes part in each step
independently with probability q; one unit's contribution is there or not. With A(a) = Σ C(a, k) (1 - q)^(a - k) q^k
exp(k (k - 1) / 2s²) the divergence of order a is log(A) / (a - 1), in the worse of both directions (Mironov, Talwar
and Zhang 2019, section 3.3).
"""

from __future__ import annotations

from functools import cache
from math import exp, expm1, inf, isinf, lgamma, log, log1p, sqrt

from fedpolicy.analysis.accounting import Curve
from fedpolicy.analysis.accounting.gaussian import log1p_exp, log_expm1, log_normal_tail, log_sum

# The spacing of integer orders grows by a sixteenth above 64: what is lost between two of them is below a thousandth.
_GROWTH = 16
_HIGHEST = 1024
# Orders between integers, close to 1, where little noise is best accounted for.
_BETWEEN = tuple(1 + 0.02 * 1.15**place for place in range(39))
_GOLDEN = (sqrt(5) - 1) / 2
_CUTS = 60
# Terms of a series, what floats may lose of it, what may be left out, and how many times that what is left has to be.
_TERMS, _ROUNDING, _SPARE, _CLEAR = 400, 1e-11, 1e-4, 100
_LARGEST = 700.0


def convert(order: float, divergence: float, delta: float) -> float:
    """
    Return an ε at `delta` for a Rényi divergence of that order.

    Canonne, Kamath and Steinke 2020, proposition 12 (also Balle et al. 2020); and 0 where the total variation,
    at most sqrt(1 - exp(-divergence)), is below delta (Bretagnolle and Huber 1979).
    """
    if isinf(divergence):
        return inf
    divergence = max(0.0, divergence)
    if delta * delta + expm1(-divergence) > 0:
        return 0.0
    return max(0.0, divergence + log1p(-1 / order) - (log(delta) + log(order)) / (order - 1))


def best_order(curve: Curve, delta: float) -> float:
    """Return the least ε that a curve gives at any order, by golden section over log(order - 1)."""

    def at(place: float) -> float:
        gap = 10.0**place
        return convert(1 + gap, curve(1 + gap), delta)

    low, high = -6.0, 9.0
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    of_left, of_right = at(left), at(right)
    for _ in range(_CUTS):
        if of_left <= of_right:
            high, right, of_right = right, left, of_left
            left = high - _GOLDEN * (high - low)
            of_left = at(left)
        else:
            low, left, of_left = left, right, of_right
            right = low + _GOLDEN * (high - low)
            of_right = at(right)
    return min(of_left, of_right)


def best_integer(curve: Curve, delta: float) -> float:
    """Return the least ε that a curve gives at any of the integer orders tried; few are evaluated."""
    orders = _integer_orders()

    def at(place: int) -> float:
        return convert(orders[place], curve(orders[place]), delta)

    low, high = 0, len(orders) - 1
    while low < high:
        middle = (low + high) // 2
        here, there = at(middle), at(middle + 1)
        # Infinite at both means that the orders are too high; zero cannot be improved.
        if here <= there:
            high = middle
        else:
            low = middle + 1
    return at(low)


def epsilon_of_rho(rho: float, delta: float) -> float:
    """
    Return an ε at `delta` for a mechanism that is rho-zCDP.

    Its Rényi divergence at order a is at most rho · a (Bun and Steinke 2016, definition 1.1). Raises nothing: an
    infinite rho gives an infinite ε.
    """
    if rho <= 0:
        return 0.0
    return best_order(lambda order: rho * order, delta)


def best_between(curve: Curve, delta: float, highest: float) -> float:
    """Return the least ε at any of the orders between integers that are tried, up to a highest one."""
    found = (convert(order, curve(order), delta) for order in _BETWEEN if order < highest)
    return min(found, default=inf)


def _integer_orders() -> tuple[int, ...]:
    orders = [2]
    while orders[-1] < _HIGHEST:
        orders.append(orders[-1] + max(1, (orders[-1] - 1) // _GROWTH // 4))
    return tuple(orders)


def amplified(epsilon: float, rate: float) -> float:
    """
    Return the pure ε that is left of `epsilon` when each unit takes part with probability `rate`.

    log(1 + q (exp(ε) - 1)): Balle, Barthe and Gaboardi 2018, theorem 8 (Poisson), and for samples without replacement
    alike.
    """
    return log1p_exp(log(rate) + log_expm1(epsilon))


def poisson_divergence(order: float, noise: float, rate: float) -> float:
    """Return the Rényi divergence of one step; 0 < rate < 1."""
    excess = log_excess(int(order), noise, rate) if order == int(order) else log_excess_between(order, noise, rate)
    return log1p_exp(excess) / (order - 1)


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


@cache
def log_excess_between(order: float, noise: float, rate: float) -> float:
    """
    Return an upper bound on log(A - 1) at an order that is no integer (Mironov, Talwar and Zhang 2019, section 3.3).

    A is split where both Gaussians are equally likely, and each half is a binomial series whose terms fall and change
    their signs beyond the order, so that those left out come to less than the last one. That and what floats may lose
    is added; where it is too much of the whole, or the series is too long, the bound is infinite.
    """
    split = noise * noise * (log1p(-rate) - log(rate)) + 0.5
    total = size = 0.0
    sign, ways = 1.0, 0.0
    for k in range(_TERMS):
        low, high = _terms(order, k, noise, rate, split)
        if ways + max(low, high) > _LARGEST:
            return inf
        found = exp(ways + low) + exp(ways + high)
        total, size = total + sign * found, size + found
        if k > order and found < _SPARE * (total - 1):
            break
        factor = (order - k) / (k + 1)
        sign, ways = (sign if factor > 0 else -sign), ways + log(abs(factor))
    else:
        return inf
    spare = found + size * _ROUNDING
    return log(total - 1 + spare) if total - 1 > spare * _CLEAR else inf


def _terms(order: float, k: int, noise: float, rate: float, split: float) -> tuple[float, float]:
    """Return the logarithms of the k-th terms below and above the split, without their binomial coefficient."""
    rest, half = order - k, 0.5 / noise / noise
    below = k * log(rate) + rest * log1p(-rate) + k * (k - 1) * half + log_normal_tail((k - split) / noise)
    above = rest * log(rate) + k * log1p(-rate) + rest * (rest - 1) * half + log_normal_tail((split - rest) / noise)
    return below, above
