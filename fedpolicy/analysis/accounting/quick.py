"""
The quick bound on ε: every theorem that fits a set of releases, and the least of what they give.

What parts of a run leak, the whole run leaks, so the highest lower bound of any part holds for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import inf, sqrt

from fedpolicy.analysis.accounting.gaussian import epsilon_of_mu
from fedpolicy.analysis.accounting.mechanisms import part_of
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Bound, Release
from fedpolicy.analysis.accounting.renyi import best_integer, best_order

__all__ = ["assumed", "bound", "merged"]

# Of these, two runs alike are one run of as many steps.
_ADDING = ("gaussian", "dp_sgd", "laplace", "sparse_vector")
_Claim = tuple[float, str, tuple[str, ...]]


def bound(releases: Sequence[Release], delta: float) -> Bound:
    """
    Bound the best ε at `delta`, between 0 and 1, of everything released; ε is 0 where nothing is.

    Neighbours differ in one unit's contribution, which is there or is zeroed. Standard library only; some
    milliseconds a release at worst. Raises nothing: what has no bound is infinite.
    """
    return _bound(merged(releases), delta)


def merged(releases: Sequence[Release]) -> tuple[Release, ...]:
    """Put releases into one order, runs alike into one run, and leave out what never touches the data."""
    found: dict[tuple[object, ...], Release] = {}
    for one in releases:
        if one.steps < 1 or (one.sampling != "none" and one.rate <= 0):
            continue
        kind = "gaussian" if one.mechanism == "dp_sgd" else one.mechanism
        number = 0 if one.mechanism in _ADDING else len(found)
        key = (kind, one.noise_multiplier, one.rate, one.sampling, one.participations, one.separation, one.rho, number)
        found[key] = _longer(one, kind, found.get(key))
    return tuple(sorted(found.values(), key=repr))


def _longer(one: Release, kind: str, before: Release | None) -> Release:
    return Release(
        mechanism=kind,
        noise_multiplier=one.noise_multiplier,
        steps=one.steps + (before.steps if before else 0),
        rate=one.rate,
        sampling=one.sampling,
        participations=one.participations,
        separation=one.separation,
        rho=one.rho,
    )


@cache
def _bound(releases: tuple[Release, ...], delta: float) -> Bound:
    parts = tuple(part_of(one) for one in releases)
    if not parts:
        return Bound(low=0.0, high=0.0, delta=delta, theorem="Nothing is released", tight=True)
    high, theorem, assumptions = min(_claims(parts, delta), key=lambda claim: claim[0])
    low = min(high, _low(parts, delta))
    tight = high in (low, inf) or not any(part.aided for part in parts)
    return Bound(low=low, high=high, delta=delta, theorem=theorem, assumptions=assumptions, tight=tight)


def _low(parts: tuple[Part, ...], delta: float) -> float:
    tall = epsilon_of_mu(_length(part.least_mu for part in parts), delta)
    alone = (part.single(delta) for part in parts if part.single and part.exact)
    return max(tall, *alone, *(part.low(delta) for part in parts))


def _claims(parts: tuple[Part, ...], delta: float) -> Iterator[_Claim]:
    """Yield every ε that a theorem gives, its name and what it assumes; exact ones first, to win ties."""
    if len(parts) == 1 and parts[0].single:
        yield parts[0].single(delta), _single_name(parts[0]), assumed(parts)
    yield (
        epsilon_of_mu(_length(part.most_mu for part in parts), delta),
        _gaussian_name(parts),
        assumed(parts, bare=True),
    )
    yield sum(part.pure for part in parts), _composed("Basic composition, pure", parts), assumed(parts)
    best = best_order if all(part.any_order for part in parts) else best_integer
    divergence = best(lambda order: sum(part.curve(order) for part in parts), delta)
    yield divergence, _composed("Rényi composition (Mironov 2017)", parts), assumed(parts)
    yield from _apart(parts, delta)


def _apart(parts: tuple[Part, ...], delta: float) -> Iterator[_Claim]:
    """Yield the sum of what is pure and of what the rest costs at the whole δ, where both are there."""
    pure = tuple(part for part in parts if part.pure < inf)
    rest = tuple(part for part in parts if part.pure == inf)
    if pure and rest:
        cost = min(claim[0] for claim in _claims(rest, delta))
        yield cost + sum(part.pure for part in pure), _composed("Basic composition", parts), assumed(parts)


def _length(mus: Iterator[float]) -> float:
    return sqrt(sum(mu * mu for mu in mus))


def _single_name(part: Part) -> str:
    return f"{part.name.split(',')[0]}, one step" + (", exact" if part.exact else "")


def _gaussian_name(parts: tuple[Part, ...]) -> str:
    if len(parts) == 1 and not parts[0].sampling:
        return parts[0].name
    exact = "Gaussian mechanism, exact (Dong, Roth and Su 2019; Balle and Wang 2018, theorem 8)"
    return exact + (", without amplification by sampling" if any(part.sampling for part in parts) else "")


def _composed(how: str, parts: tuple[Part, ...]) -> str:
    names = tuple(dict.fromkeys(part.name for part in parts))
    return names[0] if len(parts) == 1 else f"{how}: " + "; ".join(names)


def assumed(parts: tuple[Part, ...], *, bare: bool = False) -> tuple[str, ...]:
    """Return what the theorems assume of all parts; without what sampling assumes where `bare`."""
    return tuple(dict.fromkeys(one for part in parts for one in (*part.assumptions, *(() if bare else part.sampling))))
