"""Who knows more of a mechanism than what it releases: shares of its noise, or who is in a sample of clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanism_at
from fedpolicy.analysis.exposure.noise import Towards, drawn_clients
from fedpolicy.graph.model import Flow, FlowGraph, Path, Vertex
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass

__all__ = ["Insiders", "informed", "insiders_of"]

_UP = {"uplink", "exchange"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Insiders:
    """
    One mechanism, and who knows what of it.

    `own` counts the shares of noise of the clients that a party operates or hosts; `sees` are those who draw a sample
    of clients, or see who is in it; `readers` are those to whom anything of the task is sent.
    """

    path: Path
    spec: DifferentialPrivacy
    own: Mapping[str, int]
    sees: frozenset[str]
    readers: frozenset[str]

    def towards(self, party: str) -> Towards:
        """What a party knows."""
        return Towards(own=self.own.get(party, 0), sees_sample=party in self.sees)

    def mechanism(self, graph: FlowGraph, towards: Towards) -> Mechanism:
        """The mechanism as somebody sees it who knows so much."""
        return mechanism_at(graph.deployment, self.path, self.spec, towards)


def informed(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> Mapping[Towards, tuple[str, ...]]:
    """Those to whom anything of a task is sent and who know more of its noise, by what they know."""
    carriers = [flow for flow in graph.flows if any(guard.path == path for guard in flow.guards)]
    inside = _insiders(graph, path, spec, carriers)
    found: dict[Towards, list[str]] = {}
    for party in sorted(inside.readers & (inside.own.keys() | inside.sees)):
        found.setdefault(inside.towards(party), []).append(party)
    return {towards: tuple(parties) for towards, parties in found.items()}


def insiders_of(graph: FlowGraph) -> Mapping[int, Insiders]:
    """For each mechanism of which anybody can know more: distributed noise, and samples of clients."""
    specs: dict[int, tuple[Path, DifferentialPrivacy]] = {}
    carriers: dict[int, list[Flow]] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.noise
            if spec is not None and guard.mechanism is not None and _concerns(spec):
                specs[guard.mechanism] = (guard.path, spec)
                carriers.setdefault(guard.mechanism, []).append(flow)
    return {index: _insiders(graph, path, spec, carriers[index]) for index, (path, spec) in sorted(specs.items())}


def _concerns(spec: DifferentialPrivacy) -> bool:
    return spec.where == "distributed" or drawn_clients(spec)


def _insiders(graph: FlowGraph, path: Path, spec: DifferentialPrivacy, carriers: list[Flow]) -> Insiders:
    origin = ".".join(map(str, path[:2]))
    ends = [flow for flow in graph.flows if flow.origin == origin]
    sees = {who for flow in ends if flow.role in _UP for who in _behind(graph.vertices[flow.target])}
    drawers = {who for flow in carriers if spec.where == "aggregator" for who in _behind(graph.vertices[flow.source])}
    senders = {flow.source for flow in carriers}
    own: dict[str, int] = {}
    for place in (graph.vertices[name] for name in sorted(senders) if spec.where == "distributed"):
        for party in dict.fromkeys(_behind(place)):
            # The peer of a cohort stands for all other members, and each of them knows its own share only.
            own[party] = own.get(party, 0) + (1 if party == place.party else place.weight)
    return Insiders(
        path=path,
        spec=spec,
        own=own,
        sees=frozenset(sees | (drawers - _senders(graph, ends))) if drawn_clients(spec) else frozenset(),
        readers=frozenset(who for flow in ends for who in _behind(graph.vertices[flow.target])),
    )


def _senders(graph: FlowGraph, ends: list[Flow]) -> set[str]:
    """Those who only ever send: clients carry the safeguards of the aggregator too, before it applies them."""
    way = [flow for flow in ends if flow.role in _UP]
    first = {flow.source for flow in way} - {flow.target for flow in way}
    return {who for name in first for who in _behind(graph.vertices[name])}


def _behind(place: Vertex) -> Iterator[str]:
    if place.kind == "place":
        yield from (*place.operators, place.host)
