"""Gaussian noise on a random part of the data, made a part of a composition."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt

from fedpolicy.analysis.accounting.fixed import fixed_divergence
from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.lower import Chance, counting
from fedpolicy.analysis.accounting.numbers import clamp, log_normal_tail
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.sampled import amplified, poisson_divergence

__all__ = ["CLIPPED", "FIXED", "POISSON", "fixed_gaussian", "mu_of", "poisson_gaussian", "thinned"]

CLIPPED = "each unit's contribution to each step is clipped before noise is added"
POISSON = "every unit takes part in each step independently with the stated probability (Poisson sampling)"
FIXED = "each step draws a fresh, uniformly random sample of fixed size from a number of units that is no secret"

# Thresholds, in standard deviations of the noise, that serve a count of steps best at one noise or another.
_THRESHOLDS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
# Outside these, exponents or differences leave the floats.
_LEAST_NOISE, _MOST_NOISE = 1e-3, 1e6


def poisson_gaussian(release: Release) -> Part:
    """Gaussian noise where each unit takes part in each step with some probability."""
    if not _LEAST_NOISE < release.noise_multiplier < _MOST_NOISE:
        return _bare(release)
    noise, rate, steps = release.noise_multiplier, release.rate, clamp(release.steps)
    return Part(
        name="Poisson-sampled Gaussian, Rényi (Mironov, Talwar and Zhang 2019)",
        single_name="Poisson-sampled Gaussian, one step, exact (Balle, Barthe and Gaboardi 2018, theorem 8)",
        assumptions=(CLIPPED,),
        sampling=(POISSON,),
        most_mu=mu_of(release),
        curve=lambda order: steps * poisson_divergence(int(order), noise, rate),
        any_order=False,
        low=lambda delta: counting(release.steps, _chances(noise, rate, 0.0), delta),
        single=thinned(lambda delta: epsilon_of_mu(1 / noise, delta), rate) if release.steps == 1 else None,
        exact=True,
        aided=True,
    )


def fixed_gaussian(release: Release) -> Part:
    """Gaussian noise where each step draws as many units as every other."""
    if not _LEAST_NOISE < release.noise_multiplier < _MOST_NOISE:
        return _bare(release)
    noise, rate, steps = release.noise_multiplier, release.rate, clamp(release.steps)

    def low(delta: float) -> float:
        return counting(release.steps, (*_chances(noise, rate, 0.0), *_chances(noise, rate, 1.0)), delta)

    return Part(
        name="Gaussian on samples of fixed size, Rényi (after Balle, Barthe and Gaboardi 2018, theorem 2)",
        single_name="Gaussian on a sample of fixed size, one step (Balle, Barthe and Gaboardi 2018)",
        assumptions=(CLIPPED,),
        sampling=(FIXED,),
        most_mu=mu_of(release),
        curve=lambda order: steps * fixed_divergence(int(order), noise, rate),
        any_order=False,
        low=low,
        single=thinned(lambda delta: epsilon_of_mu(2 / noise, delta), rate) if release.steps == 1 else None,
        aided=True,
    )


def _bare(release: Release) -> Part:
    """Gaussian noise so small, or so large, that sampling changes nothing worth the digits it would take."""
    half = mu_of(release) * mu_of(release) / 2
    name = "Gaussian mechanism, exact (Balle and Wang 2018, theorem 8), without amplification by sampling"
    return Part(name=name, assumptions=(CLIPPED,), most_mu=mu_of(release), curve=lambda order: order * half)


def mu_of(release: Release) -> float:
    """Return the sensitivity of the whole run in standard deviations of its noise, sampling disregarded."""
    return sqrt(clamp(release.steps)) / release.noise_multiplier


def thinned(epsilon: Callable[[float], float], rate: float) -> Callable[[float], float]:
    """Amplify an ε at δ by sampling: δ' = q δ at ε' = log(1 + q (exp(ε) - 1))."""
    return lambda delta: amplified(epsilon(delta / rate), rate) if delta < rate else 0.0


def _chances(noise: float, rate: float, others: float) -> tuple[Chance, ...]:
    """
    Return how likely one step is above each threshold, with a unit and with its contribution zeroed.

    `others` is how far a unit drawn in its place pulls the other way: 0 with Poisson sampling, up to 1 with fixed
    size.
    """

    def above(threshold: float) -> float:
        return exp(log_normal_tail(threshold))

    def pair(threshold: float) -> Chance:
        away = (1 - rate) * above(threshold + others / noise)
        return away + rate * above(threshold - 1 / noise), away + rate * above(threshold)

    return tuple(pair(threshold) for threshold in (*_THRESHOLDS, 0.5 / noise))
