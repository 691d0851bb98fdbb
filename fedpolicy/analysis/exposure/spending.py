"""What several mechanisms spend together: the quick bound first, a closer one where it decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

from fedpolicy.analysis.accounting import Bound, Release, bound, close_bound, pure_bound, tight_bound
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.records import dataclass

__all__ = ["Effort", "Spending", "composed", "over", "shown", "shown_between", "spend"]

# The largest delta that somebody could have left out.
_NEXT_TO_ONE = 1 - 1e-9


class Effort(IntEnum):
    """How closely to compute: as comparisons need, as closely as the standard library can, or with dp-accounting."""

    DECIDE = 0
    CLOSE = 1
    CLOSEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """
    What some mechanisms spend together: epsilon lies between `low` and `high` at `delta` (None: there is none).

    `least` is what can be shown in the most favourable case: a bound, where a closer one cannot be had, else `low`.
    `because` says what the viewer knows that others do not. `missing` are facts that would narrow it, `undecided` the
    mechanisms that only the extra `dp` can tell about.
    """

    low: float
    least: float
    high: float
    delta: float | None
    theorem: str
    assumptions: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def spend(mechanisms: Sequence[Mechanism], limit: float, effort: Effort = Effort.DECIDE) -> Spending:
    """
    Compose mechanisms at the smallest of their deltas, as closely as it takes to compare with `limit`.

    `effort` asks for a closer bound in any case. An epsilon that is claimed, and that nothing can check, is added
    with its delta (basic composition, Dwork and Roth 2014, theorem 3.16): at a smaller delta it says nothing.
    """
    return composed(tuple(mechanisms), limit, effort)


def shown(spending: Spending) -> str:
    """
    The epsilon in words: `about 50.3`, `at most 2`, `between 2 and 12`, `at least 3`.

    Where nothing is missing, the lower end only says how close the bound is, and what counts is the bound.
    """
    low, high = _rounded(spending.low), _rounded(spending.high)
    if low == high:
        return "infinite" if math.isinf(spending.high) else f"about {high}"
    if math.isinf(spending.high):
        return f"at least {low}" if spending.low > 0 else "not known"
    return f"between {low} and {high}" if spending.missing and spending.low > 0 else f"at most {high}"


def shown_between(low: float, high: float) -> str:
    """Two ends in words: one number where they are equal as shown."""
    if _rounded(low) == _rounded(high):
        return _rounded(low)
    if math.isinf(high):
        return f"at least {_rounded(low)}" if low > 0 else "not known"
    return f"between {_rounded(low)} and {_rounded(high)}" if low > 0 else f"at most {_rounded(high)}"


def over(spending: Spending, limit: float) -> str:
    """How epsilon is above a limit: `about 50.3` where it is exact, else `at least 16.8`, or `only known to be ...`."""
    if spending.low <= limit:
        if math.isinf(spending.high):
            return f"not known to be less than {_rounded(spending.least)}"
        return f"only known to be {shown(spending)}"
    low = _rounded(spending.low)
    return shown(spending) if low == _rounded(spending.high) else f"at least {low}"


@lru_cache(maxsize=4096)
def composed(mechanisms: tuple[Mechanism, ...], limit: float, effort: Effort) -> Spending:
    """See `spend`; equal questions are answered once."""
    delta = min((m.delta for m in mechanisms if m.delta is not None and m.claimed is None), default=None)
    stated = math.fsum(m.delta or 0.0 for m in mechanisms if m.claimed is not None)
    claimed = sum(m.claimed or 0.0 for m in mechanisms)
    # Where nothing is missing and only a bound is known, the bound is what can be shown in any case.
    bounds = [m for m in mechanisms if m.low is None and not m.missing]
    lows = tuple(one for m in mechanisms if (one := m.high if m in bounds else m.low) is not None)
    proved = tuple(m.low for m in mechanisms if m.low is not None)
    highs = tuple(m.high for m in mechanisms if m.high is not None)
    open_ended = any(m.high is None and m.claimed is None for m in mechanisms)
    missing = tuple(sorted({fact for m in mechanisms for fact in m.missing}))
    silent = any(f"{m.path}.delta" in m.missing for m in mechanisms)
    # Where nothing has a delta, all is pure.
    least = delta or (_NEXT_TO_ONE if silent else 0.0)
    low, high, told = _bounded(lows, least), _bounded(highs, delta or 0.0), True
    if delta and not open_ended:
        low, high, told = _closer(lows, highs, delta, limit - claimed, effort)
    undecided = () if told else tuple(m.path for m in mechanisms)
    surely = low if proved == lows else _bounded(proved, least)
    shown_least = low.high if low.tight or not (missing or undecided) else low.low
    return Spending(
        low=surely.low + claimed,
        least=shown_least + claimed,
        high=math.inf if open_ended else high.high + claimed,
        delta=(delta or 0.0) + stated or None,
        theorem="; ".join(filter(None, (high.theorem if highs else "", _claims(mechanisms)))),
        assumptions=tuple(dict.fromkeys([*high.assumptions, *(note for m in mechanisms for note in m.notes)])),
        because=tuple(dict.fromkeys(why for m in mechanisms for why in m.because)),
        missing=missing,
        undecided=undecided,
    )


def _bounded(releases: tuple[Release, ...], delta: float) -> Bound:
    if not releases:
        return Bound(low=0.0, high=0.0, delta=delta, theorem="", tight=True)
    return bound(releases, delta) if delta else pure_bound(releases)


def _closer(
    lows: tuple[Release, ...], highs: tuple[Release, ...], delta: float, limit: float, effort: Effort
) -> tuple[Bound, Bound, bool]:
    """Bound the lower and the upper reading as closely as it takes; and say whether that could be done."""
    low, high = _bounded(lows, delta), _bounded(highs, delta)
    for way, asked in ((close_bound, Effort.CLOSE), (tight_bound, Effort.CLOSEST)):
        decided = effort < asked and not low.low <= limit < high.high
        if decided or (way is tight_bound and low.tight and high.tight):
            break
        found = way(highs, delta)
        if found is None:
            return low, high, False
        low = found if lows == highs else (way(lows, delta) or low) if lows else low
        high = found
    return low, high, True


def _claims(mechanisms: Sequence[Mechanism]) -> str:
    return "the claim of the deployment" if any(m.rests_on_claim for m in mechanisms) else ""


def _rounded(value: float) -> str:
    return f"{value:.3g}"
