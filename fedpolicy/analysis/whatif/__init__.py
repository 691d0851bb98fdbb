"""
What if somebody turns: the same graph, with one assumption less, and what that changes against today.

A party or node is taken over, parties pool what they see, something is not there; `coalitions` searches the smallest
sets of parties that together reach a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from fedpolicy.analysis import Study
from fedpolicy.analysis.changes import Changes, ControlChange, DisclosureChange, Levels, changes_between
from fedpolicy.analysis.exposure import Reading, Trust
from fedpolicy.analysis.exposure.sums import HIDING, Hiding
from fedpolicy.graph import Aggregate, Flow, FlowGraph, Principal, Vertex, bits

if TYPE_CHECKING:
    from fedpolicy.language.model import Deployment

ADVERSARY = "adversary"


def pooled(graph: FlowGraph, parties: Iterable[str]) -> FlowGraph:
    """Let parties share all that they see: what one of them operates, or sees as its host, all of them operate."""
    names = members(graph, parties)
    shared = {name: _shared(vertex, names) for name, vertex in graph.vertices.items()}
    return replace(graph, vertices=shared | _keys(graph, names, names))


def _keys(graph: FlowGraph, parties: set[str], holders: set[str]) -> dict[str, Vertex]:
    """What parties can open by their own name, not by that of a node: a place for each key, which all holders have."""
    readers = {reader for seal in graph.seals for reader in seal.readers} & parties
    return {
        name: Vertex(
            id=name,
            kind="place",
            name=name,
            family=name,
            path=(),
            party=name,
            host=name,
            operators=tuple(sorted(holders)),
        )
        for name in sorted(readers - graph.vertices.keys())
    }


def _shared(vertex: Vertex, names: set[str]) -> Vertex:
    if not _seen_by(vertex, names):
        return vertex
    # What an enclave keeps from its operator only, its host tells the others.
    told = vertex.host in names and vertex.keeps_out(vertex.host) is False
    return replace(vertex, operators=_with(vertex, names), enclave=None if told else vertex.enclave)


def _seen_by(vertex: Vertex, names: set[str]) -> bool:
    if names & set(vertex.operators):
        return True
    return vertex.host in names and not vertex.keeps_out(vertex.host)


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
    vertices |= _keys(graph, parties - graph.members.keys(), {*parties, ADVERSARY})
    principal = Principal(id=ADVERSARY, party=ADVERSARY, implied=True)
    return replace(
        graph,
        principals={**graph.principals, ADVERSARY: principal},
        vertices=vertices,
        flows=tuple(_dishonest(graph, flow, places, parties) for flow in graph.flows),
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
    return {name for name, vertex in graph.vertices.items() if vertex.kind == "place" and _seen_by(vertex, names)}


def _dishonest(graph: FlowGraph, flow: Flow, places: set[str], parties: set[str]) -> Flow:
    if not flow.guards:
        return flow
    taken = flow.source in places
    guards = (
        replace(guard, ignored="the party that performs it is taken over")
        if not guard.ignored and (taken or parties & graph.behind(guard.rests_on))
        else guard
        for guard in flow.guards
    )
    return replace(flow, guards=tuple(guards))


def _opened(graph: FlowGraph, aggregate: Aggregate, places: set[str], parties: set[str]) -> Aggregate:
    # Secure aggregation rests on nobody here: only a sum that somebody forms can be given away.
    performed_here = any(flow.aggregate == aggregate.index and flow.source in places for flow in graph.flows)
    if aggregate.rests_on and (performed_here or parties & graph.behind(aggregate.rests_on)):
        return replace(aggregate, summable=False)
    return aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A question in words, and what changes; `sums` hide less than before, even if that changes no level."""

    question: str
    changes: Changes
    sums: tuple[SmallerSum, ...] = ()


def what_if_compromised(study: Study, taken: str) -> Scenario:
    """A node or party is taken over: the adversary sees what it sees, and its safeguards are gone."""
    return _compared(f"{taken} is taken over", study, study.with_graph(compromised(study.graph, taken)))


def what_if_colluding(study: Study, parties: Sequence[str]) -> Scenario:
    """Parties pool what they see; only what is not theirs anyway counts."""
    together = study.with_graph(pooled(study.graph, parties))
    found = _compared(f"{' and '.join(parties)} pool what they see", study, together)
    names = members(study.graph, parties)
    theirs = {item.id for item in study.graph.data if item.owner in names}
    # A host of theirs learns nothing from what they tell each other, and who pools what it sees never learns less:
    # what it saw as a host, it sees as an operator now.
    today = _most(study)
    kept = [
        replace(change, parties=more)
        for change in found.changes.disclosures
        if not set(change.datasets) <= theirs and names & set(change.parties) and (more := _who_learns(change, today))
    ]
    shown = tuple(
        replace(change, datasets=tuple(name for name in change.datasets if name not in theirs)) for change in kept
    )
    budgets = tuple(
        replace(change, parties=tuple(sorted(names & set(change.parties))), datasets=others)
        for change in found.changes.budgets
        if change.kind != "better" and names & set(change.parties)
        if (others := tuple(name for name in change.datasets if name not in theirs))
    )
    return replace(
        found,
        changes=replace(found.changes, disclosures=shown, budgets=budgets),
        sums=smaller_sums(study, sorted(set(parties))),
    )


