"""Aggregates: from whom a sum over contributions hides a single one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fedpolicy.analysis.exposure.readings import Reading, Trust
from fedpolicy.graph.model import Aggregate, FlowGraph, Mask, Vertex, bits

__all__ = ["Hiding"]

# A sum of two leaves a single contribution to whoever made the other one.
_HIDDEN_AMONG = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Who contributes to one aggregate: places by operator and by host, contributions by owner."""

    by_operator: dict[str, list[Vertex]]
    by_host: dict[str, list[Vertex]]
    owners: dict[str, set[str]]
    counts: Counter[str]

    def seen_by(self, viewers: Iterable[str], host: str) -> dict[str, Vertex]:
        """The contributing places whose contributions the viewers know."""
        found = {place.id: place for viewer in viewers for place in self.by_operator.get(viewer, ())}
        found |= {place.id: place for place in self.by_host.get(host, ())}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """Answers, for one reading, which contributions an aggregate hides from whom."""

    graph: FlowGraph
    trust: Trust
    reading: Reading
    _known: dict[tuple[int, tuple[str, ...], str], Mask] = field(default_factory=dict)
    _tallies: dict[int, Tally] = field(default_factory=dict)

    def hidden(self, index: int, viewers: tuple[str, ...], host: str = "") -> Mask:
        """
        The instances hidden from parties that pool what they see.

        `viewers` operate something that holds the sum; `host` provides machines for it. Their own contributions
        can be subtracted, and what is left must come from at least two distinct owners.
        """
        key = (index, viewers, host)
        if key not in self._known:
            self._known[key] = self._compute(self.graph.aggregates[index], viewers, host)
        return self._known[key]

    def remaining(self, index: int, viewers: tuple[str, ...], host: str = "") -> int:
        """How many contributions per round are left when the viewers subtract their own."""
        aggregate = self.graph.aggregates[index]
        k = aggregate.k_low if self.reading is Reading.LOW else aggregate.k_high
        own = sum(place.weight for place in self._tally(aggregate).seen_by(viewers, host).values())
        return k - min(k, own)

    def _compute(self, aggregate: Aggregate, viewers: tuple[str, ...], host: str) -> Mask:
        left = self.remaining(aggregate.index, viewers, host)
        if left < _HIDDEN_AMONG or not aggregate.summable:
            return 0
        found = aggregate.data & ~self._crowded(aggregate, left, viewers, host)
        if self.reading is Reading.GUARANTEED and aggregate.rests_on:
            return self.trust.accepting(aggregate.rests_on, found)
        return found

    def _crowded(self, aggregate: Aggregate, left: int, viewers: tuple[str, ...], host: str) -> Mask:
        """Instances of an owner whose own clients alone may make up a whole round."""
        tally = self._tally(aggregate)
        if len(tally.counts) == tally.counts.total():
            return 0
        counts = Counter(tally.counts)
        for place in tally.seen_by(viewers, host):
            counts.subtract(tally.owners.get(place, ()))
        many = {owner for owner, count in counts.items() if count > 1 and count >= left}
        return mask_of_owners(self.graph, many)

    def _tally(self, aggregate: Aggregate) -> Tally:
        if aggregate.index not in self._tallies:
            self._tallies[aggregate.index] = _count(self.graph, aggregate)
        return self._tallies[aggregate.index]


def mask_of_owners(graph: FlowGraph, owners: set[str]) -> Mask:
    """The instances that belong to one of these."""
    found = 0
    for item in graph.data:
        if item.owner in owners:
            found |= 1 << item.index
    return found


def _count(graph: FlowGraph, aggregate: Aggregate) -> Tally:
    owners: dict[str, set[str]] = {}
    for index in bits(aggregate.data):
        owners.setdefault(graph.data[index].place, set()).add(graph.data[index].owner)
    by_operator: dict[str, list[Vertex]] = {}
    by_host: dict[str, list[Vertex]] = {}
    counts: Counter[str] = Counter()
    for place in (graph.vertices[name] for name in aggregate.contributors):
        for operator in place.operators:
            by_operator.setdefault(operator, []).append(place)
        by_host.setdefault(place.host, []).append(place)
        counts.update(owners.setdefault(place.id, {place.party}))
    return Tally(by_operator=by_operator, by_host=by_host, owners=owners, counts=counts)
