"""What one flow lets through in one reading: caps, noise, sums and seals, each for the instances it covers."""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.analysis.exposure import MALLEABLE_VOID, RECONSTRUCTABLE, VERBATIM, Reading, Trust
from fedpolicy.analysis.exposure.insiders import Insiders
from fedpolicy.analysis.exposure.mechanisms import Mechanism, noised
from fedpolicy.analysis.exposure.privacy import bounded_for, spend
from fedpolicy.analysis.exposure.sizes import NO_MESSAGE, Few, Message, message_of, note_message
from fedpolicy.analysis.exposure.transfer import ALL, Effect, anything
from fedpolicy.catalog import Catalog
from fedpolicy.graph import Flow, FlowGraph, Guard, Mask, bits
from fedpolicy.graph.computation import is_computation
from fedpolicy.graph.guards import first_alike, is_supplied, performers
from fedpolicy.graph.masks import common, lacking
from fedpolicy.graph.places import supplier_of
from fedpolicy.language.model.does import Cap, Noise, Seal, Sum, Unsaid
from fedpolicy.records import dataclass, field, replace

_CACHED = tuple[tuple[str | int, ...], Mask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """
    Computes effects; equal guards on thousands of flows are judged once. `supplied`: some code has an author.

    `insiders` say which noise is added up in parts. All but the `doubted` flows have the effects that they have in a
    reading that this one is `like`, if there is one.
    """

    graph: FlowGraph
    catalog: Catalog
    trust: Trust
    reading: Reading
    max_epsilon: float
    private: bool = True
    free_text: Mask = 0
    malleable: frozenset[int] = frozenset()
    few: Few
    counted: frozenset[int] = frozenset()
    supplied: bool = True
    mechanisms: Mapping[int, Mechanism] = field(default_factory=dict)
    insiders: Mapping[int, Insiders] = field(default_factory=dict)
    like: Effects | None = None
    doubted: Mapping[int, Mask] = field(default_factory=dict)
    _noise: dict[_CACHED, Mask] = field(default_factory=dict)
    _made: dict[Message, Mask] = field(default_factory=dict)
    _effects: dict[tuple[object, ...], Effect] = field(default_factory=dict)
    _of: dict[int, Effect] = field(default_factory=dict)
    _alike: dict[int, int] = field(default_factory=dict)

    def of(self, flow: Flow) -> Effect:
        """What this flow lets through of its data; flows that differ only in these and their ends share one effect."""
        found = self._of.get(flow.index)
        if found is None:
            like = self.like if flow.index not in self.doubted else None
            found = self._of[flow.index] = like.of(flow) if like else self._shared(flow)
        return found

    def _shared(self, flow: Flow) -> Effect:
        few, opens = self._few(flow), flow.role == "published"
        strange = self.unvouched(flow) if self.supplied and not self.reading.trusting else 0
        key: tuple[object, ...] = (flow.payload, flow.raw, flow.aggregate, opens, few, strange)
        scope = ALL
        if flow.guards or flow.seals:
            scope = self._scope(flow)
            # Where nobody's word is asked for, the same safeguard of ten thousand clients is one.
            guards: object = id(flow.guards)
            if scope == ALL:
                guards = tuple((guard.path, guard.aggregate, guard.ignored) for guard in flow.guards)
            ends = (flow.source, flow.sender) if flow.seals else ""
            key = (*key, scope if scope == ALL else self.graph.key(scope), guards, flow.seals, ends)
        found = self._effects.get(key)
        if found is None:
            found = self._effects[key] = self._effect(flow, scope, few, strange)
        return found

    def _scope(self, flow: Flow) -> Mask:
        """The instances of which a flow's effect is said: its own where owners may differ, or budgets count."""
        if self.reading.trusting and not any(isinstance(guard.does, Noise) for guard in flow.guards):
            return ALL
        return self.graph.carried(flow)

    def _few(self, flow: Flow) -> Mask:
        few = 0 if flow.aggregate is None and self.few.is_quiet(flow.payload) else self.few.exposed(flow)
        return ALL if few and few == flow.data else few

    def unvouched(self, flow: Flow) -> Mask:
        """
        The instances whose owners do not rely on the code that computes what this flow is said to carry.

        Whoever passes something on did not compute it.
        """
        if flow.passed_on and not self._made:
            self._made.update(self._made_by_strangers())
        words = suppliers_of(self.graph, flow)
        passed = self._made.get(message_of(flow), 0) if flow.passed_on else 0
        data = self.graph.carried(flow)
        return data & (passed | self._refused(words, flow.source, data)) if words else data & passed

    def _made_by_strangers(self) -> dict[Message, Mask]:
        """By message, the instances of which it is computed by code that their owners do not rely on."""
        found: dict[Message, Mask] = {NO_MESSAGE: 0}  # asked for once, where there is none, too
        for flow in self.graph.flows:
            if not flow.passed_on and suppliers_of(self.graph, flow):
                note_message(found, flow, self.unvouched(flow))
        return found

    def _refused(self, words: frozenset[str], source: str, data: Mask) -> Mask:
        left, place = data & ~self.trust.accepting(words, data), self.graph.vertices[source]
        for index in bits(left) if place.enclave else ():
            left &= ~(self.trust.vouched(self.graph.data[index].owner, place) << index)
        return left

    def _effect(self, flow: Flow, data: Mask, few: Mask, strange: Mask) -> Effect:
        if self.reading is Reading.LOW and any(isinstance(guard.does, Unsaid) for guard in flow.guards):
            data = 0
        guards = [(guard, data & ~strange if asks_what_it_is(guard) else data) for guard in flow.guards]
        counted = [(guard, self._counts(flow, guard, mask)) for guard, mask in guards if not guard.ignored]
        hidden, said = _hidden(counted), _hidden([(guard, lacking(data, mask)) for guard, mask in counted])
        summed = 0
        for _, mask in hidden:
            summed |= mask
        cap = self._cap(flow)
        found = Effect(
            cap=cap,
            sum_cap=self._sum_cap(flow, cap),
            scope=0 if self._carries(flow.payload) == "nothing" else data,
            noise=tuple(
                (m, mask)
                for g, mask in sorted(counted, key=self._epsilon)
                if (m := _noisy(g, "client", "aggregator")) is not None
            ),
            shared=tuple((m, mask & summed) for g, mask in counted if (m := _noisy(g, "distributed")) is not None),
            hidden=hidden,
            said=tuple((summed, mask) for summed, mask in said if mask),
            limits=tuple((level, mask) for g, mask in counted for level, mask in self._limits(g, mask)),
            aggregate=flow.aggregate,
            seals=tuple(self._sealed(flow, seal, data, counted) for seal in flow.seals),
            opens=flow.role == "published",
            malleable=self.malleable,
            few=few,
            wider=self._wider(flow.aggregate) if self.insiders and flow.aggregate is not None else {},
            known=frozenset(self.insiders),
            counted=self.counted if self.catalog.payloads[flow.raw or flow.payload].least_units else frozenset(),
        )
        return replace(found, beside=anything(found, strange)) if strange else found

    def _wider(self, aggregate: int) -> dict[int, int]:
        """The noise of parts as it is in the sum of them."""
        found: dict[int, int] = {}
        wholes = (one for one in self.insiders.values() if one.clients is None)
        for index in (one.within[aggregate] for one in wholes if aggregate in one.within):
            found |= dict.fromkeys(self.insiders[index].inner, index)
        return found

    def _counts(self, flow: Flow, guard: Guard, data: Mask) -> Mask:
        """The instances for which a safeguard counts: valid, and resting on somebody whom the owner accepts."""
        mask = data
        if isinstance(guard.does, Noise):
            mask = common(data, self._protected(guard, noised(self.graph, flow, guard))) if self.private else 0
        if not self.reading.trusting:
            mask = self.trust.accepting(guard.rests_on, mask)
        return mask

    def _epsilon(self, counted: tuple[Guard, Mask]) -> float:
        # Of several mechanisms on one flow the one with the smallest budget says what is spent.
        guard, _ = counted
        if guard.noise is None or guard.mechanism is None:
            return 0.0
        return spend([self.mechanisms[guard.mechanism]], self.max_epsilon).high

    def _protected(self, guard: Guard, data: Mask) -> Mask:
        key = (guard.path, data)
        if key not in self._noise:
            known = self.mechanisms.get(-1 if guard.mechanism is None else guard.mechanism)
            self._noise[key] = bounded_for(self.graph, guard, known, data, self.reading, self.max_epsilon)
        return self._noise[key]

    def _cap(self, flow: Flow) -> int:
        carries = self._carries(flow.payload)
        if carries == "all":
            return self._level(flow.payload)
        # Ciphertext of one's own making holds whatever the sender has; other ciphertext only what was sealed before.
        return VERBATIM if carries == "sealed" and flow.seals else 0

    def _level(self, payload: str) -> int:
        return self.catalog.levels[self.catalog.payloads[payload].level].rank

    def _carries(self, payload: str) -> str:
        return self.catalog.payloads[payload].carries

    def _sum_cap(self, flow: Flow, cap: int) -> int:
        # The sum itself travels where the payload is a protocol's aggregate; else only what is said of it.
        if flow.raw:
            return self._level(flow.raw)
        return RECONSTRUCTABLE if self.catalog.payloads[flow.payload].aggregate else cap

    def _limits(self, guard: Guard, mask: Mask) -> list[tuple[int, Mask]]:
        if not isinstance(guard.does, Cap):
            return []
        row = self.catalog.safeguards[guard.spec.kind]
        level = self.catalog.levels[(row.caps or {}).get(guard.does.method_of(guard.spec), "verbatim")].rank
        text = self.free_text & mask
        floor = self.catalog.levels[row.free_text_cap].rank if row.free_text_cap else RECONSTRUCTABLE
        return [(level, mask & ~text), (max(level, floor), mask & text)]

    def _sealed(self, flow: Flow, seal: int, data: Mask, counted: list[tuple[Guard, Mask]]) -> tuple[int, Mask, Mask]:
        """The instances that a seal is on, and those on which it may be."""
        at = self.graph.seals[seal].path
        found = next((mask for guard, mask in counted if guard.path == at), None)
        if found is None:
            by = _sealing(self.graph, flow)
            found = data if self.reading.trusting else self.trust.accepting(by, data)
        if not self._alike:
            self._alike.update(first_alike(self.graph.seals, self.malleable))
        return self._alike[seal], found, lacking(data, found)


def _sealing(graph: FlowGraph, flow: Flow) -> frozenset[str]:
    """Those who seal what no safeguard seals: whoever sends it, also where it begins at a model."""
    return performers(graph.vertices[flow.sender or flow.source])


def doubted_flows(graph: FlowGraph, trust: Trust) -> Mapping[int, Mask] | None:
    """
    The flows of whose data some owner does not rely on those who lower what is said of them; and whose owners do.

    Of all else what is guaranteed is what is declared. It asks all that `Effects` and `Hiding` ask of `trust`; None
    where more is asked than this: of enclaves, of code that somebody supplies, of sums that an owner doubts, of seals.
    """
    if is_supplied(graph.deployment, graph.vertices) or any(place.enclave for place in graph.vertices.values()):
        return None
    if any(one.rests_on and trust.accepting(one.rests_on, one.data) != one.data for one in graph.aggregates):
        return None
    found: dict[int, Mask] = {}
    for flow in graph.flows:
        if flow.guards or flow.seals:
            data = relying = graph.carried(flow)
            words = [guard.rests_on for guard in flow.guards if not guard.ignored and guard.rests_on]
            for rests_on in (*words, _sealing(graph, flow)) if flow.seals else words:
                relying = trust.accepting(rests_on, relying)
            if relying is not data and relying != data:
                found[flow.index] = relying
    return None if found and graph.seals else found  # which seal is opened first may depend on the order of flows


def suppliers_of(graph: FlowGraph, flow: Flow) -> frozenset[str]:
    """On whose code it rests what a flow carries, where that is said: the node's, and what a task ships there."""
    source = graph.vertices[flow.source]
    if flow.index in graph.shipped:
        return graph.shipped[flow.index]
    if source.kind != "place" and not is_computation(source):
        return frozenset()
    # What leaves a computation is what its task made, whatever says that it is sent.
    section, _, name = (flow.origin if source.kind == "place" else ".".join(map(str, source.path))).partition(".")
    task = graph.deployment.tasks.get(name) if section == "tasks" else None
    return frozenset({source.supplier, supplier_of(task.code_from, source.party) if task else ""} - {""})


def malleable_seals(graph: FlowGraph) -> frozenset[int]:
    """The seals under which somebody without the key can compute, or could if they were there."""
    if not graph.seals:
        return frozenset()
    guards = (guard for flow in graph.flows for guard in flow.guards)
    paths = {guard.path for guard in guards if isinstance(guard.does, Seal) and guard.does.malleable}
    return frozenset({MALLEABLE_VOID, *(index for index, seal in enumerate(graph.seals) if seal.path in paths)})


def free_text_of(graph: FlowGraph, reading: Reading) -> Mask:
    """The instances that hold free text, or may do, which no de-identification makes safe."""
    found = 0
    words = {"free-text"} if reading is Reading.LOW else {"free-text", "unknown"}
    for item in graph.data:
        if not words.isdisjoint(item.categories):
            found |= 1 << item.index
    return found


def asks_what_it_is(guard: Guard) -> bool:
    """Whether a safeguard lowers nothing if whoever made what it is put on made something else (decision 0189)."""
    return isinstance(guard.does, (Sum, Cap)) or (guard.noise is not None and guard.noise.mechanism == "dp_sgd")


def _hidden(counted: list[tuple[Guard, Mask]]) -> tuple[tuple[int, Mask], ...]:
    return tuple(
        (guard.aggregate, mask)
        for guard, mask in counted
        if isinstance(guard.does, Sum) and guard.aggregate is not None
    )


def _noisy(guard: Guard, *where: str) -> int | None:
    does = guard.does
    return guard.mechanism if isinstance(does, Noise) and does.where_of(guard.spec) in where else None
