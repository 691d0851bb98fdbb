"""
The least fixpoint: what every place and model holds, in which form.

A form is how an instance is held: open at a level, hidden in a sum, or sealed. The state of a vertex maps forms
to bit sets of instances; sets only grow, so the result does not depend on the order of the flows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import field
from typing import NamedTuple

from fedpolicy.analysis.exposure.effects import Effect, Effects
from fedpolicy.analysis.exposure.readings import BOUNDED, INFERABLE, VERBATIM, Reading
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.graph.model import Flow, FlowGraph, Mask, Vertex
from fedpolicy.records import dataclass

__all__ = [
    "NOISE",
    "OPEN",
    "SEALED",
    "SUM",
    "Arrival",
    "Form",
    "Holdings",
    "arrive_at",
    "propagate",
    "read_sum",
    "transfer",
    "unsealed",
]

OPEN, SUM, SEALED, NOISE = "open", "sum", "sealed", "noise"


class Form(NamedTuple):
    """
    How instances are held at a vertex.

    OPEN: at least at `level`. SUM: inside aggregate `sum` (-1: none), whose single contributions are at
    `level`, with the noise of mechanism `noise` (-1: none) shared out among them; `outer` are the
    aggregates that the first one went into. SEALED: the same behind all of `seals`. NOISE: seen through mechanism
    `noise`.
    """

    kind: str
    level: int = 0
    sum: int = -1
    noise: int = -1
    seals: tuple[int, ...] = ()
    outer: tuple[int, ...] = ()


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
    fresh: dict[str, State] = {vertex: dict(state) for vertex, state in holdings.states.items()}
    same: dict[Mask, Mask] = {}
    at_home = {vertex: state[Form(OPEN, VERBATIM)] for vertex, state in holdings.states.items()}
    while queue:
        vertex = queue.popleft()
        new = _beside(fresh.pop(vertex), at_home.get(vertex, 0))
        for effect, flows in out.get(vertex, ()):
            sent = list(transfer(effect, new))
            for flow in flows:
                for form, mask, source in _new_at(holdings, flow, sent, same):
                    if flow.target not in fresh:
                        queue.append(flow.target)
                    waiting = fresh.setdefault(flow.target, {})
                    waiting[form] = waiting.get(form, 0) | mask
                    if log:
                        arrivals = holdings.log.setdefault(flow.target, {}).setdefault(form, [])
                        arrivals.append(Arrival(flow, mask, source))
    return holdings


def transfer(effect: Effect, state: State) -> Iterator[tuple[Form, Mask, Form]]:
    """What a flow makes of what its source holds: the form that it sends, the instances, the form at the source."""
    for form, held in state.items():
        mask = held & effect.data
        if mask:
            for sent, part in _sent(effect, form, mask):
                yield sent, part, form


def arrive_at(holdings: Holdings, vertex: Vertex, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """
    Everything that a form amounts to at a vertex: itself, and what can be read from it there.

    Whatever is open at a level arrives open at every lower level too, by the same flow.
    """
    if vertex.kind == "model" and form.level > INFERABLE:
        form = form._replace(level=INFERABLE)
    if form.kind == SUM:
        yield from read_sum(form, mask, mask & holdings.hiding.hidden(form.sum, vertex.operators, form.outer))
        if vertex.kind == "model":
            return
    yield form, mask
    if form.kind == SEALED:
        left = tuple(seal for seal in form.seals if not _opens(holdings.graph, vertex, seal))
        if left != form.seals:
            yield from arrive_at(holdings, vertex, form._replace(seals=left) if left else unsealed(form), mask)


def read_sum(form: Form, mask: Mask, hidden: Mask) -> Iterator[tuple[Form, Mask]]:
    """What somebody reads in a sum that hides the instances `hidden` from them."""
    yield Form(OPEN, BOUNDED), mask
    if form.noise >= 0:
        yield Form(NOISE, noise=form.noise), hidden
    elif form.level >= INFERABLE:
        yield Form(OPEN, INFERABLE), hidden
    for level in range(INFERABLE, form.level + 1):
        yield Form(OPEN, level), mask & ~hidden


def unsealed(form: Form) -> Form:
    """What a reader finds behind a seal."""
    if form.sum >= 0:
        return form._replace(kind=SUM, seals=())
    return Form(OPEN, form.level) if form.noise < 0 else Form(NOISE, noise=form.noise)


def _stored(graph: FlowGraph) -> dict[str, State]:
    states: dict[str, State] = {}
    forms = [Form(OPEN, level) for level in range(1, VERBATIM + 1)]
    by_place: dict[str, Mask] = {}
    for item in graph.data:
        by_place[item.place] = by_place.get(item.place, 0) | 1 << item.index
    for place, mask in by_place.items():
        # The same number four times: with thousands of instances it is a large one.
        states[place] = dict.fromkeys(forms, mask)
    return states


def _outgoing(graph: FlowGraph, effects: Effects) -> dict[str, list[tuple[Effect, list[Flow]]]]:
    """The flows out of each vertex; those with the same effect go together."""
    found: dict[str, dict[int, tuple[Effect, list[Flow]]]] = {}
    for flow in graph.flows:
        if flow.echo or (effects.reading is Reading.LOW and not flow.certain):
            continue
        effect = effects.of(flow)
        found.setdefault(flow.source, {}).setdefault(id(effect), (effect, []))[1].append(flow)
    return {source: list(grouped.values()) for source, grouped in found.items()}


def _beside(state: State, at_home: Mask) -> State:
    """What to send on: what comes back to where the records are says nothing that they do not say."""
    if not at_home:
        return state
    return {form: mask if form.kind == OPEN else mask & ~at_home for form, mask in state.items()}


def _new_at(
    holdings: Holdings, flow: Flow, sent: list[tuple[Form, Mask, Form]], same: dict[Mask, Mask]
) -> Iterator[tuple[Form, Mask, Form]]:
    """Add what arrives to the target's state; yield what was not there before (equal masks share one object)."""
    vertex = holdings.graph.vertices[flow.target]
    state = holdings.states.setdefault(flow.target, {})
    for form, mask, source in sent:
        for arrived, arriving in arrive_at(holdings, vertex, form, mask):
            known = state.get(arrived, 0)
            if arriving & ~known:
                state[arrived] = same.setdefault(known | arriving, known | arriving)
                yield arrived, same.setdefault(arriving, arriving), source


