"""
Privacy loss distributions: curves joined, composed and read with dp-accounting.

Connecting the dots (Doroshenko et al. 2022) takes a curve at multiples of an interval and joins the points by
straight lines, which lie above it: the composed distribution is never more private than the run.

The lower bound comes from the same distribution. Joining dots splits each loss between its two neighbours on the
grid, h apart, such that likelihood ratios keep their mean. So the error of one step lies in an interval of length h,
and its mean is at most h²/8 (Hoeffding's lemma). After n steps the errors sum up to more than s(k) = n h²/8 + k h
sqrt(n) / 2 with a probability of exp(-k²/2) at most, whatever the losses were (Hoeffding's inequality). With d(ε) for
the composed distribution's δ that gives δ(ε - s(3)) >= d(ε) - Σ over k >= 3 of (exp(-k²/2) - exp(-(k+1)²/2)) d(ε -
s(k+1)).


Of the curves, dp-accounting knows those of Gaussian and Laplace noise, Poisson-sampled or not. The one for samples of
fixed size is made here, from the worst three sums and from q D1 as `sampling` has them. Both together need not be
convex, but what they bound is, so the greatest convex curve below bounds it too. What is known as pure ε only is as
bad as randomised response (Kairouz, Oh and Viswanath 2015).

Nothing here is imported unless dp-accounting is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil, exp, floor, inf, sqrt
from typing import Any

import numpy as np
from dp_accounting.pld import pld_pmf
from dp_accounting.pld.privacy_loss_mechanism import AdjacencyType, GaussianPrivacyLoss, LaplacePrivacyLoss
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import log_ndtr, ndtr

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.mechanisms import leakage_of, sampling_of
from fedpolicy.analysis.accounting.renyi import amplified

# dp-accounting's own interval. A long run gets a finer one, by this share of ε over the errors of all steps; a wide
# distribution gets a coarser one, so that it has no more points than this.
_INTERVAL, _SHARE, _POINTS = 1e-4, 0.003, 300_000
# What is cut off at each composition, and counted as lost.
_CUT = 1e-15
# Errors of fewer and of more standard deviations than these are not told apart.
_FROM, _TO = 3, 9
# One step's distribution may sum up to a little more than 1; over the longest run to no more than this above it.
_SPARE = 1e-3
# By how much d(ε) is taken above δ, so that the sum over errors fits in between.
_TRIES = (1.01, 1.02, 1.04, 1.08, 1.16, 1.32)


def measure(sides: Sequence[Sides], about: float, delta: float, rounding: float) -> tuple[float, float]:
    """
    Return a lower and an upper bound on ε at `delta`, where ε is at most `about` and `rounding` is what δ may be off.

    The lower one is 0 where nothing sound is known of one of the releases.
    """
    steps = sum(one.steps for one in sides)
    widest = max(curve.upper - curve.lower for one in sides for curve in (one.with_it, one.without_it))
    interval = max((widest + 4 * about) / _POINTS, min(_INTERVAL, _SHARE * about / sqrt(steps)))
    with np.errstate(all="ignore"):
        there = _composed(sides, lambda one: one.with_it, interval)
        back = _composed(sides, lambda one: one.without_it, interval)
        high = max(one.get_epsilon_for_delta(delta - rounding) for one in (there, back))
        certain = [one for one in sides if one.surely]
        same = all(one.surely is one.with_it for one in sides)
        surely = (
            there if same else _composed(certain, lambda one: one.surely or one.with_it, interval) if certain else None
        )
        least = _least(surely, steps, interval, (delta + rounding) * (1 + _SPARE)) if surely else 0.0
    return max(0.0, float(least)), float(high)


def _composed(sides: Sequence[Sides], side: Callable[[Sides], Curve], interval: float) -> Any:  # noqa: ANN401  untyped
    # A sparse distribution would be composed step by step.
    steps = (_joined(side(one), interval).to_dense_pmf().self_compose(one.steps, _CUT) for one in sides)
    return reduce(lambda one, other: pld_pmf.compose_pmfs(one, other, _CUT), steps)


def _joined(curve: Curve, interval: float) -> Any:  # noqa: ANN401
    first, last = floor(curve.lower / interval), ceil(curve.upper / interval)
    losses = np.arange(first, last + 1, dtype=np.float64) * interval
    return pld_pmf.create_pmf_pessimistic_connect_dots_fixed_gap(interval, first, last, curve.deltas(losses))


def _least(losses: Any, steps: int, interval: float, delta: float) -> float:  # noqa: ANN401
    """Return an ε that the run does not reach at `delta`, by the inequality above; 0 where none is found."""
    off = [steps * interval * interval / 8 + k * interval * sqrt(steps) / 2 for k in range(_TO + 1)]
    for more in _TRIES:
        epsilon = losses.get_epsilon_for_delta(delta * more) - interval if delta * more < 1 else 0.0
        if epsilon > 0 and losses.get_delta_for_epsilon(epsilon) - _blurred(losses, epsilon, off) >= delta:
            return max(0.0, float(epsilon) - off[_FROM])
    return 0.0


def _blurred(losses: Any, epsilon: float, off: Sequence[float]) -> float:  # noqa: ANN401
    """Return the most that errors above the lowest ones told apart may add to δ at an ε."""
    weights = [exp(-k * k / 2) for k in range(_TO + 1)]
    told = range(_FROM, _TO)
    return weights[_TO] + sum(
        (weights[k] - weights[k + 1]) * float(losses.get_delta_for_epsilon(epsilon - off[k + 1])) for k in told
    )


Array = NDArray[np.float64]
# Smaller probabilities are left out, as dp-accounting does: exp(-50).
_NEGLIGIBLE = 2e-22
# exp() of a loss above this nears the largest float; a sensitivity below that is lost in the interval.
_WIDEST, _NARROWEST = 600.0, 1e-9
_TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """δ at each ε from `lower` to `upper`: above, it is as at `upper`; below, it is 1 - exp(ε)."""

    lower: float
    upper: float
    deltas: Callable[[Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """
    The curves of one of `steps` like steps.

    `with_it` is from a unit's contribution to its absence, `without_it` the other way. `surely` is a curve with the
    contribution that the mechanism really has for some data; None where none is known.
    """

    steps: int
    with_it: Curve
    without_it: Curve
    surely: Curve | None


def curves_of(release: Release) -> Sides | None:
    """Give the curves of a release; None for what has none, and where they are too wide for floats."""
    sides = _sides(release)
    return sides if sides and max(sides.with_it.upper, sides.without_it.upper) < _WIDEST else None


def _sides(release: Release) -> Sides | None:
    if release.several > 1:
        return None
    part = leakage_of(release)
    if part.most_mu < inf and not part.sampling:
        return _one_gaussian(part.least_mu, part.most_mu)
    if release.mechanism == "sparse_vector":
        pure = _randomised(part.pure)
        return Sides(steps=1, with_it=pure, without_it=pure, surely=None)
    if release.mechanism == "laplace":
        return _laplace(release, part.pure / release.steps)
    return _gaussian(release) if part.most_mu < inf else None


def _one_gaussian(least: float, most: float) -> Sides | None:
    if most < _NARROWEST:
        return None
    whole = _known(GaussianPrivacyLoss(1 / most))
    surely = _known(GaussianPrivacyLoss(1 / least)) if least > _NARROWEST else None
    return Sides(steps=1, with_it=whole, without_it=whole, surely=surely)


def _gaussian(release: Release) -> Sides:
    def poisson(adjacency: AdjacencyType) -> Curve:
        return _known(
            GaussianPrivacyLoss(release.noise_multiplier, sampling_prob=release.rate, adjacency_type=adjacency)
        )

    surely = poisson(AdjacencyType.REMOVE)
    if release.sampling == "fixed":
        with_it, without_it, surely = _fixed(release.noise_multiplier, release.rate)
        return Sides(steps=release.steps, with_it=with_it, without_it=without_it, surely=surely)
    return Sides(steps=release.steps, with_it=surely, without_it=poisson(AdjacencyType.ADD), surely=surely)


def _laplace(release: Release, each: float) -> Sides:
    rate = 1.0 if sampling_of(release) == "none" else release.rate

    def known(adjacency: AdjacencyType) -> Curve:
        return _known(LaplacePrivacyLoss(release.noise_multiplier, sampling_prob=rate, adjacency_type=adjacency))

    surely = known(AdjacencyType.REMOVE)
    if sampling_of(release) == "fixed":
        pure = _randomised(each)
        return Sides(steps=release.steps, with_it=pure, without_it=pure, surely=surely)
    return Sides(steps=release.steps, with_it=surely, without_it=known(AdjacencyType.ADD), surely=surely)


def _known(mechanism: Any) -> Curve:  # noqa: ANN401  dp-accounting is untyped
    bounds = mechanism.connect_dots_bounds()
    return Curve(lower=bounds.epsilon_lower, upper=bounds.epsilon_upper, deltas=mechanism.get_delta_for_epsilon)


def _randomised(pure: float) -> Curve:
    def deltas(at: Array) -> Array:
        inside = (1 - np.exp(at - pure)) / (1 + np.exp(-pure))
        return _shares(np.maximum(inside, -np.expm1(at)))

    return Curve(lower=-pure, upper=pure, deltas=deltas)


def _fixed(noise: float, rate: float) -> tuple[Curve, Curve, Curve]:
    """
    Curves for samples of fixed size, see `sampling`: there and back, and the one of the worst data that are known.

    All are in the three sums A = -1, B = 1 and B' = 0, which are the worst there are in one direction. In the other
    one, A = B is worse, which is Gaussian noise at the distance of one clipping norm.
    """
    far = amplified(epsilon_of_mu(2 / noise, _NEGLIGIBLE / rate), rate)

    def drawn(at: Array) -> Array:
        return _drawn(at, noise, rate)

    def zeroed(at: Array) -> Array:
        return rate * _normal(np.log1p(np.expm1(at) / rate), 1 / noise)

    def both(there: Callable[[Array], Array], back: Callable[[Array], Array], *, convex: bool = True) -> Curve:
        def deltas(at: Array) -> Array:
            loss = np.abs(at)
            found = np.where(at >= 0, there(loss), -np.expm1(at) + np.exp(at) * back(loss))
            return _convex(at, found) if convex else _shares(found)

        return Curve(lower=-far, upper=far, deltas=deltas)

    surely = both(drawn, lambda at: _undrawn(at, noise, rate), convex=False)
    return both(drawn, zeroed), both(zeroed, drawn), surely


def _drawn(at: Array, noise: float, rate: float) -> Array:
    """Give q H_u(N(1), (1 - b) N(-1) + b N(0)): the ratio falls in x, so it is one threshold, a root of a quadratic."""
    other = np.log(np.expm1(at) * (1 / rate - 1) + _TINY)  # u - t, as a logarithm
    half = at + 0.5 / noise / noise
    root = half + np.log1p(np.sqrt(1 + 4 * np.exp(np.minimum(other - 2 * half, _WIDEST)))) - np.log(2)
    edge = noise * root  # in deviations
    mean = 1 / noise
    beyond = np.exp(other + log_ndtr(-edge - mean)) + np.exp(at + log_ndtr(-edge))
    return rate * _shares(ndtr(mean - edge) - beyond)


def _undrawn(at: Array, noise: float, rate: float) -> Array:
    """Give q H_u(N(0), (1 - b) N(-1) + b N(1)), which is above 0 between two points, or nowhere."""
    other, half, mean = np.expm1(at) * (1 / rate - 1), 0.5 / noise / noise, 1 / noise
    inside = 1 - 4 * np.exp(at - 2 * half) * other
    spread = np.sqrt(np.maximum(inside, 0))
    upper = noise * (np.log((1 + spread) / 2) + half - at)
    lower = noise * (np.log(np.maximum(2 * other, _TINY) / (1 + spread)) - half)

    def between(shift: float) -> Array:
        found: Array = ndtr(upper + shift) - ndtr(lower + shift)
        return found

    found = between(0) - other * between(mean) - np.exp(at) * between(-mean)
    return rate * np.where(inside > 0, _shares(found), 0.0)


def _normal(losses: Array, mu: float) -> Array:
    """Give δ at each ε of Gaussian noise whose sensitivity is `mu` standard deviations."""
    beyond = np.exp(losses + log_ndtr(-losses / mu - mu / 2))
    return _shares(ndtr(mu / 2 - losses / mu) - beyond)


def _convex(at: Array, deltas: Array) -> Array:
    """Give the greatest curve, convex in exp(ε), that is nowhere above: its slopes are an isotonic regression."""
    widths = np.diff(np.exp(at))
    slopes = isotonic_regression(np.diff(deltas) / widths, weights=widths).x
    falls = np.cumsum((np.minimum(slopes, 0) * widths)[::-1])[::-1]
    return _shares(np.minimum(deltas, deltas[-1] - np.append(falls, 0)))


def _shares(deltas: Array) -> Array:
    clipped: Array = np.clip(deltas, 0.0, 1.0)
    return clipped
