"""
The least fixpoint: what every place and model holds, in which form.

The state of a vertex maps forms to bit sets of instances; sets only grow, so the result does not depend on the order
of the flows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import INFERABLE, OPEN, SEALED, SUM, VERBATIM, Form, Hidden, Reading, State
from fedpolicy.analysis.exposure.effects import Effects
from fedpolicy.analysis.exposure.sums import Hiding, arrive_at
from fedpolicy.analysis.exposure.transfer import Effect, transfer
from fedpolicy.graph import Flow, FlowGraph, Mask, Vertex
from fedpolicy.graph.masks import grouped, lacking, without
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.differences import Differences

Leaving = Sequence[tuple[Effect, Mask | None, Sequence[Flow]]]
Moved = tuple[Form, Mask, Form]  # as it arrives or leaves, the instances, and the form at the source
_LARGE = 512  # instances
_HIDDEN = (SUM, SEALED)
_BACK = ("downlink", "exchange", "forwarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """
    The fixpoint of one reading; `log` tells which flow first brought what to a vertex, for witness paths.

    `models_into` are the flows by which models, or their answers, come to enclaves; `enclosed` are the places that
    are some; `differences` say what is left of sums to whoever sees parts of them, where there are any.
    """

    graph: FlowGraph
    hiding: Hiding
    effects: Effects
    states: dict[str, State]
    log: dict[str, list[tuple[Flow, list[Moved]]]] = field(default_factory=dict)
    models_into: dict[str, list[Flow]] = field(default_factory=dict)
    enclosed: frozenset[str] = frozenset()
    differences: Differences | None = None

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
    graph: FlowGraph, effects: Effects, hiding: Hiding, some: Mapping[int, Mask], *, log: bool, most: int
) -> Spread:
    """
    Push what is stored along the flows until nothing new arrives; raises InputError for more than `most` forms.

    By those flows of which it says so only `some` of their data travel.
    """
    states = _stored(graph)
    spread = Spread(
        holdings=Holdings(
            graph=graph,
            hiding=hiding,
            effects=effects,
            states=states,
            models_into=_models_into(graph, effects),
            enclosed=frozenset(place for place, vertex in graph.vertices.items() if vertex.enclave),
        ),
        log=log,
        large=len(graph.data) > _LARGE,
        queue=deque(sorted(states)),
        fresh={vertex: dict.fromkeys(state) for vertex, state in states.items()},
        hidden=Hidden(most=most),
        at_home={vertex: state[Form(OPEN, VERBATIM)] for vertex, state in states.items()},
        first=set(states),
    )
    spread.let_out(_outgoing(graph.flows, effects, some))
    spread.run()
    return spread


@dataclass(slots=True, kw_only=True)
class Spread:
    """
    What is on its way: vertices in the order in which something new came to them, and what it was.

    Those that are `onward` may send on what comes to them; most clients only ever send what they have `at_home`, and
    that when it is their turn for the `first` time. Of each form that is `fresh` all is sent on, as keeping apart what
    is new in it takes longer than to send it once more. States that are `lent` are another's.
    """

    holdings: Holdings
    log: bool
    large: bool
    queue: deque[str]
    fresh: dict[str, dict[Form, None]]
    hidden: Hidden
    at_home: Mapping[str, Mask]
    first: set[str]
    out: dict[str, Leaving] = field(default_factory=dict)
    onward: set[str] = field(default_factory=set)
    lent: set[str] = field(default_factory=set)
    last: dict[Form, Mask] = field(default_factory=dict)

    def further(self, effects: Effects, hiding: Hiding, flows: Sequence[Flow], *, log: bool) -> Holdings:
        """Send all data by these flows, too; this one stays as it is, so that another reading can go on from it."""
        states = dict(self.holdings.states)
        kept = {vertex: list(found) for vertex, found in self.holdings.log.items()} if log else {}
        spread = replace(
            self,
            holdings=replace(self.holdings, effects=effects, hiding=hiding, states=states, log=kept),
            log=log,
            hidden=self.hidden.copy(),
            out=dict(self.out),
            onward=set(self.onward),
            lent=set(states),
        )
        more = _outgoing(flows, effects, {})
        spread.let_out(more)
        for vertex in sorted(more.keys() & states.keys()):
            spread.leave(vertex, dict(states[vertex]), more[vertex], first=True)
        spread.run()
        return spread.holdings

    def let_out(self, more: Mapping[str, Leaving]) -> None:
        """Add flows to those by which vertices send on what comes to them."""
        for vertex, leaving in more.items():
            self.out[vertex] = [*self.out.get(vertex, ()), *leaving]
            if _passes_on(leaving, self.at_home.get(vertex, 0)):
                self.onward.add(vertex)

    def run(self) -> None:
        """Send on what is new until nothing is."""
        while self.queue:
            vertex = self.queue.popleft()
            state = self.holdings.states[vertex]
            new = {form: state[form] for form in self.fresh.pop(vertex)}
            self.leave(vertex, new, self.out.get(vertex, ()), first=vertex in self.first)
            self.first.discard(vertex)

    def leave(self, vertex: str, new: State, leaving: Leaving, *, first: bool) -> None:
        """Send what is new at a vertex by some of the flows out of it."""
        if vertex in self.at_home:
            new = _beside(new, self.at_home[vertex], first=first)
        for effect, data, flows in leaving if new else ():
            sent = transfer(effect, new, data)
            if sent:
                self.send(sent, flows)

    def send(self, sent: Sequence[Moved], flows: Sequence[Flow]) -> None:
        """Send the same along several flows."""
        # Most of what travels amounts to itself and nothing more.
        kinds = {form.kind for form, _, _ in sent}
        as_it_is = kinds == {OPEN}
        sums = [form for form, _, _ in sent if form.kind == SUM]
        vertices, states = self.holdings.graph.vertices, self.holdings.states
        covers = self.holdings.hiding.covers_at
        known: dict[tuple[object, ...], list[Moved]] = {}
        for flow in flows:
            target = flow.target
            arriving = sent
            if not as_it_is or vertices[target].kind == "model":
                # From thousands of clients a sum hides the very same set, so that it amounts to the same for them.
                vertex = vertices[target]
                key = (vertex.kind, target if SEALED in kinds else "", *[id(covers(form, vertex)) for form in sums])
                found = known.get(key)
                if found is None:
                    found = known[key] = self._read(vertex, sent)
                arriving = found
            state = states.get(target)
            if state is None or target in self.lent:
                self.lent.discard(target)
                state = states[target] = dict(state or {})
            new = self._new(target, arriving, state)
            if new:
                self._keep(flow, new)

    def _read(self, vertex: Vertex, sent: Sequence[Moved]) -> list[Moved]:
        """What is sent, and what can be read from it where it arrives."""
        found: list[Moved] = []
        hiding = self.holdings.hiding
        for moved in sent:
            form, mask, source = moved
            if form.kind == OPEN and (form.level <= INFERABLE or vertex.kind != "model"):
                found.append(moved)
            else:
                found += [(arrived, part, source) for arrived, part in arrive_at(hiding, vertex, form, mask)]
        return found

    def _new(self, target: str, arriving: Sequence[Moved], state: State) -> list[Moved]:
        """Add what arrives to the state of its target; say what was not there before."""
        found: list[Moved] = []
        before, more, brought, grown = -1, 0, 0, 0
        for moved in arriving:
            form, arrived, source = moved
            mask = self.hidden.new(target, form, arrived, state) if form.kind in _HIDDEN else arrived
            known = state.get(form, 0)
            if known is mask:
                continue
            # What is sent at several levels mostly finds the same at each, and adds the same to it.
            if known is not before or mask is not more:
                before, more = known, mask
                brought, grown = self._grown(form, known, mask)
            if grown is not known:
                state[form] = grown
                found.append(moved if brought is arrived else (form, brought, source))
        return found

    def _grown(self, form: Form, known: Mask, mask: Mask) -> tuple[Mask, Mask]:
        """What is added to what is there, and both together."""
        both = known & mask
        if not both ^ mask:
            return mask, known
        # Long sets that are equal are one object: thousands of places are sent the same.
        if self.large and (last := self.last.get(form)) is not mask:
            mask = self.last[form] = mask if last is None or last ^ mask else last
        return mask, known | mask if both ^ known else mask

    def _keep(self, flow: Flow, found: list[Moved]) -> None:
        if self.log:
            self.holdings.log.setdefault(flow.target, []).append((flow, found))
        if flow.target not in self.onward:
            return
        waiting = self.fresh.get(flow.target)
        if waiting is None:
            waiting = self.fresh[flow.target] = {}
            self.queue.append(flow.target)
        waiting.update({form: None for form, _, _ in found})


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
    trained = {f"tasks.{n}" for n, t in graph.deployment.tasks.items() if effects.catalog.methods[t.method].trains}
    for flow in graph.flows if enclaves else ():
        # What training sends back is a model, whether or not the file gives it a name.
        model = graph.vertices[flow.source].kind == "model" or (flow.role in _BACK and flow.origin in trained)
        if flow.target in enclaves and (model or flow.role == "retrieval") and _exists(flow, effects):
            found.setdefault(flow.target, []).append(flow)
    return found


def _exists(flow: Flow, effects: Effects) -> bool:
    return not flow.echo and (flow.certain or effects.reading is not Reading.LOW)


def _outgoing(flows: Iterable[Flow], effects: Effects, some: Mapping[int, Mask]) -> dict[str, Leaving]:
    """The flows out of each vertex; those with the same effect on the same data go together."""
    leaving: dict[str, list[Flow]] = {}
    for flow in flows:
        if _exists(flow, effects):
            leaving.setdefault(flow.source, []).append(flow)
    return {source: _alike(flows, effects, some) for source, flows in leaving.items()}


def _alike(flows: Sequence[Flow], effects: Effects, some: Mapping[int, Mask]) -> Leaving:
    if len(flows) == 1:
        return [(effects.of(flows[0]), some.get(flows[0].index, flows[0].data), flows)]
    found: dict[tuple[int, int], tuple[Effect, Mask | None, list[Flow]]] = {}
    keys: dict[int, int] = {}  # by the very object, which thousands of flows share; equal sets have one number
    numbers: dict[object, int] = {}
    for flow in flows:
        effect, data = effects.of(flow), some.get(flow.index, flow.data)
        if id(data) not in keys:
            key = data if data is None else effects.graph.key(data)
            keys[id(data)] = numbers.setdefault(key, len(numbers))
        found.setdefault((id(effect), keys[id(data)]), (effect, data, []))[2].append(flow)
    return list(found.values())


def _passes_on(leaving: Leaving, at_home: Mask) -> bool:
    """Whether a vertex may send on anything beside the records that it has at home."""
    return any(data is None or (data is not at_home and lacking(data, at_home)) for _, data, _ in leaving)


def _beside(state: State, at_home: Mask, *, first: bool) -> State:
    """What to send on: what comes back to where the records are says nothing that they, once sent, do not say."""
    found = ((form, mask if first and form.kind == OPEN else without(mask, at_home)) for form, mask in state.items())
    return {form: mask for form, mask in found if mask}