def _sent(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if form.kind == OPEN:
        yield from _open(effect, form, mask)
    elif form.kind == SUM:
        yield from _summed(effect, form, mask)
    elif form.kind == SEALED:
        yield from _resealed(effect, form, mask)
    elif effect.cap or effect.sum_cap:
        yield from _behind_seal(effect, form, mask)


def _open(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    cap = effect.sum_cap if effect.aggregate is not None else effect.cap
    for level, limited in effect.limits:
        if form.level > level:
            mask &= ~limited
    if form.level > cap or not mask:
        return
    for mechanism, protected in effect.noise if form.level > BOUNDED else ():
        # Noise on what came with noise already spends nothing more.
        if form.level == INFERABLE and mask & protected:
            yield from _behind_seal(effect, Form(NOISE, noise=mechanism), mask & protected)
        mask &= ~protected
    if effect.aggregate is not None and form.level > INFERABLE:
        yield from _added(effect, Form(SUM, form.level, effect.aggregate), mask)
        return
    for summed, hidden in effect.hidden:
        if mask & hidden:
            yield from _into_sum(effect, form, summed, mask & hidden)
        mask &= ~hidden
    yield from _behind_seal(effect, form, mask)


def _into_sum(effect: Effect, form: Form, summed: int, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """Hide a contribution in a sum; what a sum cannot hide any better goes on as it is."""
    for mechanism, protected in effect.shared:
        if mask & protected and form.level > BOUNDED:
            yield from _behind_seal(effect, Form(SUM, form.level, summed, mechanism), mask & protected)
            mask &= ~protected
    if mask:
        hides = form.level > INFERABLE
        yield from _behind_seal(effect, Form(SUM, form.level, summed) if hides else form, mask)


def _behind_seal(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    sealed = mask & (effect.sealed | effect.both)
    if effect.seal is not None and sealed:
        yield form._replace(kind=SEALED, seals=tuple(sorted({*form.seals, effect.seal}))), sealed
        mask &= ~effect.sealed
    if mask:
        yield form, mask


def _summed(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    for _, protected in effect.noise:
        mask &= ~protected
    if mask and effect.sum_cap > INFERABLE:
        form = form._replace(level=min(form.level, effect.sum_cap))
        if effect.aggregate is not None and effect.aggregate != form.sum:
            form = _within(form, effect.aggregate)
        yield from _added(effect, form, mask)


def _added(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """A sum that a secure sum adds to others."""
    for summed, hidden in effect.hidden:
        if mask & hidden and summed != form.sum:
            yield from _behind_seal(effect, _within(form, summed), mask & hidden)
            mask &= ~hidden
    yield from _behind_seal(effect, form, mask)


def _within(form: Form, summed: int) -> Form:
    return form._replace(outer=tuple(sorted({*form.outer, summed})))


def _resealed(effect: Effect, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    if effect.opens:
        yield unsealed(form), mask
        return
    # Adding up what is sealed gives a sealed sum.
    alone = form.sum < 0 and form.noise < 0
    summed = effect.aggregate if effect.aggregate is not None and alone else form.sum
    cap = max(effect.cap, effect.sum_cap) if summed >= 0 else effect.cap
    yield from _behind_seal(effect, form._replace(sum=summed, level=min(form.level, cap or VERBATIM)), mask)


def _opens(graph: FlowGraph, vertex: Vertex, seal: int) -> bool:
    found = graph.seals[seal]
    readers = set(found.readers)
    if vertex.kind != "place" or found.threshold > 1:
        return False
    return vertex.id in readers or not readers.isdisjoint(vertex.operators)
