"""
Rényi differential privacy: from one curve to ε, at the order that serves best.

A curve gives, for each order a > 1, a bound on the Rényi divergence between what neighbours cause; curves of composed
mechanisms add (Mironov 2017). Every order gives a true ε, so the search for the best one can only lose sharpness,
never soundness.
"""

from __future__ import annotations

from collections.abc import Callable
from math import expm1, inf, isinf, log, log1p, sqrt

__all__ = ["Curve", "best_integer", "best_order", "convert", "epsilon_of_rho"]

Curve = Callable[[float], float]

# The spacing of integer orders grows by a sixteenth above 64: what is lost between two of them is below a thousandth.
_GROWTH = 16
_HIGHEST = 1024
_GOLDEN = (sqrt(5) - 1) / 2
_CUTS = 60


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


def _integer_orders() -> tuple[int, ...]:
    orders = [2]
    while orders[-1] < _HIGHEST:
        orders.append(orders[-1] + max(1, (orders[-1] - 1) // _GROWTH // 4))
    return tuple(orders)
