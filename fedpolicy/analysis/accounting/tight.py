"""
Closer bounds on ε through the privacy loss distributions of dp-accounting.

dp-accounting composes distributions by Fourier transforms, whose rounding errors grow with the steps. What they may
amount to is taken off δ for the upper bound and added to it for the lower one; where δ is too small for that, where ε
is beyond every use, and where dp-accounting does not know a mechanism, the quick bound stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

from fedpolicy.analysis.accounting.mechanisms import part_of
from fedpolicy.analysis.accounting.quick import assumed, bound, merged
from fedpolicy.analysis.accounting.releases import Bound, Release

__all__ = ["tight_bound"]

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
    """See `fedpolicy.analysis.accounting.tight_bound`."""
    return _tight(merged(releases), delta) if find_spec("dp_accounting") else None


@cache
def _tight(releases: tuple[Release, ...], delta: float) -> Bound:
    quick = bound(releases, delta)
    steps = sum(one.steps for one in releases)
    rounding = _ROUNDING * len(releases) + _ROUNDING_A_STEP * min(steps, _LONGEST)
    slow = any(one.mechanism == "laplace" and one.steps > _LONGEST_LAPLACE for one in releases)
    if slow or quick.tight or quick.high > _HIGHEST or steps > _LONGEST or rounding * _CLEAR > delta:
        return _as_tight(quick, quick.low, quick.high)
    return _measured(releases, quick, rounding)


def _measured(releases: tuple[Release, ...], quick: Bound, rounding: float) -> Bound:
    from fedpolicy.analysis.accounting import curves  # noqa: PLC0415  only here is dp-accounting there for sure

    sides = [curves.sides_of(one) for one in releases]
    known = [one for one in sides if one is not None]
    if len(known) < len(sides):
        return _as_tight(quick, quick.low, quick.high)
    found = curves.measure(known, quick.high, quick.delta, rounding)
    return _as_tight(quick, max(quick.low, found[0]), found[1], assumed(tuple(part_of(one) for one in releases)))


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
