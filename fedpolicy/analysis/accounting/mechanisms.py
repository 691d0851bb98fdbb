"""The mechanisms of the language, each made a part of a composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, sqrt

from fedpolicy.analysis.accounting import tree
from fedpolicy.analysis.accounting.laplaces import fixed_laplace, laplace, poisson_laplace, sparse_vector
from fedpolicy.analysis.accounting.numbers import clamp
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.samplings import CLIPPED, fixed_gaussian, mu_of, poisson_gaussian

__all__ = ["part_of", "sampling_of"]

TREE = (
    "no unit takes part more often, or after fewer steps, than stated, and only complete nodes of the tree are released"
)
STATED = "the stated rho is right"

_GAUSSIAN = "Gaussian mechanism, exact (Balle and Wang 2018, theorem 8)"
_ZCDP = "Zero-concentrated privacy (Bun and Steinke 2016; Canonne, Kamath and Steinke 2020, proposition 12)"
_MATRIX = "DP-FTRL with a matrix: no bound can be computed without the matrix, only an epsilon or rho can be stated"
_NO_NOISE = "No noise, no bound"


def part_of(release: Release) -> Part:
    """Turn a release into a part; what lacks its noise or its rho, or is not known here, has no bound."""
    if release.mechanism == "dp_matrix_ftrl":
        return _unbounded(_MATRIX)
    makers = _MAKERS.get(release.mechanism)
    if makers is None:
        return _unbounded(f"No theorem is known here for {release.mechanism}")
    sampling = sampling_of(release)
    if release.mechanism == "zcdp":
        return _unbounded("No rho, no bound") if release.rho is None else makers[sampling](release)
    if release.noise_multiplier > 0:
        return makers[sampling](release)
    return _unbounded(_NO_NOISE, certain=sampling == "none")


def sampling_of(release: Release) -> str:
    """Return none, poisson or fixed: how a random part of the data is chosen for each step, if it is."""
    return release.sampling if release.sampling in ("poisson", "fixed") and release.rate < 1 else "none"


def _unbounded(name: str, *, certain: bool = False) -> Part:
    """Make a part without a bound; `certain` where its ε is infinite, not only unknown."""
    return Part(name=name, curve=lambda _: inf, least_mu=inf if certain else 0.0)


def _gaussian(release: Release) -> Part:
    return _normal(_GAUSSIAN, (CLIPPED,), mu_of(release), mu_of(release))


def _normal(name: str, assumptions: tuple[str, ...], least: float, most: float) -> Part:
    half = most * most / 2
    return Part(name=name, assumptions=assumptions, least_mu=least, most_mu=most, curve=lambda order: order * half)


def _tree(release: Release) -> Part:
    often, apart = max(1, release.participations or 1), max(1, release.separation or 1)
    most = tree.largest_square(release.steps, often, apart)
    least = tree.reached_square(release.steps, often, apart)
    return _normal(
        "Tree aggregation, one Gaussian mechanism (Kairouz et al. 2021; Balle and Wang 2018, theorem 8)",
        (CLIPPED, TREE),
        sqrt(clamp(least)) / release.noise_multiplier,
        sqrt(clamp(most)) / release.noise_multiplier,
    )


def _zcdp(release: Release) -> Part:
    rho = max(0.0, release.rho or 0.0)
    return Part(name=_ZCDP, assumptions=(STATED,), curve=lambda order: order * rho)


_Makers = Mapping[str, Callable[[Release], Part]]


def _whatever(maker: Callable[[Release], Part]) -> _Makers:
    """Let a mechanism disregard sampling, which never makes ε larger."""
    return {"none": maker, "poisson": maker, "fixed": maker}


_GAUSSIANS: _Makers = {"none": _gaussian, "poisson": poisson_gaussian, "fixed": fixed_gaussian}
_MAKERS: Mapping[str, _Makers] = {
    "gaussian": _GAUSSIANS,
    "dp_sgd": _GAUSSIANS,
    "laplace": {"none": laplace, "poisson": poisson_laplace, "fixed": fixed_laplace},
    "sparse_vector": _whatever(sparse_vector),
    "dp_ftrl_tree": _whatever(_tree),
    "zcdp": _whatever(_zcdp),
}
