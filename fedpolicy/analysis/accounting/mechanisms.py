"""
The mechanisms of the language, each made a part of a composition; and how far one unit can move a tree of sums.

Tree aggregation (DP-FTRL) adds Gaussian noise once per node, so the whole tree is one Gaussian mechanism whose
sensitivity is the Euclidean length of what the unit adds to all nodes (Kairouz et al. 2021, appendix D; for
contributions chosen adaptively: Denisov et al. 2022). Only complete nodes count, as in dp-accounting's
SingleEpochTreeAggregationDpEvent: of a tree over `steps` leaves no node is released before its last leaf. A unit that
takes part once is in one node of each level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import inf, sqrt

from fedpolicy.analysis.accounting import Leakage, Release, Run
from fedpolicy.analysis.accounting.gaussian import CLIPPED, clamp, run_mu

# Less noise than this is none: its squares leave the floats.
_NEXT_TO_NONE = 1e-70
# What squares of still fit into floats.
_FINEST = 1e70
# More participations than this are no longer counted one by one.
_COUNTED = 4096


def largest_square(steps: int, participations: int, separation: int, restart: int | None = None) -> int:
    """
    Return an upper bound on the squared sensitivity, in squared clipping norms.

    At each level a node over 2^level steps holds at most ceil(2^level / separation) participations, and the sum of
    squares is largest when nodes are filled one after the other. Levels are bounded one by one; with a single
    participation that is exact. Squares of trees that begin anew after `restart` steps add up.
    """
    length = min(restart or steps, steps)
    total, trees = _possible(steps, participations, separation), -(-steps // length)
    square = 0
    for level in range(length.bit_length()):
        each = min(total, ((1 << level) - 1) // separation + 1)
        full, rest = divmod(total, each)
        square += min(full * each * each + rest * rest, trees * (length >> level) * each * each)
    return square


@cache
def reached_square(steps: int, participations: int, separation: int) -> int:
    """Return the squared sensitivity that a unit reaches that takes part as early and as often as it may."""
    total = min(_possible(steps, participations, separation), _COUNTED)
    return sum(_reached(level, steps, total, separation) for level in range(steps.bit_length()))


def _reached(level: int, steps: int, total: int, separation: int) -> int:
    if (total - 1) * separation >> level == 0:
        return total * total
    counts: dict[int, int] = {}
    for one in range(total):
        node = one * separation >> level
        if node < steps >> level:  # an incomplete node is never released
            counts[node] = counts.get(node, 0) + 1
    return sum(count * count for count in counts.values())


def _possible(steps: int, participations: int, separation: int) -> int:
    return min(participations, (steps - 1) // separation + 1)


TREE = (
    "no unit takes part more often, or after fewer steps, than stated, and only complete nodes of the tree are released"
)
STATED = "the stated rho is right"
ROUNDED = "what is rounded is no longer than stated, and no sum leaves the range of its numbers"
PER_STEP = "each step is as private as stated"
_GAUSSIAN = "Gaussian mechanism, exact (Balle and Wang 2018, theorem 8)"
_ZCDP = "Zero-concentrated privacy (Bun and Steinke 2016; Canonne, Kamath and Steinke 2020, proposition 12)"
_MATRIX = "DP-FTRL with a matrix: no bound can be computed without the matrix, only an epsilon or rho can be stated"
_NO_NOISE = "No noise, no bound"


def leakage_of(release: Release) -> Leakage:
    """Turn a release into a part; what lacks its noise or its rho, or is not known here, has no bound."""
    if release.mechanism == "dp_matrix_ftrl":
        return _unbounded(_MATRIX)
    maker = _MAKERS.get(release.mechanism)
    if maker is None:
        return _unbounded(f"No theorem is known here for {release.mechanism}")
    if release.mechanism == "zcdp":
        return _unbounded("No rho, no bound") if release.rho is None else maker(release)
    if release.noise_multiplier > _NEXT_TO_NONE:
        return maker(release)
    return _unbounded(_NO_NOISE, certain=sampling_of(release) == "none")


def sampling_of(release: Release) -> str:
    """Return none, poisson or fixed: how a random part of the data is chosen for each step, if it is."""
    return release.sampling if release.sampling in ("poisson", "fixed") and release.rate < 1 else "none"


def _unbounded(name: str, *, certain: bool = False) -> Leakage:
    """Make a part without a bound; `certain` where its ε is infinite, not only unknown."""
    return Leakage(name=name, curve=lambda _: inf, least_mu=inf if certain else 0.0)


def _gaussian(release: Release) -> Leakage:
    if (sampling := sampling_of(release)) != "none":
        from fedpolicy.analysis.accounting.sampling import fixed_gaussian, poisson_gaussian  # noqa: PLC0415  few sample

        return (poisson_gaussian if sampling == "poisson" else fixed_gaussian)(release)
    return _normal(_GAUSSIAN, (CLIPPED,), run_mu(release), run_mu(release))


def _normal(name: str, assumptions: tuple[str, ...], least: float, most: float) -> Leakage:
    half = most * most / 2
    return Leakage(name=name, assumptions=assumptions, least_mu=least, most_mu=most, curve=lambda order: order * half)


def _tree(release: Release) -> Leakage:
    often, apart = max(1, release.participations or 1), max(1, release.separation or 1)
    length = min(release.restart or release.steps, release.steps)
    most = largest_square(release.steps, often, apart, length)
    least = reached_square(length, often, apart)
    return _normal(
        "Tree aggregation, one Gaussian mechanism (Kairouz et al. 2021; Balle and Wang 2018, theorem 8)",
        (CLIPPED, TREE),
        sqrt(clamp(least)) / release.noise_multiplier,
        sqrt(clamp(most)) / release.noise_multiplier,
    )


def _discrete(release: Release) -> Leakage:
    """Discrete Gaussian noise: its divergences are at most those of Gaussian noise (Canonne, Kamath, Steinke 2020)."""
    rho = clamp(release.steps) / 2 / release.noise_multiplier / release.noise_multiplier
    name = "Discrete Gaussian mechanism (Canonne, Kamath and Steinke 2020, theorem 14; Kairouz, Liu and Steinke 2021)"
    return Leakage(name=name, assumptions=(CLIPPED, ROUNDED), curve=lambda order: order * rho, most_rho=rho)


def _skellam(release: Release) -> Leakage:
    """
    Skellam noise at integer orders (Agarwal, Kairouz and Liu 2021, theorem 3.5).

    Of integer vectors the l1 norm is at most the square of the l2 norm.
    """
    if release.grid is None or release.grid < 1 / _FINEST:
        return _unbounded("Skellam noise: nothing is known without its size in steps of the grid")
    variance, steps = min(release.grid, _FINEST) ** 2, clamp(release.steps)  # a coarser grid is no better
    square = variance / release.noise_multiplier / release.noise_multiplier  # the squared sensitivity, on the grid

    def curve(order: float) -> float:
        more = ((2 * order - 1) * square + 6 * square) / (4 * variance * variance)
        return steps * (order * square / (2 * variance) + min(more, 3 * square / (2 * variance)))

    name = "Skellam mechanism (Agarwal, Kairouz and Liu 2021, theorem 3.5)"
    return Leakage(name=name, assumptions=(CLIPPED, ROUNDED), curve=curve, any_order=False)


def _pure(release: Release) -> Leakage:
    """
    A mechanism that is pure in each step, by a stated ε.

    The exponential mechanism has a bounded range, so that its rho is at most ε²/8 (Cesar and Rogers 2021, lemma 3.2).
    """
    from fedpolicy.analysis.accounting.laplace import pure_divergence  # noqa: PLC0415  see below

    each, steps = 1 / release.noise_multiplier, clamp(release.steps)
    rho = each * each / (8 if release.mechanism == "exponential" else 2)
    ranged = "Exponential mechanism, bounded range (Cesar and Rogers 2021)"
    name = ranged if release.mechanism == "exponential" else "Randomised response (Kairouz, Oh and Viswanath 2015)"
    return Leakage(
        name=name,
        pure_name="Basic composition (Dwork, McSherry, Nissim and Smith 2006)",
        assumptions=(PER_STEP,),
        pure=steps * each,
        most_rho=steps * rho,
        losses=Run("randomised", each, steps=release.steps),
        curve=lambda order: steps * min(pure_divergence(order, each), order * rho),
    )


def _zcdp(release: Release) -> Leakage:
    rho = max(0.0, release.rho or 0.0)
    return Leakage(name=_ZCDP, assumptions=(STATED,), curve=lambda order: order * rho, least_rho=rho, most_rho=rho)


def _laplace(release: Release) -> Leakage:
    from fedpolicy.analysis.accounting.laplace import fixed_laplace, laplace, poisson_laplace  # noqa: PLC0415  few ask

    return {"none": laplace, "poisson": poisson_laplace, "fixed": fixed_laplace}[sampling_of(release)](release)


def _sparse_vector(release: Release) -> Leakage:
    from fedpolicy.analysis.accounting.laplace import sparse_vector  # noqa: PLC0415  see above

    return sparse_vector(release)


# Where a mechanism disregards sampling: that never makes ε larger.
_MAKERS: Mapping[str, Callable[[Release], Leakage]] = {
    "gaussian": _gaussian,
    "dp_sgd": _gaussian,
    "laplace": _laplace,
    "sparse_vector": _sparse_vector,
    "dp_ftrl_tree": _tree,
    "zcdp": _zcdp,
    "discrete_gaussian": _discrete,
    "skellam": _skellam,
    "exponential": _pure,
    "randomised_response": _pure,
}
