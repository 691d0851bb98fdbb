"""
Differential privacy: for which instances a declared mechanism bounds what can be learned, and what several mechanisms
spend together.

The quick bound comes first, a closer one where it decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum
from functools import lru_cache
from typing import get_args

from fedpolicy.analysis.accounting import Bound, Release
from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanism_at
from fedpolicy.analysis.exposure.noise import PURE, UNCLIPPED
from fedpolicy.graph import DataItem, FlowGraph, Guard, Mask, bits
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.model.types import Unit
from fedpolicy.records import dataclass
from fedpolicy.startup import NamedTuple

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


def as_noun(name: str, words: str) -> str:
    """A loss in words as a noun: `an epsilon of about 50.3`, `no finite epsilon`, `a rho that is not known`."""
    if words == "infinite":
        return f"no finite {name}"
    article = "an" if name == "epsilon" else "a"
    return f"{article} {name} that is {words}" if words == "not known" else f"{article} {name} of {words}"


def shown_between(low: float, high: float) -> str:
    """Two ends in words: one number where they are equal as shown."""
    if math.isinf(low):
        return "infinite"
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
    bounds = [m for m in mechanisms if m.low != m.high and not m.missing]
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
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415  a check without budgets needs none

    return bounds.bound(releases, delta) if delta else bounds.pure_bound(releases)


def _closer(
    lows: tuple[Release, ...], highs: tuple[Release, ...], delta: float, limit: float, effort: Effort
) -> tuple[Bound, Bound, bool]:
    """Bound the lower and the upper reading as closely as it takes; and say whether that could be done."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415  a check without budgets needs none

    low, high = _bounded(lows, delta), _bounded(highs, delta)
    for way, asked in ((bounds.close_bound, Effort.CLOSE), (bounds.tight_bound, Effort.CLOSEST)):
        decided = effort < asked and not low.low <= limit < high.high
        if decided or (way is bounds.tight_bound and low.tight and high.tight):
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


UNITS: tuple[str, ...] = get_args(Unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Whether a mechanism protects an instance: no (`why`), or yes if the `missing` facts turn out well."""

    why: str = ""
    missing: tuple[str, ...] = ()


def bounded_for(
    graph: FlowGraph, guard: Guard, mechanism: Mechanism | None, mask: Mask, reading: Reading, max_epsilon: float
) -> Mask:
    """The instances of `mask` that the mechanism protects in this reading."""
    found = 0
    units = units_of(graph, mask)
    for index in bits(mask):
        verdict = judge(graph, guard, index, units, max_epsilon, mechanism)
        if not verdict.why and (reading is Reading.LOW or not verdict.missing):
            found |= 1 << index
    return found


def judge(
    graph: FlowGraph,
    guard: Guard,
    index: int,
    units: Units,
    max_epsilon: float,
    mechanism: Mechanism | None = None,
) -> Protection:
    """
    Check one mechanism for one instance among `units`; `mechanism` is it as released, if known.

    It needs noise, a clipping norm, an epsilon (computed over its whole run) of at most `max_epsilon`, a unit at
    least as large as the one that is protected, and a delta below one over the number of units (Dwork and Roth
    2014, section 2.3).
    """
    spec = guard.noise
    if spec is None:
        return Protection(why="it is not differential privacy")
    if spec.noise_multiplier == 0:
        return Protection(why="its noise is zero")
    mechanism = mechanism or mechanism_at(graph.deployment, guard.path, spec)
    if mechanism.without:
        return Protection(why=mechanism.without)
    spending = spend([mechanism], max_epsilon)
    for why in (_weak(spec, spending, max_epsilon), _wrong_unit(spec, graph, index), _large_delta(spec, units)):
        if why:
            return Protection(why=why)
    found = (*_missing(spec, mechanism, graph.data[index], units), *unsettled(spending, max_epsilon))
    return Protection(missing=tuple(dict.fromkeys(found)))


def unsettled(spending: Spending, limit: float) -> tuple[str, ...]:
    """The facts on which it hangs whether a spending keeps within a limit; none where that is clear."""
    if not spending.least <= limit < spending.high:
        return ()
    return spending.missing or tuple(f"{path}.epsilon" for path in spending.undecided)


def _weak(spec: DifferentialPrivacy, spending: Spending, limit: float) -> str:
    if spending.least <= limit:
        return ""
    claimed = spec.claimed_epsilon
    instead = f", not the {claimed:g} that is claimed" if claimed is not None and claimed < spending.low else ""
    if math.isinf(spending.low):
        return f"it has no finite epsilon{instead}"
    return f"its epsilon is {over(spending, limit)}{instead}, above the limit of {limit:g}"


def _wrong_unit(spec: DifferentialPrivacy, graph: FlowGraph, index: int) -> str:
    protected = graph.data[index].unit
    if spec.unit is not None and protected is not None and UNITS.index(spec.unit) < UNITS.index(protected):
        return f"it protects a {spec.unit}, but the dataset's unit is a {protected}"
    return ""


def _large_delta(spec: DifferentialPrivacy, units: Units) -> str:
    if spec.delta is None or spec.mechanism in PURE or spec.delta * units.said < 1:
        return ""
    return f"its delta of {spec.delta:g} is not below one over the {units.said:,} unit{'s' * (units.said > 1)}"


def _missing(spec: DifferentialPrivacy, mechanism: Mechanism, item: DataItem, units: Units) -> list[str]:
    names = ["unit"]
    if not mechanism.rests_on_claim:
        names = [*([] if spec.clipped_count_noise or spec.mechanism in UNCLIPPED else ["clipping_norm"]), *names]
    if spec.mechanism not in PURE:
        names.append("delta")
    found = [f"{mechanism.path}.{name}" for name in names if getattr(spec, name) is None]
    if item.unit is None:
        found.append(f"datasets.{item.family}.unit")
    if spec.mechanism not in PURE:
        found += sorted(units.silent & {f"datasets.{item.family}.subjects"} or units.silent)
    return found


class Units(NamedTuple):
    """How many units instances have together, as far as that is said, and the keys that do not say it."""

    said: int
    silent: AbstractSet[str]


def units_of(graph: FlowGraph, mask: Mask) -> Units:
    """Count the units of these instances; those of a cohort are those of one of the two who stand for it."""
    said, silent = 0, set[str]()
    for index in bits(mask):
        item = graph.data[index]
        if item.unit == "client":
            said += graph.vertices[item.place].weight
        elif item.units is None:
            silent.add(f"datasets.{item.family}.subjects")
        else:
            said += item.units // (2 if graph.vertices[item.place].cohort > 1 else 1)
    return Units(said, silent)
