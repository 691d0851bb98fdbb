"""Differential privacy: for which instances a declared mechanism bounds what can be learned."""

from __future__ import annotations

from typing import get_args

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.mechanisms import PURE, Mechanism, mechanism_at
from fedpolicy.analysis.exposure.noise import UNCLIPPED
from fedpolicy.analysis.exposure.spending import Spending, over, spend
from fedpolicy.graph import FlowGraph, Guard, Mask, bits
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.model.types import Unit
from fedpolicy.records import dataclass

__all__ = ["UNITS", "Protection", "bounded_for", "judge", "units_of", "unsettled"]

UNITS: tuple[str, ...] = get_args(Unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Whether a mechanism protects an instance: no (`why`), or yes if the `missing` facts turn out well."""

    why: str = ""
    missing: tuple[str, ...] = ()


def bounded_for(graph: FlowGraph, guard: Guard, mask: Mask, reading: Reading, max_epsilon: float) -> Mask:
    """The instances of `mask` that the mechanism protects in this reading."""
    found = 0
    units = units_of(graph, mask)
    for index in bits(mask):
        verdict = judge(graph, guard, index, units, max_epsilon)
        if not verdict.why and (reading is Reading.LOW or not verdict.missing):
            found |= 1 << index
    return found


def judge(graph: FlowGraph, guard: Guard, index: int, units: int | None, max_epsilon: float) -> Protection:
    """
    Check one mechanism for one instance among `units` (None: not declared).

    It needs noise, a clipping norm, an epsilon (computed over its whole run) of at most `max_epsilon`, a unit at
    least as large as the one that is protected, and a delta below one over the number of units (Dwork and Roth
    2014, section 2.3).
    """
    spec = guard.noise
    if spec is None:
        return Protection(why="it is not differential privacy")
    if spec.noise_multiplier == 0:
        return Protection(why="its noise is zero")
    mechanism = mechanism_at(graph.deployment, guard.path, spec)
    if mechanism.without:
        return Protection(why=mechanism.without)
    spending = spend([mechanism], max_epsilon)
    for why in (_weak(spec, spending, max_epsilon), _wrong_unit(spec, graph, index), _large_delta(spec, units)):
        if why:
            return Protection(why=why)
    found = (*_missing(spec, mechanism, graph, index), *unsettled(spending, max_epsilon))
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
    return f"its epsilon is {over(spending, limit)}{instead}, above the limit of {limit:g}"


def _wrong_unit(spec: DifferentialPrivacy, graph: FlowGraph, index: int) -> str:
    protected = graph.data[index].unit
    if spec.unit is not None and protected is not None and UNITS.index(spec.unit) < UNITS.index(protected):
        return f"it protects a {spec.unit}, but the dataset's unit is a {protected}"
    return ""


def _large_delta(spec: DifferentialPrivacy, units: int | None) -> str:
    if spec.delta is None or units is None or spec.mechanism in PURE or spec.delta * units < 1:
        return ""
    return f"its delta of {spec.delta:g} is not below one over the {units:,} units"


def _missing(spec: DifferentialPrivacy, mechanism: Mechanism, graph: FlowGraph, index: int) -> list[str]:
    names = ["unit"]
    if not mechanism.rests_on_claim:
        names = [*([] if spec.clipped_count_noise or spec.mechanism in UNCLIPPED else ["clipping_norm"]), *names]
    if spec.mechanism not in PURE:
        names.append("delta")
    found = [f"{mechanism.path}.{name}" for name in names if getattr(spec, name) is None]
    item = graph.data[index]
    if item.unit is None:
        found.append(f"datasets.{item.family}.unit")
    if item.units is None and item.unit != "client" and spec.mechanism not in PURE:
        found.append(f"datasets.{item.family}.subjects")
    return found


def units_of(graph: FlowGraph, mask: Mask) -> int | None:
    """How many units these instances have together; None where an instance does not say."""
    total = 0
    for index in bits(mask):
        item = graph.data[index]
        if item.unit == "client":
            total += graph.vertices[item.place].weight
        elif item.units is None:
            return None
        else:
            total += item.units // (2 if graph.vertices[item.place].cohort > 1 else 1)
    return total
