"""
The cheapest changes that separate data from whoever learns too much of them: a minimum cut of the data-flow graph.

Flows that carry what is too much are edges. What the cheapest admissible change on a flow costs is its capacity, shared
among the flows that the same change stops, because it is paid once. Several viewers make it a multicut, which is
NP-hard; they are separated one after the other, and what is paid for one is free for the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import OPEN, Reading
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.graph import Flow, Mask, bits
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.repair import Change, RepairContext
    from fedpolicy.repair.candidates import Target

_START, _END = "start", "end"
_MOST_CUTS = 4  # of one network that are looked for
_NEVER = 1e12  # the capacity of what no admissible change stops; finite, so that cuts are always found
_ALL_LEVELS = len(LEVELS) - 1
_MODEL_LEVEL = 2  # what a model contains can be inferred from it at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    The part of the graph through which some instances reach a viewer at more than a level.

    `flows` are its flows, `seen` the places through which the viewer looks, `stored` those where the instances rest.
    """

    party: str
    level: int
    flows: tuple[Flow, ...]
    seen: tuple[str, ...]
    stored: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Cutter:
    """Cuts networks of one graph; changes are known by what they act on."""

    context: RepairContext
    costs: Mapping[str, float]
    _holding: dict[tuple[str, int], Mask] = field(default_factory=dict)
    _into: dict[str, list[Flow]] = field(default_factory=dict)
    _bits: dict[str, Mask] = field(default_factory=dict)
    _acting: dict[str, list[Change]] = field(default_factory=dict)
    _hiding: dict[str, list[Change]] = field(default_factory=dict)

    def mask(self, names: Iterable[str]) -> Mask:
        """The bit set of some instances."""
        if not self._bits:
            self._bits.update({item.id: 1 << item.index for item in self.context.study.graph.data})
        found = 0
        for name in names:
            found |= self._bits[name]
        return found

    def know(self, changes: Iterable[Change]) -> None:
        """Take changes into account."""
        for change in changes:
            for act in change.acts:
                self._acting.setdefault(act.origin, []).append(change)
            for sight in change.sights:
                self._hiding.setdefault(sight.place, []).append(change)

    def network(self, party: str, role: str, mask: Mask, level: int) -> Network:
        """Everything through which a viewer gets any of these instances at more than this level."""
        self._prepare()
        viewer = self.context.study.exposure.viewers.get((party, role))
        graph = self.context.study.graph
        stored = frozenset(item.place for item in graph.data if mask >> item.index & 1)
        seen = tuple(place for place in viewer.places if self._held(place, level) & mask) if viewer else ()
        found: list[Flow] = []
        queue, known = list(seen), set(seen)
        while queue:
            for flow in self._into.get(queue.pop(), ()):
                if not self._carries(flow, mask, level):
                    continue
                found.append(flow)
                if flow.source not in known:
                    known.add(flow.source)
                    queue.append(flow.source)
        return Network(party=party, level=level, flows=tuple(found), seen=seen, stored=stored)

    def cut(
        self, network: Network, *, paid: Collection[str] = (), barred: Collection[str] = ()
    ) -> tuple[Change, ...] | None:
        """
        The cheapest changes that separate, by name; None where nothing does.

        What is `paid` for is in place already and does not appear; what is `barred` must not be used.
        """
        edges = dict(self._edges(network, paid, barred))
        share: dict[str, int] = {}
        for changes in edges.values():
            for change in changes:
                share[change.id] = share.get(change.id, 0) + 1
        chosen = self._minimum(network, edges, share)
        return None if chosen is None else self._needed(network, chosen, paid)

    def separates(self, network: Network, chosen: Collection[str]) -> bool:
        """Whether these changes leave no way through the network."""
        open_ = [flow for flow in network.flows if not self._stopped(flow, network.level, chosen)]
        ways: dict[str, list[str]] = {}
        for flow in open_:
            ways.setdefault(flow.source, []).append(flow.target)
        ends = {place for place in network.seen if not self._hidden(place, network.party, chosen)}
        queue, known = list(network.stored), set(network.stored)
        while queue:
            here = queue.pop()
            if here in ends:
                return False
            for target in ways.get(here, ()):
                if target not in known:
                    known.add(target)
                    queue.append(target)
        return True

    def _prepare(self) -> None:
        if self._into:
            return
        for flow in self.context.study.graph.flows:
            if not flow.echo:
                self._into.setdefault(flow.target, []).append(flow)

    def _held(self, vertex: str, level: int) -> Mask:
        """What a vertex holds at more than a level; below zero: in any form."""
        if (vertex, level) not in self._holding:
            found = 0
            for form, mask in self.context.study.exposure.holdings(Reading.HIGH).states.get(vertex, {}).items():
                if level < 0 or (form.kind == OPEN and form.level > level):
                    found |= mask
            self._holding[vertex, level] = found
        return self._holding[vertex, level]

    def _carries(self, flow: Flow, mask: Mask, level: int) -> bool:
        source = self.context.study.graph.vertices[flow.source]
        rank = self.context.catalog.levels[self.context.catalog.payloads[flow.payload].level].rank
        if rank <= level or (source.kind == "model" and level >= _MODEL_LEVEL):
            return False
        carried = mask if flow.data is None else mask & flow.data
        return bool(carried & self._held(flow.target, level) and carried & self._held(flow.source, -1))

    def _edges(
        self, network: Network, paid: Collection[str], barred: Collection[str]
    ) -> Iterator[tuple[tuple[str, str, int], list[Change]]]:
        for flow in network.flows:
            if not self._stopped(flow, network.level, paid):
                changes = [c for c in self._stopping(flow, network.level) if c.id not in barred]
                yield (flow.source, flow.target, flow.index), changes
        for place in network.seen:
            if not self._hidden(place, network.party, paid):
                hiding = [c for c in self._hiders(place, network.party) if c.id not in barred]
                yield (place, _END, -1), hiding

    def _minimum(
        self, network: Network, edges: Mapping[tuple[str, str, int], list[Change]], share: Mapping[str, int]
    ) -> list[Change] | None:
        import networkx as nx  # noqa: PLC0415  only a repair needs it

        graph = nx.DiGraph()
        graph.add_nodes_from((_START, _END))
        best: dict[tuple[str, str], list[Change]] = {}
        for (source, target, _), changes in sorted(edges.items(), key=lambda item: item[0]):
            cheapest = min(changes, key=lambda one: (self._price(one, share), one.id), default=None)
            price = _NEVER if cheapest is None else self._price(cheapest, share)
            before = graph.get_edge_data(source, target, {"capacity": 0.0})["capacity"]
            graph.add_edge(source, target, capacity=before + price)
            best.setdefault((source, target), []).extend([cheapest] if cheapest else [])
        for place in sorted(network.stored):
            graph.add_edge(_START, place, capacity=_NEVER)  # nobody repairs by losing the data
        value, (near, far) = nx.minimum_cut(graph, _START, _END)
        if value >= _NEVER:
            return None
        crossing = ((u, v) for u, v in graph.edges if u in near and v in far)
        return list({change.id: change for pair in crossing for change in best.get(pair, ())}.values())

    def _needed(self, network: Network, chosen: list[Change], paid: Collection[str]) -> tuple[Change, ...] | None:
        """Leave out what the others make superfluous, the dearest first."""
        for change in sorted(chosen, key=lambda one: (-self.cost(one), one.id)):
            rest = [one for one in chosen if one is not change]
            if self.separates(network, {*paid, *(one.id for one in rest)}):
                chosen = rest
        return tuple(sorted(chosen, key=lambda one: one.id))

    def cost(self, change: Change) -> float:
        """What a change costs."""
        return self.costs[change.kind] * change.weight

    def _price(self, change: Change, share: Mapping[str, int]) -> float:
        return self.cost(change) / share[change.id]

    def _stopping(self, flow: Flow, level: int) -> Iterator[Change]:
        target = self.context.study.graph.vertices[flow.target]
        for change in self._acting.get(flow.origin, ()):
            for act in change.acts:
                fits = act.origin == flow.origin and (not act.roles or flow.role in act.roles)
                if fits and act.level <= level and act.to in {"", target.family, target.name}:
                    yield change
                    break

    def _stopped(self, flow: Flow, level: int, chosen: Collection[str]) -> bool:
        return bool(chosen) and any(change.id in chosen for change in self._stopping(flow, level))

    def _hiders(self, place: str, party: str) -> Iterator[Change]:
        vertex = self.context.study.graph.vertices[place]
        principal = self.context.study.graph.principals.get(party)
        names = {"", party, principal.party if principal else party}
        for change in self._hiding.get(vertex.family or vertex.name, ()):
            if any(sight.party in names for sight in change.sights):
                yield change

    def _hidden(self, place: str, party: str, chosen: Collection[str]) -> bool:
        return bool(chosen) and any(change.id in chosen for change in self._hiders(place, party))


def networks_of(cutter: Cutter, target: Target) -> Iterator[Network]:
    """How the data of a target reach those who learn too much; nothing where the level does not matter."""
    if target.level >= _ALL_LEVELS:
        return
    data = cutter.context.study.graph.data
    for disclosure in target.disclosures:
        mask = cutter.mask(disclosure.datasets)
        for party in disclosure.parties:
            own = cutter.mask(data[index].id for index in bits(mask) if data[index].owner == party)
            yield cutter.network(party, disclosure.role, mask & ~own, target.level)


def cuts_of(cutter: Cutter, target: Target) -> Iterator[tuple[Change, ...]]:
    """The cheapest cut of each network, and others that do without a part of it."""
    for network in networks_of(cutter, target):
        barred: frozenset[str] = frozenset()
        for _ in range(_MOST_CUTS):
            cut = cutter.cut(network, barred=barred)
            if not cut:
                break
            yield cut
            barred |= {max(cut, key=lambda change: (cutter.cost(change), change.id)).id}
