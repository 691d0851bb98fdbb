"""Graphs with one assumption less: a place or a party is taken over, or parties pool what they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fedpolicy.graph.model import Aggregate, Flow, FlowGraph, Guard, Principal, Vertex

__all__ = ["ADVERSARY", "compromised", "pooled"]

ADVERSARY = "adversary"


def pooled(graph: FlowGraph, parties: Iterable[str]) -> FlowGraph:
    """Let parties share all that they see: what one of them operates, all of them operate."""
    names = members(graph, parties)
    vertices = {
        name: replace(vertex, operators=_with(vertex, names)) if names & set(vertex.operators) else vertex
        for name, vertex in graph.vertices.items()
    }
    return replace(graph, vertices=vertices)


def compromised(graph: FlowGraph, taken: str) -> FlowGraph:
    """
    Let an adversary see what a node (or everything that a party operates) sees, and do its work dishonestly.

    The safeguards that rest on it no longer count, and what it aggregates hides nobody.
    """
    places = _places(graph, taken)
    parties = members(graph, [taken])
    vertices = {
        name: replace(vertex, operators=(*vertex.operators, ADVERSARY)) if name in places else vertex
        for name, vertex in graph.vertices.items()
    }
    principal = Principal(id=ADVERSARY, party=ADVERSARY, implied=True)
    return replace(
        graph,
        principals={**graph.principals, ADVERSARY: principal},
        vertices=vertices,
        flows=tuple(_dishonest(flow, places, parties) for flow in graph.flows),
        aggregates=tuple(_opened(graph, one, places, parties) for one in graph.aggregates),
    )


def members(graph: FlowGraph, parties: Iterable[str]) -> set[str]:
    """The principals that belong to parties, members of cohorts included."""
    wanted = set(parties)
    return {name for name, principal in graph.principals.items() if wanted & {name, principal.party}}


def _with(vertex: Vertex, names: set[str]) -> tuple[str, ...]:
    return (*vertex.operators, *sorted(names - set(vertex.operators)))


def _places(graph: FlowGraph, taken: str) -> set[str]:
    """The places of a node's name (or family), else those that a party operates or hosts outside an enclave."""
    named = graph.members.get(taken)
    if named:
        return set(named)
    names = members(graph, [taken])
    return {
        name
        for name, vertex in graph.vertices.items()
        if vertex.kind == "place"
        and (names & set(vertex.operators) or (vertex.host in names and not vertex.keeps_out(vertex.host)))
    }


def _dishonest(flow: Flow, places: set[str], parties: set[str]) -> Flow:
    if not flow.guards:
        return flow
    guards = tuple(_failing(guard, flow.source in places, parties) for guard in flow.guards)
    return replace(flow, guards=guards)


def _failing(guard: Guard, here: bool, parties: set[str]) -> Guard:  # noqa: FBT001  whether the sender is taken
    if guard.ignored or not (here or parties & guard.rests_on):
        return guard
    return replace(guard, ignored="whoever performs it is taken over")


def _opened(graph: FlowGraph, aggregate: Aggregate, places: set[str], parties: set[str]) -> Aggregate:
    # Secure aggregation rests on nobody here: only a sum that somebody forms can be given away.
    performed_here = any(flow.aggregate == aggregate.index and flow.source in places for flow in graph.flows)
    if aggregate.rests_on and (performed_here or parties & aggregate.rests_on):
        return replace(aggregate, summable=False)
    return aggregate
