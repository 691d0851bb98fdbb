"""The mechanisms of the language, each made a part of a composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp, inf, sqrt

from fedpolicy.analysis.accounting import pure, tree
from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.lower import counting
from fedpolicy.analysis.accounting.numbers import clamp, log_normal_tail
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.sampled import fixed_divergence, poisson_divergence

__all__ = ["part_of", "sampling_of"]

CLIPPED = "each unit's contribution to each step is clipped before noise is added"
POISSON = "every unit takes part in each step independently with the stated probability (Poisson sampling)"
FIXED = "each step draws a fresh, uniformly random sample of fixed size from a number of units that is no secret"
SPARSE = (
    "threshold noise has the stated scale, comparison noise twice that, and a value released with an answer has fresh "
    "noise of the stated scale"
)
TREE = (
    "no unit takes part more often, or after fewer steps, than stated, and only complete nodes of the tree are released"
)
STATED = "the stated rho is right"

# Thresholds, in standard deviations of the noise, that serve a count of steps best at one noise or another.
_THRESHOLDS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)


def part_of(release: Release) -> Part:
    """Turn a release into a part; a mechanism that lacks its noise, or is not computable, has no bound."""
    stated = release.rho is not None if release.mechanism == "zcdp" else release.noise_multiplier > 0
    maker = _MAKERS.get(release.mechanism, _not_computable)
    return maker(release) if stated or maker is _not_computable else _no_noise(release)


def sampling_of(release: Release) -> str:
    """Return none, poisson or fixed: how a random part of the data is chosen for each step, if it is."""
    return release.sampling if release.rate < 1 else "none"


def _not_computable(_: Release) -> Part:
    name = "Matrix factorisation (DP-FTRL): not computable without its matrix; state its epsilon or rho"
    return Part(name=name, curve=lambda _: inf)


def _no_noise(release: Release) -> Part:
    certain = sampling_of(release) == "none" and release.mechanism != "zcdp"
    return Part(name="No noise, no bound", curve=lambda _: inf, least_mu=inf if certain else 0.0)


def _gaussian(release: Release) -> Part:
    sampling = sampling_of(release)
    if sampling == "none":
        return _tall("Gaussian mechanism, exact (Balle and Wang 2018, theorem 8)", (CLIPPED,), *[_mu(release)] * 2)
    return _fixed_gaussian(release) if sampling == "fixed" else _poisson_gaussian(release)


def _mu(release: Release) -> float:
    return sqrt(clamp(release.steps)) / release.noise_multiplier


def _tall(name: str, assumptions: tuple[str, ...], least: float, most: float) -> Part:
    half = most * most / 2
    return Part(name=name, assumptions=assumptions, least_mu=least, most_mu=most, curve=lambda order: order * half)


def _poisson_gaussian(release: Release) -> Part:
    noise, rate, steps = release.noise_multiplier, release.rate, clamp(release.steps)
    return Part(
        name="Poisson-sampled Gaussian, Rényi (Mironov, Talwar and Zhang 2019)",
        assumptions=(CLIPPED,),
        sampling=(POISSON,),
        most_mu=_mu(release),
        curve=lambda order: steps * poisson_divergence(int(order), noise, rate),
        any_order=False,
        low=lambda delta: counting(release.steps, _normal_chances(noise, rate, 0.0), delta),
        single=_thinned(lambda delta: epsilon_of_mu(1 / noise, delta), rate) if release.steps == 1 else None,
        exact=True,
        aided=True,
    )


def _fixed_gaussian(release: Release) -> Part:
    noise, rate, steps = release.noise_multiplier, release.rate, clamp(release.steps)

    def low(delta: float) -> float:
        chances = (*_normal_chances(noise, rate, 0.0), *_normal_chances(noise, rate, 1.0))
        return counting(release.steps, chances, delta)

    return Part(
        name="Gaussian on samples of fixed size, Rényi (after Balle, Barthe and Gaboardi 2018)",
        assumptions=(CLIPPED,),
        sampling=(FIXED,),
        most_mu=_mu(release),
        curve=lambda order: steps * fixed_divergence(int(order), noise, rate),
        any_order=False,
        low=low,
        single=_thinned(lambda delta: epsilon_of_mu(2 / noise, delta), rate) if release.steps == 1 else None,
        aided=True,
    )


def _thinned(epsilon: Callable[[float], float], rate: float) -> Callable[[float], float]:
    """Amplify an ε at δ by sampling: δ' = q δ and ε' = log(1 + q (exp(ε) - 1))."""
    return lambda delta: pure.amplified(epsilon(delta / rate), rate) if delta < rate else 0.0


def _normal_chances(noise: float, rate: float, others: float) -> tuple[tuple[float, float], ...]:
    """
    Return how likely one step is above each threshold, with a unit and with its contribution zeroed.

    `others` is what a unit drawn in its place pulls the other way: 0 with Poisson sampling, up to 1 in a sample of
    fixed size.
    """

    def above(threshold: float) -> float:
        return exp(log_normal_tail(threshold))

    def pair(threshold: float) -> tuple[float, float]:
        away = (1 - rate) * above(threshold + others / noise)
        return away + rate * above(threshold - 1 / noise), away + rate * above(threshold)

    return tuple(pair(threshold) for threshold in (*_THRESHOLDS, 0.5 / noise))


def _laplace(release: Release) -> Part:
    sampling, whole, steps = sampling_of(release), 1 / release.noise_multiplier, clamp(release.steps)
    each = whole
    if sampling == "poisson":
        each = pure.amplified(whole, release.rate)
    elif sampling == "fixed":
        each = min(whole, pure.amplified(2 * whole, release.rate))
    rate = 1.0 if sampling == "none" else release.rate
    one = (lambda delta: pure.laplace_epsilon(whole, delta)) if release.steps == 1 and sampling != "fixed" else None
    divergence = pure.laplace_divergence if sampling == "none" else pure.pure_divergence
    return Part(
        name="Laplace mechanism"
        + ("" if sampling == "none" else ", amplified by sampling (Balle, Barthe and Gaboardi 2018)"),
        assumptions=(CLIPPED,),
        sampling={"poisson": (POISSON,), "fixed": (FIXED,)}.get(sampling, ()),
        pure=steps * each,
        curve=lambda order: steps * divergence(order, each),
        low=lambda delta: counting(release.steps, _laplace_chances(whole, rate), delta),
        single=_thinned(one, rate) if one else None,
        exact=True,
        aided=True,
    )


def _laplace_chances(epsilon: float, rate: float) -> tuple[tuple[float, float], ...]:
    """Return how likely one step is above a share of the unit's contribution, with the unit and without."""

    def pair(share: float) -> tuple[float, float]:
        without = exp(-share * epsilon) / 2
        return (1 - rate) * without + rate * (1 - exp((share - 1) * epsilon) / 2), without

    return pair(0.5), pair(0.75), pair(1.0)


