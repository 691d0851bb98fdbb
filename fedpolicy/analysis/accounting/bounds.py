"""
Bounds on ε: the quick one, which is the least of what every theorem that fits gives, and two closer ones where those
decide.

What parts of a run leak, the whole run leaks, so the highest lower bound of any part holds for all.

The close one composes privacy losses on a grid, see `losses`. The closest one uses the privacy loss distributions of
dp-accounting, which composes them by Fourier transforms, whose rounding errors grow with the steps. What they may
amount to is taken off δ for the upper bound and added to it for the lower one; where δ is too small for that, where ε
is beyond every use, and where dp-accounting does not know a mechanism, the close bound stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import inf, isinf, sqrt

from fedpolicy.analysis.accounting import Bound, Leakage, Release, Run
from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.mechanisms import leakage_of, sampling_of
from fedpolicy.analysis.accounting.renyi import best_between, best_integer, best_order
from fedpolicy.records import replace

# Of these, two runs alike are one run of as many steps.
_ADDING = ("gaussian", "dp_sgd", "laplace", "sparse_vector")
# Claims this close differ in nothing that matters.
_ALIKE = 1 + 1e-6
# Above this order, those between integers gain next to nothing.
_CLOSE = 5.0
# A smaller δ, or more steps, take more digits than are worth it; Rényi orders serve them well.
_LEAST, _MOST = 1e-60, 10**12
_GRID = "Privacy loss distributions on a grid (Doroshenko et al. 2022; Koskela, Jälkö and Honkela 2020)"
_Claim = tuple[float, str, tuple[str, ...]]


def bound(releases: Sequence[Release], delta: float) -> Bound:
    """
    Bound the best ε at `delta`, between 0 and 1, of everything released; ε is 0 where nothing is.

    Neighbours differ in one unit's contribution, which is there or is zeroed. Standard library only; some
    milliseconds a release at worst. Raises nothing: what has no bound is infinite.
    """
    return _bound(merged(releases), delta)


# Each step of these reaches its pure ε, so that their sum is exact; samples of fixed size are bounded from above.
_REACHED = ("laplace", "randomised_response")


def pure_bound(releases: Sequence[Release]) -> Bound:
    """Bound the best ε at a δ of 0; infinite where something released has none (basic composition)."""
    found = [(one, leakage_of(one)) for one in merged(releases)]
    reached = [part.pure for one, part in found if one.mechanism in _REACHED and sampling_of(one) != "fixed"]
    parts = [part for _, part in found]
    return Bound(
        low=sum(reached),
        high=sum(part.pure for part in parts),
        delta=0.0,
        theorem=_names(part.pure_name or part.name for part in parts),
        assumptions=assumed(parts),
        tight=True,
    )


def close_bound(releases: Sequence[Release], delta: float) -> Bound:
    """
    Bound the best ε at `delta` as closely as the standard library can; some tenths of a second at worst.

    It is the quick bound where that is exact, or where nobody knows how likely each privacy loss is.
    """
    return _close(merged(releases), delta)


@cache
def _close(releases: tuple[Release, ...], delta: float) -> Bound:
    quick, parts = _bound(releases, delta), tuple(leakage_of(one) for one in releases)
    runs = _runs(parts)
    simple = quick.low == quick.high or all(run.kind == "randomised" and run.steps == 1 for run in runs)
    if simple or delta < _LEAST or sum(run.steps for run in runs) > _MOST:
        return quick
    from fedpolicy.analysis.accounting import losses  # noqa: PLC0415  a check that the quick bound decides needs none

    high = losses.upper_bound(runs, delta)
    if high >= quick.high:
        return quick
    return replace(quick, low=min(quick.low, high), high=high, theorem=_GRID, assumptions=assumed(parts))


def growth(release: Release, places: Sequence[int], delta: float) -> tuple[tuple[float, float], ...]:
    """Bound the best ε after each of some numbers of steps, which grow and end with all of them."""
    quick = [_bound(merged([replace(release, steps=place)]), delta) for place in places]
    highs = [one.high for one in quick]
    runs = _runs([leakage_of(one) for one in merged([release])])
    if len(runs) == 1 and quick[-1].low < quick[-1].high and delta > _LEAST and runs[0].steps == release.steps:
        from fedpolicy.analysis.accounting import losses  # noqa: PLC0415

        highs = [min(pair) for pair in zip(highs, losses.upper_bounds(runs[0], places, delta), strict=True)]
        # What the whole run costs, no part of it exceeds.
        highs = [min(high, _close(merged([release]), delta).high) for high in highs]
    return tuple((min(one.low, high), high) for one, high in zip(quick, highs, strict=True))


def found_at(releases: Sequence[Release], wrongly: float) -> float:
    """Return the share at most of the units that took part that a test finds, see `losses`; 1 where nobody knows."""
    runs = _runs([leakage_of(one) for one in merged(releases)])
    if not runs or sum(run.steps for run in runs) > _MOST:
        return 1.0
    from fedpolicy.analysis.accounting import losses  # noqa: PLC0415

    return losses.share_found(runs, wrongly)


def _runs(parts: Sequence[Leakage]) -> tuple[Run, ...]:
    """Return the privacy losses of all parts, Gaussian noise on everything as one; empty where some are not known."""
    plain = [part for part in parts if part.losses is None]
    length = _length(part.most_mu for part in plain)
    if isinf(length) or not parts:
        return ()
    whole = (Run("gaussian", 1 / length),) if length else ()
    return (*whole, *(part.losses for part in parts if part.losses))


def rho_of(releases: Sequence[Release]) -> tuple[float, float]:
    """
    Bound the least rho for which everything released is rho-zCDP; equal where that is exact.

    Rho is the largest Rényi divergence over its order, at any order; so rhos add up (Bun and Steinke 2016, lemma 1.7).
    """
    parts = tuple(leakage_of(one) for one in merged(releases))
    return sum(part.rho[0] for part in parts), sum(part.rho[1] for part in parts)


def mu_of(releases: Sequence[Release]) -> float:
    """Return the sensitivity, over its noise, of one Gaussian mechanism that is no more private than all of this."""
    return _length(leakage_of(one).most_mu for one in merged(releases))


def merged(releases: Sequence[Release]) -> tuple[Release, ...]:
    """Put releases into one order, runs alike into one run, and leave out what never touches the data."""
    found: dict[tuple[object, ...], Release] = {}
    for one in releases:
        if one.steps < 1 or (one.sampling != "none" and one.rate <= 0):
            continue
        kind = "gaussian" if one.mechanism == "dp_sgd" else one.mechanism
        number = 0 if one.mechanism in _ADDING else len(found)
        key = (replace(one, mechanism=kind, steps=0), number)
        found[key] = _longer(one, kind, found.get(key))
    return tuple(sorted(found.values(), key=repr))


def _longer(one: Release, kind: str, before: Release | None) -> Release:
    return replace(one, mechanism=kind, steps=one.steps + (before.steps if before else 0))


@cache
def _bound(releases: tuple[Release, ...], delta: float) -> Bound:
    parts = tuple(leakage_of(one) for one in releases)
    if not parts:
        return Bound(low=0.0, high=0.0, delta=delta, theorem="Nothing is released", tight=True)
    high, theorem, assumptions = _best(_claims(parts, delta))
    low = min(high, _low(parts, delta))
    tight = high in (low, inf) or not any(part.aided for part in parts)
    return Bound(low=low, high=high, delta=delta, theorem=theorem, assumptions=assumptions, tight=tight)


def _low(parts: Sequence[Leakage], delta: float) -> float:
    tall = epsilon_of_mu(_length(part.least_mu for part in parts), delta)
    alone = (part.single(delta) for part in parts if part.single and part.exact)
    return max(tall, *alone, *(part.low(delta) for part in parts))


def _best(claims: Iterable[_Claim]) -> _Claim:
    """Return the claim of the least ε; the first one that is less than a millionth above it."""
    all_of_them = tuple(claims)
    least = min(claim[0] for claim in all_of_them)
    return next(claim for claim in all_of_them if claim[0] <= least * _ALIKE)


def _claims(parts: Sequence[Leakage], delta: float) -> Iterator[_Claim]:
    """Yield every ε that a theorem gives, its name and what it assumes; the simplest first."""
    endless = [part for part in parts if isinf(part.curve(2))]
    if endless:
        yield inf, _names(part.name for part in endless), assumed(parts)
    if len(parts) == 1 and parts[0].single:
        yield parts[0].single(delta), parts[0].single_name, assumed(parts)
    yield epsilon_of_mu(_length(part.most_mu for part in parts), delta), _exact(parts), assumed(parts, bare=True)
    yield sum(part.pure for part in parts), _names(part.pure_name for part in parts), assumed(parts)
    best = best_order if all(part.any_order for part in parts) else best_integer

    def curve(order: float) -> float:
        return sum(part.curve(order) for part in parts)

    divergence = best(curve, delta)
    if best is best_integer and all(part.any_order or part.between for part in parts):
        divergence = min(divergence, best_between(curve, delta, _CLOSE))
    yield divergence, _renyi(parts), assumed(parts)
    yield from _apart(parts, delta)


def _apart(parts: Sequence[Leakage], delta: float) -> Iterator[_Claim]:
    """Yield the sum of what is pure and of what the rest costs at the whole δ, where both are there."""
    pure = [part for part in parts if part.pure < inf]
    rest = [part for part in parts if part.pure == inf]
    if pure and rest:
        cost, theorem, assumptions = _best(_claims(rest, delta))
        names = _names([theorem, *(part.pure_name for part in pure)])
        yield (
            cost + sum(part.pure for part in pure),
            f"Basic composition: {names}",
            tuple(dict.fromkeys((*assumptions, *assumed(pure)))),
        )


def _length(mus: Iterable[float]) -> float:
    return sqrt(sum(mu * mu for mu in mus))


def _exact(parts: Sequence[Leakage]) -> str:
    if len(parts) == 1 and not parts[0].sampling:
        return parts[0].name
    exact = "Gaussian mechanism, exact (Dong, Roth and Su 2019; Balle and Wang 2018, theorem 8)"
    return exact + (", without amplification by sampling" if any(part.sampling for part in parts) else "")


def _renyi(parts: Sequence[Leakage]) -> str:
    names = _names(part.name for part in parts)
    return names if len(parts) == 1 else f"Rényi composition (Mironov 2017): {names}"


def _names(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(names))


def assumed(parts: Sequence[Leakage], *, bare: bool = False) -> tuple[str, ...]:
    """Return what the theorems assume of all parts; without what sampling assumes where `bare`."""
    return tuple(dict.fromkeys(one for part in parts for one in (*part.assumptions, *(() if bare else part.sampling))))


# For each release and each step; measured against exact values, rounding stays below a fifth of this.
_ROUNDING, _ROUNDING_A_STEP = 1e-14, 1e-16
# How many times the rounding error δ must be at least.
_CLEAR = 2
# A longer run would take minutes.
_LONGEST = 10**7
# Laplace noise so often takes millions of points, and a minute, and gains a twentieth.
_LONGEST_LAPLACE = 20_000
# Beyond this ε protects nothing, and the distribution gets too wide to be told apart.
_HIGHEST = 1000.0
_THEOREM = "Privacy loss distributions (dp-accounting; Doroshenko et al. 2022)"


def tight_bound(releases: Sequence[Release], delta: float) -> Bound | None:
    """Bound the best ε as closely as dp-accounting can, in some seconds at worst; None where it is not installed."""
    return _tight(merged(releases), delta) if _installed() else None


def _installed() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415  a check without close calls does not pay for it

    return find_spec("dp_accounting") is not None


@cache
def _tight(releases: tuple[Release, ...], delta: float) -> Bound:
    quick = _close(releases, delta)
    steps = sum(one.steps for one in releases)
    rounding = _ROUNDING * len(releases) + _ROUNDING_A_STEP * min(steps, _LONGEST)
    slow = any(one.mechanism == "laplace" and one.steps > _LONGEST_LAPLACE for one in releases)
    if slow or quick.tight or quick.high > _HIGHEST or steps > _LONGEST or rounding * _CLEAR > delta:
        return _as_tight(quick, quick.low, quick.high)
    return _measured(releases, quick, rounding)


def _measured(releases: tuple[Release, ...], quick: Bound, rounding: float) -> Bound:
    from fedpolicy.analysis.accounting import curves  # noqa: PLC0415  only here is dp-accounting there for sure

    sides = [curves.curves_of(one) for one in releases]
    known = [one for one in sides if one is not None]
    if len(known) < len(sides):
        return _as_tight(quick, quick.low, quick.high)
    found = curves.measure(known, quick.high, quick.delta, rounding)
    return _as_tight(quick, max(quick.low, found[0]), found[1], assumed(tuple(leakage_of(one) for one in releases)))


def _as_tight(quick: Bound, low: float, high: float, assumptions: tuple[str, ...] | None = None) -> Bound:
    better = assumptions is not None and high < quick.high
    return Bound(
        low=min(low, high, quick.high),
        high=min(high, quick.high),
        delta=quick.delta,
        theorem=_THEOREM if better else quick.theorem,
        assumptions=assumptions if better and assumptions else quick.assumptions,
        tight=True,
    )
