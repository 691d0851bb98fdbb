"""The mechanisms of the language, each made a part of a composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp, inf, sqrt

from fedpolicy.analysis.accounting import pure, tree
from fedpolicy.analysis.accounting.lower import Chance, counting
from fedpolicy.analysis.accounting.numbers import clamp
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.sampled import amplified
from fedpolicy.analysis.accounting.samplings import (
    CLIPPED,
    FIXED,
    POISSON,
    fixed_gaussian,
    mu_of,
    poisson_gaussian,
    thinned,
)

__all__ = ["part_of", "sampling_of"]

SPARSE = (
    "threshold noise has the stated scale, comparison noise twice that, and a value released with an answer has fresh "
    "noise of the stated scale"
)
TREE = (
    "no unit takes part more often, or after fewer steps, than stated, and only complete nodes of the tree are released"
)
STATED = "the stated rho is right"


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
        return _tall(
            "Gaussian mechanism, exact (Balle and Wang 2018, theorem 8)", (CLIPPED,), mu_of(release), mu_of(release)
        )
    return fixed_gaussian(release) if sampling == "fixed" else poisson_gaussian(release)


def _tall(name: str, assumptions: tuple[str, ...], least: float, most: float) -> Part:
    half = most * most / 2
    return Part(name=name, assumptions=assumptions, least_mu=least, most_mu=most, curve=lambda order: order * half)


def _laplace(release: Release) -> Part:
    sampling, whole, steps = sampling_of(release), 1 / release.noise_multiplier, clamp(release.steps)
    each = whole
    if sampling == "poisson":
        each = amplified(whole, release.rate)
    elif sampling == "fixed":
        each = min(whole, amplified(2 * whole, release.rate))
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
        single=thinned(one, rate) if one else None,
        exact=True,
        aided=True,
    )


def _laplace_chances(epsilon: float, rate: float) -> tuple[Chance, ...]:
    """Return how likely one step is above a share of the unit's contribution, with the unit and without."""

    def pair(share: float) -> Chance:
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
