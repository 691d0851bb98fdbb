"""How the sums of one task go into further sums, hop by hop, and who has a part of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Form
from fedpolicy.graph import Aggregate, Flow, FlowGraph, Mask, bits
from fedpolicy.graph.masks import grouped, united
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.fixpoint import Holdings
    from fedpolicy.analysis.exposure.views import Viewer
    from fedpolicy.language.model.flow import Task

_LINEAR = {None, "unknown", "mean", "weighted_mean", "norm_bounded"}
_UP = "uplink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What somebody sees of some clients of a task at a place: their sum, or (`single`) what each of them sends."""

    origin: str
    at: str
    clients: frozenset[str]
    single: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """
    By task and place: the places that get what is made there (`above`), whose contributions are added up there, and
    of which data single contributions come to a place, or pass it (`singles`, by place and task). `firsts` counts where
    each client's is added; those are `masked` whose contribution travels in a secure sum; `guarded` is how each sends
    its own, where it does anything to it.
    """

    graph: FlowGraph
    above: Mapping[tuple[str, str], frozenset[str]]
    sums: Mapping[tuple[str, str], Aggregate]
    firsts: Mapping[tuple[str, str], int]
    singles: Mapping[str, Mapping[str, Mask]]
    masked: frozenset[tuple[str, str]]
    guarded: Mapping[tuple[str, str], Flow]
    _tops: dict[tuple[int, ...], Aggregate | None] = field(default_factory=dict)
    _wholes: dict[int, Part] = field(default_factory=dict)
    _shares: dict[int, Mapping[str, Mask]] = field(default_factory=dict)
    _rests: dict[tuple[int, frozenset[str]], Aggregate] = field(default_factory=dict)

    def told_beside(self, held: Holdings, beside: Holdings, capacities: Mapping[str, Sequence[Viewer]]) -> Holdings:
        """What is held, with what those can subtract who see what `beside` says they see."""
        from fedpolicy.analysis.exposure.differences import Differences  # noqa: PLC0415  it asks for these rungs

        return replace(held, differences=Differences(self, beside, capacities))

    def top(self, form: Form) -> Aggregate | None:
        """The sum of clients that a number is, None where it is of several tasks, or where nobody can subtract."""
        key = (form.sum, *form.outer)
        if key not in self._tops:
            self._tops[key] = self._top(key)
        return self._tops[key]

    def _top(self, indexes: tuple[int, ...]) -> Aggregate | None:
        every = [self.graph.aggregates[index] for index in indexes]
        first = every[0]
        if any(one.origin != first.origin or not one.at for one in every):
            return None
        last = [one for one in every if not any(self.is_above(other, one) for other in every)]
        return self.sums.get((first.origin, last[0].at)) if last else None

    def is_above(self, other: Aggregate, one: Aggregate) -> bool:
        """Whether a sum goes into another one."""
        # Where what comes before a hop passes a later one, each is reached from the other; sums are made from below.
        known = other.origin == one.origin and other.index > one.index
        return known and other.at in self.above.get((one.origin, one.at), ())

    def task(self, aggregate: Aggregate) -> Task:
        """The task of a sum."""
        return self.graph.deployment.tasks[aggregate.origin.partition(".")[2]]

    def whole(self, aggregate: Aggregate) -> Part:
        """A sum as a part of further ones."""
        found = self._wholes.get(aggregate.index)
        if found is None:
            clients = frozenset(aggregate.contributors)
            found = self._wholes[aggregate.index] = Part(origin=aggregate.origin, at=aggregate.at, clients=clients)
        return found

    def feeds(self, part: Part, aggregate: Aggregate) -> bool:
        """Whether a sum has a part in it."""
        return aggregate.origin == part.origin and aggregate.at in self._into(part)

    def _into(self, part: Part) -> frozenset[str]:
        """The places that add a part up; where single contributions come to, these are added up, too."""
        above = self.above.get((part.origin, part.at), frozenset())
        return above | {part.at} if part.single else above

    def fed_by(self, parts: Iterable[Part]) -> Mapping[str, frozenset[str]]:
        """The clients in some parts, by the places whose sums these go into."""
        found: dict[str, set[str]] = {}
        for part in parts:
            for at in self._into(part):
                found.setdefault(at, set()).update(part.clients)
        return {at: frozenset(clients) for at, clients in found.items()}

    def settled(self, part: Part) -> Part:
        """The clients that send to one place only, so that they are in this part if they are in a round."""
        sure = frozenset(one for one in part.clients if self.firsts[part.origin, one] == 1)
        return (
            part
            if sure == part.clients
            else Part(origin=part.origin, at=part.at, clients=sure if part.single else frozenset(), single=part.single)
        )

    def swallowed(self, aggregate: Aggregate, clients: frozenset[str]) -> frozenset[str]:
        """The contributors of a sum that are among some clients, or that send nothing but theirs on."""
        here = self.sums.get((aggregate.origin, aggregate.at), aggregate)  # a secure sum may be all that there is
        senders = {*here.contributors} if clients else set()
        found = {name for name in aggregate.contributors if name in clients}
        for name in aggregate.contributors if clients and not senders.issuperset(aggregate.contributors) else ():
            below = self.sums.get((aggregate.origin, name))
            if below is not None and clients.issuperset(below.contributors):
                found.add(name)
        return frozenset(found)

    def rest(self, whole: Aggregate, gone: frozenset[str]) -> Aggregate:
        """
        What is left of a sum, as a sum of its own, which has a number below 0.

        As many as can be are left where facts are favourable: a round is drawn from all. Else all that are gone were in
        the round.
        """
        found = self._rests.get((whole.index, gone))
        if found is None:
            kept = [at for at, name in enumerate(whole.contributors) if name not in gone]
            names = tuple(whole.contributors[at] for at in kept)
            shares = tuple(whole.shares[at] for at in kept) if whole.shares else ()
            there = sum(self.graph.vertices[name].weight for name in gone)
            here = sum(self.graph.vertices[name].weight for name in names)
            found = self._rests[whole.index, gone] = replace(
                whole,
                index=-len(self._rests) - 1,
                contributors=names,
                shares=shares,
                data=reduce(or_, shares, 0) if shares else self._resting(whole.data, names),
                k_low=min(here, whole.k_low),
                k_high=max(0, whole.k_high - there),
            )
        return found

    def _resting(self, data: Mask, names: tuple[str, ...]) -> Mask:
        here = {*names}
        return reduce(or_, (1 << index for index in bits(data) if self.graph.data[index].place in here), 0)

    def shares(self, aggregate: Aggregate) -> Mapping[str, Mask]:
        """The instances that each client contributes to a sum."""
        found = self._shares.get(aggregate.index)
        if found is None:
            data = self.graph.data
            if aggregate.shares:
                found = dict(zip(aggregate.contributors, aggregate.shares, strict=True))
            else:
                found = grouped((data[index].place, data[index].bit) for index in bits(aggregate.data))
            self._shares[aggregate.index] = found
        return found


