"""Claimed privacy budgets add up over everything that one party sees of a dataset (basic composition)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fedpolicy.analysis.exposure.readings import BOUNDED, VERBATIM
from fedpolicy.analysis.exposure.views import View
from fedpolicy.graph.model import FlowGraph, Mask, bits
from fedpolicy.records import dataclass
from fedpolicy.spec.safeguards import DifferentialPrivacy

__all__ = ["Mechanism", "compose", "mechanisms_of", "spent_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One declared mechanism: where it stands, and the budget that is claimed for it (None: nothing)."""

    path: str
    epsilon: float | None


def mechanisms_of(graph: FlowGraph) -> dict[int, Mechanism]:
    """Every mechanism on any flow, by index."""
    found: dict[int, Mechanism] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.spec
            if isinstance(spec, DifferentialPrivacy) and guard.mechanism is not None and guard.mechanism not in found:
                path = ".".join(str(part) for part in guard.path)
                found[guard.mechanism] = Mechanism(path=path, epsilon=spec.claimed_epsilon)
    return found


def compose(view: View, mechanisms: Mapping[int, Mechanism], limit: float, without: Callable[[], View]) -> View:
    """
    Take `bounded` back where the claimed budgets of all mechanisms together exceed `limit`.

    The sum is basic composition (Dwork and Roth 2014, theorem 3.16). `without` gives the view without any noise;
    it is only asked for where some sum is too large.
    """
    bounded = view.levels[BOUNDED] & ~view.levels[BOUNDED + 1]
    spent = _overspent(view, mechanisms, limit, bounded)
    if not spent:
        return view
    plain = without()
    levels = [view.levels[level] | (plain.levels[level] & spent) for level in range(VERBATIM + 1)]
    return View(levels=levels, noise=view.noise)


def spent_on(view: View, mechanisms: Mapping[int, Mechanism], index: int) -> float:
    """The claimed budgets of everything that a viewer sees of an instance, added up."""
    return sum(mechanisms[m].epsilon or 0.0 for m, mask in view.noise.items() if mask >> index & 1)


def _overspent(view: View, mechanisms: Mapping[int, Mechanism], limit: float, bounded: Mask) -> Mask:
    seen = {m: mask & bounded for m, mask in view.noise.items() if mask & bounded}
    if sum(mechanisms[m].epsilon or 0.0 for m in seen) <= limit:
        return 0
    found = 0
    for index in bits(bounded):
        if sum(mechanisms[m].epsilon or 0.0 for m, mask in seen.items() if mask >> index & 1) > limit:
            found |= 1 << index
    return found
