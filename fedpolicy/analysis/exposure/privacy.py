"""Differential privacy: for which instances a declared mechanism bounds what can be learned."""

from __future__ import annotations

from fedpolicy.analysis.exposure.readings import Reading
from fedpolicy.graph.model import FlowGraph, Guard, Mask, bits
from fedpolicy.records import dataclass
from fedpolicy.spec.safeguards import DifferentialPrivacy

__all__ = ["Verdict", "bounded_for", "judge", "units_of"]

_UNITS = {"record": 0, "person": 1, "client": 2}
# These mechanisms give pure differential privacy, which has no delta.
_PURE = {"laplace", "sparse_vector"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
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


def judge(graph: FlowGraph, guard: Guard, index: int, units: int | None, max_epsilon: float) -> Verdict:
    """
    Check one mechanism for one instance among `units` (None: not declared).

    It needs noise, a clipping norm, a budget of at most `max_epsilon`, a unit at least as large as the one that
    is protected, and a delta below one over the number of units (Dwork and Roth 2014, section 2.3).
    """
    spec = guard.spec
    if not isinstance(spec, DifferentialPrivacy):
        return Verdict(why="it is no differential privacy")
    for why in (_useless(spec, max_epsilon), _wrong_unit(spec, graph, index), _large_delta(spec, units)):
        if why:
            return Verdict(why=why)
    return Verdict(missing=_missing(spec, guard, graph, index))


def _useless(spec: DifferentialPrivacy, max_epsilon: float) -> str:
    if spec.noise_multiplier == 0:
        return "its noise is zero"
    if spec.claimed_epsilon is not None and spec.claimed_epsilon > max_epsilon:
        return f"its claimed epsilon of {spec.claimed_epsilon:g} is above the limit of {max_epsilon:g}"
    return ""


def _wrong_unit(spec: DifferentialPrivacy, graph: FlowGraph, index: int) -> str:
    protected = graph.data[index].unit
    if spec.unit is not None and _UNITS[spec.unit] < _UNITS[protected]:
        return f"it protects a {spec.unit}, but the dataset's unit is a {protected}"
    return ""


def _large_delta(spec: DifferentialPrivacy, units: int | None) -> str:
    if spec.delta is None or units is None or spec.mechanism in _PURE or spec.delta * units < 1:
        return ""
    return f"its delta of {spec.delta:g} is not below one over the {units:,} units"


def _missing(spec: DifferentialPrivacy, guard: Guard, graph: FlowGraph, index: int) -> tuple[str, ...]:
    names = ["noise_multiplier", "clipping_norm", "claimed_epsilon", "unit"]
    if spec.mechanism not in _PURE:
        names.append("delta")
    at = ".".join(str(part) for part in guard.path)
    found = [f"{at}.{name}" for name in names if getattr(spec, name) is None]
    item = graph.data[index]
    if item.units is None and item.unit != "client" and spec.mechanism not in _PURE:
        found.append(f"datasets.{item.family}.subjects")
    return tuple(found)


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