def rungs_of(graph: FlowGraph) -> Rungs | None:
    """How the sums of tasks go into each other; None where none is part of another."""
    tasks = graph.deployment.tasks
    origins = {f"tasks.{name}" for name, one in tasks.items() if (one.hops or one.via) and one.aggregation in _LINEAR}
    sums = {
        (one.origin, one.at): one
        for one in graph.aggregates  # the plain sum of a place comes after those that hide what it is sent
        if one.origin in origins and one.at and one.summable
    }
    if not sums:
        return None
    onward: dict[tuple[str, str], set[str]] = {}
    for flow in graph.flows:
        if flow.role == _UP and flow.origin in origins:
            onward.setdefault((flow.origin, flow.source), set()).add(flow.target)
    above = {key: frozenset(_reached(onward, key)) for key in onward}
    levels: dict[tuple[str, str], list[int]] = {}
    for (origin, _), one in sums.items():
        level = _level(graph, one)
        for name in one.contributors:
            levels.setdefault((origin, name), []).append(level)
    alone = [flow for flow in graph.flows if flow.role == _UP and flow.aggregate is None and flow.origin in origins]
    masked = {(flow.origin, flow.source) for flow in alone if any(g.aggregate is not None for g in flow.guards)}
    return Rungs(
        graph=graph,
        above=above,
        sums=sums,
        firsts={key: found.count(min(found)) for key, found in levels.items()},
        singles=_singles(graph, alone),
        masked=frozenset(masked),
        guarded={(flow.origin, flow.source): flow for flow in alone if flow.guards},
    )


def _singles(graph: FlowGraph, alone: Sequence[Flow]) -> dict[str, dict[str, Mask]]:
    found: dict[str, dict[str, Mask]] = {}
    for flow in alone:
        here = found.setdefault(flow.target, {})
        here[flow.origin] = united(here.get(flow.origin, 0), graph.carried(flow))
    return found


def _level(graph: FlowGraph, aggregate: Aggregate) -> int:
    """The number of the hop at which something is added up; above the last one where it is at none of them."""
    place, hops = graph.vertices[aggregate.at], graph.deployment.tasks[aggregate.origin.partition(".")[2]].hops
    found = (number for number, hop in enumerate(hops) if not {place.name, place.family}.isdisjoint(hop.at))
    return next(found, len(hops))


def _reached(onward: Mapping[tuple[str, str], set[str]], key: tuple[str, str]) -> set[str]:
    found: set[str] = set()
    waiting = [*onward.get(key, ())]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += onward.get((key[0], place), ())
    return found
