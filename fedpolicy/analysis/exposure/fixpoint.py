"""
The least fixpoint: what every place and model holds, in which form.

The state of a vertex maps forms to bit sets of instances; sets only grow, so the result does not depend on the order
of the flows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from fedpolicy.analysis.exposure import (
    INFERABLE,
    MALLEABLE_VOID,
    OPEN,
    SEALED,
    SUM,
    VERBATIM,
    VOID,
    Form,
    Hidden,
    Reading,
    State,
    read_sum,
    unsealed,
)
from fedpolicy.analysis.exposure.effects import Effects
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.analysis.exposure.transfer import Effect, transfer
from fedpolicy.graph import Flow, FlowGraph, Mask, Vertex
from fedpolicy.graph.masks import common, grouped, lacking
from fedpolicy.limits import USUAL
from fedpolicy.records import dataclass, field

Moved = tuple[Form, Mask, Form]  # as it arrives or leaves, the instances, and the form at the source
_LARGE = 512  # instances
_HIDDEN = (SUM, SEALED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """
    The fixpoint of one reading; `log` tells which flow first brought what to a vertex, for witness paths.

    `models_into` are the flows by which models, or what they answer, come to enclaves; `enclosed` are the places that
    are some.
    """

    graph: FlowGraph
    hiding: Hiding
    effects: Effects
    states: dict[str, State]
    log: dict[str, list[tuple[Flow, list[Moved]]]] = field(default_factory=dict)
    models_into: dict[str, list[Flow]] = field(default_factory=dict)
    enclosed: frozenset[str] = frozenset()

    def level(self, vertex: str, index: int) -> int:
        """The level at which a vertex holds an instance."""
        state = self.states.get(vertex, {})
        return max((f.level for f, m in state.items() if f.kind == OPEN and m >> index & 1), default=0)

    def open_at(self, vertex: str) -> Mask:
        """The instances that a vertex holds openly, at whatever level."""
        found = 0
        for form, mask in self.states.get(vertex, {}).items():
            found |= mask if form.kind == OPEN else 0
        return found


def propagate(
    graph: FlowGraph, effects: Effects, hiding: Hiding, *, log: bool = False, most: int = USUAL.forms
) -> Holdings:
    """Push what is stored along the flows until nothing new arrives. Raises InputError for more than `most` forms."""
    holdings = Holdings(
        graph=graph,
        hiding=hiding,
        effects=effects,
        states=_stored(graph),
        models_into=_models_into(graph, effects),
        enclosed=frozenset(place for place, vertex in graph.vertices.items() if vertex.enclave),
    )
    out = _outgoing(graph, effects)
    at_home = {vertex: state[Form(OPEN, VERBATIM)] for vertex, state in holdings.states.items()}
    spread = _Spread(
        holdings=holdings,
        log=log,
        onward={vertex for vertex, leaving in out.items() if _passes_on(leaving, at_home.get(vertex, 0))},
        large=len(graph.data) > _LARGE,
        queue=deque(sorted(holdings.states)),
        fresh={vertex: dict.fromkeys(state) for vertex, state in holdings.states.items()},
        hidden=Hidden(most=most),
    )
    sent_home: set[str] = set()
    while spread.queue:
        vertex = spread.queue.popleft()
        state = holdings.states[vertex]
        new = {form: state[form] for form in spread.fresh.pop(vertex)}
        if vertex in at_home:
            new = _beside(new, at_home[vertex], first=vertex not in sent_home)
            sent_home.add(vertex)
        for effect, data, flows in out.get(vertex, ()) if new else ():
            sent = transfer(effect, new, data)
            if sent:
                spread.send(sent, flows)
    return holdings


@dataclass(slots=True, kw_only=True)
class _Spread:
    """
    What is on its way: vertices in the order in which something new came to them, and what it was.

    Those that are `onward` may send on what comes to them; most clients only ever send what they have at home. Of each
    form that is `fresh` all is sent on, as keeping apart what is new in it takes longer than to send it once more.
    """

    holdings: Holdings
    log: bool
    onward: set[str]
    large: bool
    queue: deque[str]
    fresh: dict[str, dict[Form, None]]
    hidden: Hidden
    last: dict[Form, Mask] = field(default_factory=dict)

    def send(self, sent: Sequence[Moved], flows: Sequence[Flow]) -> None:
        """Send the same along several flows."""
        # Most of what travels amounts to itself and nothing more.
        kinds = {form.kind for form, _, _ in sent}
        as_it_is = kinds == {OPEN}
        sums = [form for form, _, _ in sent if form.kind == SUM]
        vertices, states = self.holdings.graph.vertices, self.holdings.states
        covers = self.holdings.hiding.covers
        known: dict[tuple[object, ...], list[Moved]] = {}
        for flow in flows:
            target = flow.target
            arriving = sent
            if not as_it_is or vertices[target].kind == "model":
                # From thousands of clients a sum hides the very same set, so that it amounts to the same for them.
                vertex = vertices[target]
                key = (
                    vertex.kind,
                    target if SEALED in kinds else "",
                    *[id(covers(form, vertex.operators)) for form in sums],
                )
                found = known.get(key)
                if found is None:
                    found = known[key] = self._read(vertex, sent)
                arriving = found
            state = states.get(target)
            if state is None:
                state = states[target] = {}
            new = self._new(target, arriving, state)
            if new:
                self._keep(flow, new)

    def _read(self, vertex: Vertex, sent: Sequence[Moved]) -> list[Moved]:
        """What is sent, and what can be read from it where it arrives."""
        found: list[Moved] = []
        for moved in sent:
            form, mask, source = moved
            if form.kind == OPEN and (form.level <= INFERABLE or vertex.kind != "model"):
                found.append(moved)
            else:
                found += [(arrived, part, source) for arrived, part in arrive_at(self.holdings, vertex, form, mask)]
        return found

    def _new(self, target: str, arriving: Sequence[Moved], state: State) -> list[Moved]:
        """Add what arrives to the state of its target; say what was not there before."""
        found: list[Moved] = []
        last, large = self.last, self.large
        for moved in arriving:
            form, arrived, source = moved
            mask = self.hidden.new(target, form, arrived, state) if form.kind in _HIDDEN else arrived
            known = state.get(form, 0)
            if known is mask:
                continue
            both = known & mask
            if both != mask:
                if large:
                    # Long sets that are equal are one object: thousands of places are sent the same.
                    before = last.get(form)
                    if before is mask or before == mask:
                        mask = before or mask
                    else:
                        last[form] = mask
                state[form] = mask if both == known else known | mask
                found.append(moved if mask is arrived else (form, mask, source))
        return found

    def _keep(self, flow: Flow, found: list[Moved]) -> None:
        if self.log:
            self.holdings.log.setdefault(flow.target, []).append((flow, found))
        if flow.target not in self.onward:
            return
        waiting = self.fresh.get(flow.target)
        if waiting is None:
            waiting = self.fresh[flow.target] = {}
            self.queue.append(flow.target)
        waiting.update((form, None) for form, _, _ in found)


def arrive_at(holdings: Holdings, vertex: Vertex, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """
    Everything that a form amounts to at a vertex: itself, and what can be read from it there.

    Whatever is open at a level arrives open at every lower level too, by the same flow.
    """
    if vertex.kind == "model" and form.level > INFERABLE:
        form = form._replace(level=INFERABLE)
    if form.kind == SUM:
        hiding = holdings.hiding
        yield from read_sum(form, mask, common(mask, hiding.covers(form, vertex.operators)), hiding.noise_in(form))
        if vertex.kind == "model":
            return
    yield form, mask
    if form.kind == SEALED:
        left = tuple(seal for seal in form.seals if not _opens(holdings.graph, vertex, seal))
        if left != form.seals:
            yield from arrive_at(holdings, vertex, form._replace(seals=left) if left else unsealed(form), mask)


def _stored(graph: FlowGraph) -> dict[str, State]:
    states: dict[str, State] = {}
    forms = [Form(OPEN, level) for level in range(1, VERBATIM + 1)]
    for place, mask in grouped((item.place, item.bit) for item in graph.data).items():
        # The same number four times: with thousands of instances it is a large one.
        states[place] = dict.fromkeys(forms, mask)
    return states


def _models_into(graph: FlowGraph, effects: Effects) -> dict[str, list[Flow]]:
    found: dict[str, list[Flow]] = {}
    enclaves = {name for name, vertex in graph.vertices.items() if vertex.enclave is not None}
    for flow in graph.flows if enclaves else ():
        if flow.target in enclaves and graph.vertices[flow.source].kind == "model" and _exists(flow, effects):
            found.setdefault(flow.target, []).append(flow)
    return found


def _exists(flow: Flow, effects: Effects) -> bool:
    return not flow.echo and (flow.certain or effects.reading is not Reading.LOW)


def _outgoing(graph: FlowGraph, effects: Effects) -> dict[str, list[tuple[Effect, Mask | None, list[Flow]]]]:
    """The flows out of each vertex; those with the same effect on the same data go together."""
    leaving: dict[str, list[Flow]] = {}
    for flow in graph.flows:
        if _exists(flow, effects):
            leaving.setdefault(flow.source, []).append(flow)
    return {source: _alike(flows, effects) for source, flows in leaving.items()}


def _alike(flows: Sequence[Flow], effects: Effects) -> list[tuple[Effect, Mask | None, list[Flow]]]:
    if len(flows) == 1:
        return [(effects.of(flows[0]), flows[0].data, [flows[0]])]
    found: dict[tuple[int, object], tuple[Effect, Mask | None, list[Flow]]] = {}
    keys: dict[int, object] = {}  # by the very object, which thousands of flows share
    for flow in flows:
        effect, data = effects.of(flow), flow.data
        if id(data) not in keys:
            keys[id(data)] = data if data is None else effects.graph.key(data)
        found.setdefault((id(effect), keys[id(data)]), (effect, data, []))[2].append(flow)
    return list(found.values())


def _passes_on(leaving: Sequence[tuple[Effect, Mask | None, list[Flow]]], at_home: Mask) -> bool:
    """Whether a vertex may send on anything beside the records that it has at home."""
    return any(data is None or (data is not at_home and lacking(data, at_home)) for _, data, _ in leaving)


def _beside(state: State, at_home: Mask, *, first: bool) -> State:
    """What to send on: what comes back to where the records are says nothing that they, once sent, do not say."""
    others = ~at_home
    found = ((form, mask if first and form.kind == OPEN else mask & others) for form, mask in state.items())
    return {form: mask for form, mask in found if mask}


def _opens(graph: FlowGraph, vertex: Vertex, seal: int) -> bool:
    if seal in {VOID, MALLEABLE_VOID}:
        return True
    found = graph.seals[seal]
    readers = set(found.readers)
    if vertex.kind != "place" or found.threshold > 1:
        return False
    return vertex.id in readers or not readers.isdisjoint(vertex.operators)
