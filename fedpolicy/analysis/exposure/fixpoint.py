"""
The least fixpoint: what every place and model holds, in which form.

A form is how an instance is held: open at a level, hidden in a sum, or sealed. The state of a vertex maps forms
to bit sets of instances; sets only grow, so the result does not depend on the order of the flows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fedpolicy.analysis.exposure.effects import Effect, Effects
from fedpolicy.analysis.exposure.readings import BOUNDED, INFERABLE, VERBATIM, Reading
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.graph.model import Flow, FlowGraph, Mask, Vertex

__all__ = ["NOISE", "OPEN", "SEALED", "SUM", "Arrival", "Form", "Holdings", "propagate"]

OPEN, SUM, SEALED, NOISE = "open", "sum", "sealed", "noise"


class Form(NamedTuple):
    """
    How instances are held at a vertex.

    OPEN: at least at `level`. SUM: inside aggregate `sum` (-1: none), whose single contributions are at
    `level`, with the noise of mechanism `noise` (-1: none) shared out among them. SEALED: the same behind
    seal `seal`. NOISE: seen through mechanism `noise`.
    """

    kind: str
    level: int = 0
    sum: int = -1
    noise: int = -1
    seal: int = -1


class Arrival(NamedTuple):
    """Instances that a flow first brought to a vertex in some form, and the form that they had at its source."""

    flow: Flow
    mask: Mask
    source: Form


State = dict[Form, Mask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The fixpoint of one reading; `log` tells how it came about, for witness paths."""

    graph: FlowGraph
    hiding: Hiding
    effects: Effects
    states: dict[str, State]
    log: dict[str, dict[Form, list[Arrival]]] = field(default_factory=dict)

    def level(self, vertex: str, index: int) -> int:
        """The level at which a vertex holds an instance."""
        state = self.states.get(vertex, {})
        return max((f.level for f, m in state.items() if f.kind == OPEN and m >> index & 1), default=0)


def propagate(graph: FlowGraph, effects: Effects, hiding: Hiding, *, log: bool = False) -> Holdings:
    """Push what is stored along the flows until nothing new arrives."""
    holdings = Holdings(graph=graph, hiding=hiding, effects=effects, states=_stored(graph))
    out = _outgoing(graph, effects)
    queue = deque(sorted(holdings.states))
    waiting = set(queue)
    fresh: dict[str, State] = {vertex: dict(state) for vertex, state in holdings.states.items()}
    while queue:
        vertex = queue.popleft()
        waiting.discard(vertex)
        new = fresh.pop(vertex, {})
        for flow, effect in out.get(vertex, ()):
            if _arrive(holdings, flow, effect, new, fresh, log=log) and flow.target not in waiting:
                waiting.add(flow.target)
                queue.append(flow.target)
    return holdings


def transfer(flow: Flow, effect: Effect, state: State) -> Iterator[tuple[Form, Mask, Form]]:
    """What a flow makes of what its source holds: the form on arrival, the instances, the form at the source."""
    for form, held in state.items():
        mask = held & effect.data
        if not mask:
            continue
        if form.kind == OPEN:
            for arriving, part in _open(flow, effect, form, mask):
                yield arriving, part, form
        elif form.kind == SUM:
            for arriving, part in _summed(effect, form, mask):
                yield arriving, part, form
        elif form.kind == SEALED:
            yield _resealed(flow, effect, form), mask, form
        elif effect.cap or effect.sum_cap:
            yield form, mask, form


