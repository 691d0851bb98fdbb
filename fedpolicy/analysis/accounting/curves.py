"""
Hockey-stick curves: for each release, how far δ must go up as ε goes down, between the two sides of a pair of
neighbours.

dp-accounting knows the curves of Gaussian and Laplace noise, Poisson-sampled or not. The one for samples of fixed
size is made here, from F and q D1 as `fixed` has them. F need not be convex, but what it bounds is, so the greatest
convex curve below F bounds it too. What is known as pure ε only is as bad as randomised response (Kairouz, Oh and
Viswanath 2015).

Nothing here is imported unless dp-accounting is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from dp_accounting.pld.privacy_loss_mechanism import AdjacencyType, GaussianPrivacyLoss, LaplacePrivacyLoss
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import log_ndtr, ndtr

from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.mechanisms import part_of, sampling_of
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.sampled import amplified

__all__ = ["Array", "Curve", "Sides", "sides_of"]

Array = NDArray[np.float64]

# Smaller probabilities are left out, as dp-accounting does: exp(-50).
_NEGLIGIBLE = 2e-22
# exp() of a loss above this nears the largest float; a sensitivity below that is lost in the interval.
_WIDEST, _NARROWEST = 600.0, 1e-9


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


def sides_of(release: Release) -> Sides | None:
    """Give the curves of a release; None for what has none, and where they are too wide for floats."""
    sides = _sides(release)
    return sides if sides and max(sides.with_it.upper, sides.without_it.upper) < _WIDEST else None


def _sides(release: Release) -> Sides | None:
    part = part_of(release)
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

    surely = poisson(AdjacencyType.REMOVE)  # others who would take the unit's place may well contribute nothing
    if release.sampling == "fixed":
        with_it, without_it = _fixed(release.noise_multiplier, release.rate)
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


def _fixed(noise: float, rate: float) -> tuple[Curve, Curve]:
    far = amplified(epsilon_of_mu(2 / noise, _NEGLIGIBLE / rate), rate)

    def drawn(at: Array) -> Array:
        base = np.log1p(np.expm1(at) / rate)
        share = np.exp(at - base)
        return rate * ((1 - share) * _normal(base, 2 / noise) + share * _normal(base, 1 / noise))

    def zeroed(at: Array) -> Array:
        return rate * _normal(np.log1p(np.expm1(at) / rate), 1 / noise)

    def both(there: Callable[[Array], Array], back: Callable[[Array], Array]) -> Curve:
        def deltas(at: Array) -> Array:
            loss = np.abs(at)
            return _convex(at, np.where(at >= 0, there(loss), -np.expm1(at) + np.exp(at) * back(loss)))

        return Curve(lower=-far, upper=far, deltas=deltas)

    return both(drawn, zeroed), both(zeroed, drawn)


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