def _sparse_vector(release: Release) -> Part:
    total = clamp(3 * release.steps) / release.noise_multiplier
    return Part(
        name="Sparse vector technique, pure (Dwork and Roth 2014, theorem 3.23; Lyu, Su and Li 2017)",
        assumptions=(CLIPPED, SPARSE),
        pure=total,
        curve=lambda order: pure.pure_divergence(order, total),
    )


def _tree(release: Release) -> Part:
    often, apart = max(1, release.participations or 1), max(1, release.separation or 1)
    most = tree.largest_square(release.steps, often, apart)
    least = tree.reached_square(release.steps, often, apart)
    return _tall(
        "Tree aggregation, one Gaussian (Kairouz et al. 2021; Balle and Wang 2018, theorem 8)",
        (CLIPPED, TREE),
        sqrt(clamp(least)) / release.noise_multiplier,
        sqrt(clamp(most)) / release.noise_multiplier,
    )


def _zcdp(release: Release) -> Part:
    rho = max(0.0, release.rho or 0.0)
    return Part(name="zCDP (Bun and Steinke 2016)", assumptions=(STATED,), curve=lambda order: order * rho)


_MAKERS: Mapping[str, Callable[[Release], Part]] = {
    "gaussian": _gaussian,
    "dp_sgd": _gaussian,
    "laplace": _laplace,
    "sparse_vector": _sparse_vector,
    "dp_ftrl_tree": _tree,
    "zcdp": _zcdp,
}