def arrive_at(holdings: Holdings, vertex: Vertex, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """Everything that a form amounts to at a vertex: itself, and what can be read from it there."""
    if vertex.kind == "model" and form.level > INFERABLE and form.kind in {OPEN, SUM, SEALED}:
        form = form._replace(level=INFERABLE)
    if form.kind == OPEN:
        for level in range(1, form.level + 1):
            yield Form(OPEN, level), mask
        return
    if form.kind == SUM:
        yield from _read_sum(holdings, vertex, form, mask)
        if vertex.kind == "model":
            return
    yield form, mask
    if form.kind == SEALED and _opens(holdings.graph, vertex, form.seal):
        inner = Form(OPEN, form.level) if form.sum < 0 else Form(SUM, form.level, form.sum, form.noise)
        yield from arrive_at(holdings, vertex, inner, mask)


def _stored(graph: FlowGraph) -> dict[str, State]:
    states: dict[str, State] = {}
    for item in graph.data:
        state = states.setdefault(item.place, {})
        for level in range(1, VERBATIM + 1):
            form = Form(OPEN, level)
            state[form] = state.get(form, 0) | 1 << item.index
    return states


def _outgoing(graph: FlowGraph, effects: Effects) -> dict[str, list[tuple[Flow, Effect]]]:
    found: dict[str, list[tuple[Flow, Effect]]] = {}
    for flow in graph.flows:
        if flow.echo or (effects.reading is Reading.LOW and not flow.certain):
            continue
        found.setdefault(flow.source, []).append((flow, effects.of(flow)))
    return found


def _arrive(holdings: Holdings, flow: Flow, effect: Effect, new: State, fresh: dict[str, State], *, log: bool) -> bool:
    vertex = holdings.graph.vertices[flow.target]
    state = holdings.states.setdefault(flow.target, {})
    changed = False
    for sent, mask, source in transfer(flow, effect, new):
        for form, arriving in arrive_at(holdings, vertex, sent, mask):
            more = arriving & ~state.get(form, 0)
            if more:
                changed = True
                state[form] = state.get(form, 0) | more
                waiting = fresh.setdefault(flow.target, {})
                waiting[form] = waiting.get(form, 0) | more
                if log:
                    holdings.log.setdefault(flow.target, {}).setdefault(form, []).append(Arrival(flow, more, source))
    return changed


def _open(flow: Flow, effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    cap = effect.sum_cap if flow.aggregate is not None else effect.cap
    for level, limited in effect.limits:
        if form.level > level:
            mask &= ~limited
    if form.level > cap or not mask:
        return
    for mechanism, protected in effect.noise:
        if form.level == BOUNDED and mask & protected:
            yield Form(NOISE, noise=mechanism), mask & protected
        if form.level > BOUNDED:
            mask &= ~protected
    if flow.aggregate is not None and form.level > INFERABLE:
        yield Form(SUM, form.level, flow.aggregate), mask
        return
    for summed, hidden in effect.hidden:
        if mask & hidden:
            yield from _into_sum(effect, form, summed, mask & hidden)
        mask &= ~hidden
    yield from _behind_seal(flow, effect, form, mask)


def _into_sum(effect: Effect, form: Form, summed: int, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    for mechanism, protected in effect.shared:
        if mask & protected:
            yield Form(SUM, form.level, summed, mechanism), mask & protected
        mask &= ~protected
    if mask:
        yield Form(SUM, form.level, summed), mask


def _behind_seal(flow: Flow, effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if flow.seal is not None and mask & effect.sealed:
        yield Form(SEALED, form.level, seal=flow.seal), mask & effect.sealed
        mask &= ~effect.sealed
    if mask:
        yield form, mask


def _summed(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    for _, protected in effect.noise:
        mask &= ~protected
    if mask and effect.sum_cap > INFERABLE:
        yield form._replace(level=min(form.level, effect.sum_cap)), mask


def _resealed(flow: Flow, effect: Effect, form: Form) -> Form:
    # Adding up what is sealed gives a sealed sum.
    summed = flow.aggregate if flow.aggregate is not None and form.sum < 0 else form.sum
    cap = max(effect.cap, effect.sum_cap) if summed >= 0 else effect.cap or VERBATIM
    return form._replace(sum=summed, level=min(form.level, cap))


def _read_sum(holdings: Holdings, vertex: Vertex, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    hidden = mask & holdings.hiding.hidden(form.sum, vertex.operators)
    yield Form(OPEN, BOUNDED), mask
    if form.noise >= 0:
        yield Form(NOISE, noise=form.noise), hidden
    elif form.level >= INFERABLE:
        yield Form(OPEN, INFERABLE), hidden
    for level in range(INFERABLE, form.level + 1):
        yield Form(OPEN, level), mask & ~hidden


def _opens(graph: FlowGraph, vertex: Vertex, seal: int) -> bool:
    found = graph.seals[seal]
    readers = set(found.readers)
    if vertex.kind != "place" or found.threshold > 1:
        return False
    return vertex.id in readers or not readers.isdisjoint(vertex.operators)
