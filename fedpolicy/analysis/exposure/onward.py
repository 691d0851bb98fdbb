"""
Numbers that reach somebody by way of others, or with everybody.

Who knows a part of what a number is made of reads the rest of it, wherever it got the number from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.graph import Flow, FlowGraph, Mask, Vertex
from fedpolicy.graph.lookup import listed_by
from fedpolicy.records import dataclass
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.sizes import Few


class Number(NamedTuple):
    """A flow of what its source has computed, and those that pass it on from where that goes first."""

    made: Flow
    passed: tuple[Flow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """
    What arrives as a number at a place to which it was not sent first.

    By place where it counts what all know who run or host it, and by place and party where everybody reads it.
    """

    few: Few
    numbers: Mapping[tuple[str, str], Sequence[Number]]

    def at(self, place: Vertex, party: str) -> Iterator[tuple[Number, Mask]]:
        """The numbers that say more there than their name, to a party, and of which instances."""
        parties = (party,) if place.public else (*place.operators, place.host)
        for number in self.numbers.get((place.id, party if place.public else ""), ()):
            left = self.few.left_to(number.made, parties)
            if left:
                yield number, left


def onward_of(few: Few) -> Onward:
    """All numbers of a deployment that are published, or sent by way of others, and more than one contributes to."""
    graph, found = few.graph, dict[tuple[str, str], list[Number]]()
    declared = [flow for flow in graph.flows if flow.role == "declared" and not few.is_quiet(flow.payload)]
    exists = [flow for flow in declared if flow.certain or few.reading is not Reading.LOW]
    later = listed_by(((flow.origin, flow.sender), flow) for flow in exists if flow.passed_on)
    first = (flow for flow in exists if not flow.passed_on and graph.vertices[flow.source].kind != "model")
    # On its way to each of thousands the same goes to one relay as often.
    for made in {(flow.origin, flow.source, flow.target): flow for flow in first}.values():
        for passed in _ways(made, later.get((made.origin, made.source), ())):
            end = graph.vertices[(passed[-1] if passed else made).target]
            readers = few.knowing(made) if end.public else [""] if passed else []
            for party in readers:
                found.setdefault((end.id, party), []).append(Number(made, passed))
    return Onward(few=few, numbers=found)


def reaches_others(graph: FlowGraph) -> bool:
    """Whether anything is published, or sent by way of others."""
    public = graph.vertices.get("parties.public")
    return public is not None or any(flow.via for flow in graph.deployment.flows.values())


def _ways(made: Flow, later: Sequence[Flow]) -> Iterator[tuple[Flow, ...]]:
    """The ways by which something goes on from where it was sent first, none of which passes a place twice."""
    known: dict[str, tuple[Flow, ...]] = {made.target: ()}
    waiting = [made.target]
    out = listed_by((flow.source, flow) for flow in later)
    for place in waiting:
        yield known[place]
        for flow in out.get(place, ()):
            if flow.target not in known:
                known[flow.target] = (*known[place], flow)
                waiting.append(flow.target)
