"""
The true ε of a run, found by other means than fedpolicy's.

For Gaussian noise without samples and for trees, the closed form (of trees: the worst pattern, by trying all); for
randomised response the exact sum; for samples of fixed size what the worst data that are known reach; for the rest the
privacy loss distributions of dp-accounting, or below a δ of 1e-9, where its Fourier transforms lose digits, ours, which
are tilted. Takes the extra `dp`.
"""

from __future__ import annotations

import sys
from itertools import combinations, pairwise
from math import comb, exp, expm1, inf, log, log1p, sqrt
from typing import NamedTuple

import dp_accounting as dp
import numpy as np
from dp_accounting.pld import PLDAccountant
from scipy.special import log_ndtr, ndtr
from scipy.stats import laplace as laplace_law
from trees import square

_POINTS, _CELLS = 2**20, 200_000
_DIGITS = 1e-9


class Set(NamedTuple):
    """A run, a δ, who has it; and the ε that was published for it, if somebody published one."""

    source: str
    mechanism: str
    delta: float
    noise: float
    steps: int = 1
    sampling: str = "none"
    rate: float = 1.0
    participations: int = 0
    separation: int = 0
    restart: int = 0
    published: str = ""


def of_mu(mu: float, delta: float) -> float:
    """Give the ε of Gaussian noise with a sensitivity of `mu` deviations (Balle and Wang 2018, theorem 8)."""
    low, high = 0.0, mu * (45 + mu)
    for _ in range(200):
        epsilon = (low + high) / 2
        first, second = log_ndtr(mu / 2 - epsilon / mu), epsilon + log_ndtr(-mu / 2 - epsilon / mu)
        above = first + log1p(-exp(min(0.0, second - first))) > log(delta) if second < first else False
        low, high = (epsilon, high) if above else (low, epsilon)
    return high


def of_tree(one: Set) -> float:
    """Try every pattern of participation."""
    apart, restart = one.separation or 1, one.restart or one.steps
    patterns = (
        pattern
        for count in range(1, (one.participations or 1) + 1)
        for pattern in combinations(range(one.steps), count)
        if all(later - earlier >= apart for earlier, later in pairwise(pattern))
    )
    return of_mu(sqrt(max(square(pattern, one.steps, restart) for pattern in patterns)) / one.noise, one.delta)


def of_randomised(epsilon: float, steps: int, delta: float) -> float:
    """Give the ε of randomised response, exactly: the loss is a binomial variable (Kairouz, Oh, Viswanath 2015)."""
    heads = exp(epsilon) / (1 + exp(epsilon))
    likely = [
        (comb(steps, k) * heads**k * (1 - heads) ** (steps - k), (2 * k - steps) * epsilon) for k in range(steps + 1)
    ]
    low, high = 0.0, steps * epsilon
    for _ in range(200):
        middle = (low + high) / 2
        found = sum(chance * -expm1(middle - loss) for chance, loss in likely if loss > middle)
        low, high = (middle, high) if found > delta else (low, middle)
    return high


def pairs(one: Set) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give the probabilities of cells with a unit and without it, for the worst data that are known."""
    wide = 40 if one.mechanism == "laplace" else 14
    edges = np.linspace(-1 - wide * one.noise, 2 + wide * one.noise, _CELLS + 1)

    def cells(centre: float) -> np.ndarray:
        at = (edges - centre) / one.noise
        below, above = (
            (laplace_law.cdf(at), laplace_law.sf(at)) if one.mechanism == "laplace" else (ndtr(at), ndtr(-at))
        )
        inside = np.where(at[:-1] > 0, above[:-1] - above[1:], below[1:] - below[:-1])
        return np.concatenate(([below[0]], inside, [above[-1]]))

    others = -1.0 if one.sampling == "fixed" else 0.0
    away = (1 - one.rate) * cells(others)
    with_it, without = away + one.rate * cells(1.0), away + one.rate * cells(0.0)
    return [(with_it, without), (without, with_it)]


def tilted(first: np.ndarray, second: np.ndarray, steps: int, delta: float) -> float:
    """Compose losses by a Fourier transform; tilted, so that what decides is where they are most likely."""
    some = (first > 0) & (second > 0)
    masses, losses = first[some], np.log(first[some]) - np.log(second[some])

    def grown(tilt: float) -> float:
        top = (tilt * losses).max()
        return float(top + np.log((masses * np.exp(tilt * losses - top)).sum()))

    tilts = np.geomspace(0.05, 2000, 400)
    tilt = float(min(tilts, key=lambda one: (steps * grown(one) - log(delta)) / one))
    weights = masses * np.exp(tilt * losses - grown(tilt))
    mean = float((weights * losses).sum())
    spread = sqrt(float((weights * (losses - mean) ** 2).sum()))
    step = max(40 * spread * sqrt(steps), 2.2 * float(np.abs(losses[masses > delta * 1e-6]).max())) / _POINTS
    place = losses / step
    left = np.floor(place)
    grid = np.zeros(_POINTS)
    np.add.at(grid, left.astype(int) % _POINTS, weights * (1 - (place - left)))
    np.add.at(grid, (left.astype(int) + 1) % _POINTS, weights * (place - left))
    composed = np.maximum(np.fft.irfft(np.fft.rfft(grid) ** steps, _POINTS), 0)
    middle = round(steps * mean / step)
    places = np.arange(middle - _POINTS // 2, middle + _POINTS // 2)
    likely, at = composed[places % _POINTS], places * step
    low, high = 0.0, float(at[-1])
    for _ in range(60):
        epsilon = (low + high) / 2
        above = at > epsilon
        inside = (likely[above] * np.exp(-tilt * (at[above] - epsilon)) * -np.expm1(epsilon - at[above])).sum()
        found = log(inside) + steps * grown(tilt) - tilt * epsilon if inside > 0 else -inf
        low, high = (epsilon, high) if found > log(delta) else (low, epsilon)
    return high


def of_distribution(one: Set) -> float:
    """Ask dp-accounting."""
    event = {"laplace": dp.LaplaceDpEvent}.get(one.mechanism, dp.GaussianDpEvent)(one.noise)
    if one.sampling == "poisson":
        event = dp.PoissonSampledDpEvent(one.rate, event)
    accountant = PLDAccountant()
    with np.errstate(all="ignore"):
        accountant.compose(dp.SelfComposedDpEvent(event, one.steps))
        return float(accountant.get_epsilon(one.delta))


def true(one: Set) -> tuple[float, str]:
    """Give the true ε of a set, and how it was found."""
    if one.mechanism == "dp_ftrl_tree":
        return of_tree(one), "all patterns"
    if one.mechanism == "randomised_response":
        return of_randomised(1 / one.noise, one.steps, one.delta), "binomial sum"
    if one.sampling == "none" and one.mechanism != "laplace":
        return of_mu(sqrt(one.steps) / one.noise, one.delta), "closed form"
    ours = max(tilted(*pair, one.steps, one.delta) for pair in pairs(one))
    if one.sampling == "fixed" or one.delta < _DIGITS:
        return ours, "tilted transform"
    theirs = of_distribution(one)
    if abs(theirs - ours) > 0.01 * theirs + 0.002:
        print(f"{one}: {theirs} by dp-accounting, {ours} by our transform", file=sys.stderr)
    return theirs, "dp-accounting"