def _most(study: Study) -> Mapping[tuple[str, str], Levels]:
    """The most that each party learns of each instance today, in any capacity, in each reading."""
    found: dict[tuple[str, str], Levels] = {}
    for one in study.disclosures:
        levels = (one.low, one.high, one.guaranteed)
        for pair in product(one.parties, one.datasets):
            low, high, guaranteed = found.get(pair, (0, 0, 0))
            found[pair] = (max(low, levels[0]), max(high, levels[1]), max(guaranteed, levels[2]))
    return found


def _who_learns(change: DisclosureChange, today: Mapping[tuple[str, str], Levels]) -> tuple[str, ...]:
    """Who learns more by a change than it does today in any other capacity."""
    return tuple(
        party
        for party in change.parties
        for known in [[today.get((party, dataset), (0, 0, 0)) for dataset in change.datasets]]
        if any(new > old for levels in known for new, old in zip(change.after, levels, strict=True))
    )


def what_if_removed(study: Study, party: str) -> Scenario:
    """A party withdraws everything that it operates, hosts or may revoke."""
    lost = tuple(
        ControlChange(participants=others, use=entry.use, capability=entry.capability, before=entry.holders, after=None)
        for entry in study.continuity
        if entry.ends_without(party) and (others := tuple(who for who in entry.participants if who != party))
    )
    return Scenario(question=f"{party} withdraws everything", changes=Changes(control=lost))


def what_if_without(study: Study, path: str) -> Scenario:
    """One safeguard is not there."""
    return _compared(f"{path} is not there", study, study.of(_without(study.deployment, path)))


def safeguards_of(deployment: Deployment) -> Mapping[str, str]:
    """Every safeguard by its dotted path, with its kind."""
    found = {}
    for section in ("tasks", "api_calls", "flows"):
        for name, entry in getattr(deployment, section).items():
            for index, safeguard in enumerate(entry.safeguards):
                found[f"{section}.{name}.safeguards.{index}"] = safeguard.kind
    return found


def _compared(question: str, today: Study, then: Study) -> Scenario:
    changes = changes_between(today, then)
    # Who sees what is asked; a graph that is only seen with other eyes changes nobody's control.
    return Scenario(question=question, changes=replace(changes, control=()))


def _without(deployment: Deployment, path: str) -> Deployment:
    section, name, _, index = path.split(".")
    entries = getattr(deployment, section)
    kept = tuple(one for number, one in enumerate(entries[name].safeguards) if number != int(index))
    changed = entries[name].changed(safeguards=kept)
    return deployment.changed(**{section: {**entries, name: changed}})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SmallerSum:
    """
    What is left of a sum of `origin` for `party`, once it subtracts what `others` put in.

    `before` and `after` count contributions per round in the least favourable reading; below two the sum is somebody's
    own contribution.
    """

    origin: str
    party: str
    others: tuple[str, ...]
    before: int
    after: int


def smaller_sums(study: Study, parties: Sequence[str]) -> tuple[SmallerSum, ...]:
    """Every sum that hides less from one of the parties when they pool what they know."""
    hiding = Hiding(graph=study.graph, trust=Trust(graph=study.graph), reading=Reading.HIGH)
    found = {one for aggregate in study.graph.aggregates for one in _of(study, hiding, aggregate, parties)}
    return tuple(sorted(found))


def _of(study: Study, hiding: Hiding, aggregate: Aggregate, parties: Sequence[str]) -> Iterator[SmallerSum]:
    everybody = tuple(sorted(members(study.graph, parties)))
    after = hiding.remaining(aggregate.index, everybody)
    for party in parties:
        before = hiding.remaining(aggregate.index, tuple(sorted(members(study.graph, [party]))))
        if after < before >= HIDING and _learns(study, aggregate, party):
            others = tuple(other for other in parties if other != party)
            yield SmallerSum(origin=aggregate.origin, party=party, others=others, before=before, after=after)


def _learns(study: Study, aggregate: Aggregate, party: str) -> bool:
    names = members(study.graph, [party])
    summed = {study.graph.data[index].id for index in bits(aggregate.data)}
    return any(names & set(one.parties) and summed & set(one.datasets) for one in study.disclosures)
