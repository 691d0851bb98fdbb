"""
Who knows more of a mechanism than what is released: shares of its noise, a part of its sum, or who is in a sample.

Clients that add up in parts, as below the relays of a tree, put only their own shares of the noise into each part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from fedpolicy.analysis.exposure.mechanisms import OUTSIDE, Mechanism, mechanism_at
from fedpolicy.analysis.exposure.noise import Towards, drawn_clients, survivors_of, task_of
from fedpolicy.graph import Aggregate, Flow, FlowGraph, Path, Vertex
from fedpolicy.language.model.does import Sum
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass, field, replace

_UP = {"uplink", "exchange"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """
    The clients that add shares of one noise.

    `weights` count those that stand at each place that sends any, `idle` those that have no data of the task but may
    take part. `known` says by party which places' shares it knows, and how many of each; `survivors` how many clients a
    step goes on with at least, `sums` how many of their contributions each secure sum has.
    """

    weights: Mapping[str, int]
    idle: int
    known: Mapping[str, Mapping[str, int]]
    survivors: int
    sums: Mapping[frozenset[str], int]

    def there(self, clients: frozenset[str]) -> int:
        """How many shares at least are in what some of the clients add up."""
        missing = self.idle + sum(weight for name, weight in self.weights.items() if name not in clients)
        added = min((count for part, count in self.sums.items() if part <= clients), default=1)
        return max(self.survivors - missing, added, 1)

    def own(self, party: str, clients: frozenset[str]) -> int:
        """How many of their shares a party knows; an idle client may be any of them."""
        return sum(
            count for name, count in self.known.get(party, {}).items() if name in clients or name not in self.weights
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Insiders:
    """
    One mechanism in the sum of some `clients` (None: of all), and who knows what of it.

    `own` counts the shares of noise of the clients that a party operates or hosts, or that those do with whom it runs a
    node; at least as many shares as `there` says are there. `sees` are those who draw a sample of clients, or see who
    is in it; `readers` are those to whom anything of the task is sent.

    `within` gives the index of the mechanism in each aggregate of the task, where some add up some of its clients only;
    `inner` are the indexes of the sums that went into this one.
    """

    path: Path
    spec: DifferentialPrivacy
    own: Mapping[str, int]
    there: int
    sees: frozenset[str]
    readers: frozenset[str]
    crowd: Crowd
    clients: frozenset[str] | None = None
    within: Mapping[int, int] = field(default_factory=dict)
    inner: tuple[int, ...] = ()

    def towards(self, party: str, parts: Sequence[frozenset[str]] = ()) -> Towards:
        """What a party knows that subtracts sums of some of the clients, which it has seen as well."""
        own, there = self.own.get(party, 0), self.there
        if parts:
            mine = frozenset(self.crowd.weights) if self.clients is None else self.clients
            left = mine.difference(*parts)
            # Of clients that it knows anyway nothing is left to find out.
            if not self.crowd.known.get(party, {}).keys() >= left:
                own, there = self.crowd.own(party, left), min(there, self.crowd.there(left))
        return Towards(
            own=own,
            sees_sample=party in self.sees,
            there=None if self.clients is None and there == self.there else there,
        )

    def leaves_noise(self, pool: tuple[str, ...]) -> bool:
        """Whether somebody adds a share of the noise that those who pool what they know do not know."""
        return self.there > max((self.own.get(party, 0) for party in pool), default=0)

    def mechanism(self, graph: FlowGraph, towards: Towards) -> Mechanism:
        """The mechanism as somebody sees it who knows so much."""
        return mechanism_at(graph.deployment, self.path, self.spec, towards)


def informed(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> Mapping[Towards, tuple[str, ...]]:
    """Those to whom anything of a task is sent and who know more of its noise, by what they know."""
    carriers = [flow for flow in graph.flows if any(guard.path == path for guard in flow.guards)]
    inside = _insiders(graph, path, spec, carriers, whole=0, free=1)
    parts = _seen_parts(graph, path, inside)
    known = {*inside[0].own, *inside[0].sees, *parts}
    found: dict[Towards, list[str]] = {}
    for party in sorted(inside[0].readers & known):
        for one in (inside[index] for index in (0, *sorted(parts.get(party, ())))):
            if (towards := one.towards(party, inner_parts(inside, one, parts.get(party, set())))) != OUTSIDE:
                found.setdefault(towards, []).append(party)
    return {towards: tuple(dict.fromkeys(parties)) for towards, parties in found.items()}


def inner_parts(insiders: Mapping[int, Insiders], one: Insiders, seen: AbstractSet[int]) -> list[frozenset[str]]:
    """The clients of each sum that went into another one, of those that somebody has seen."""
    parts = (insiders[index].clients for index in one.inner if index in seen) if seen else ()
    return [clients for clients in parts if clients is not None]


def insiders_of(graph: FlowGraph, free: int) -> Mapping[int, Insiders]:
    """
    For each mechanism of which anybody can know more: distributed noise, and samples of clients.

    Of distributed noise that is added up in parts, each part has an index of its own, from the first `free` one on.
    """
    specs: dict[int, tuple[Path, DifferentialPrivacy]] = {}
    carriers: dict[int, list[Flow]] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.noise
            if spec is not None and guard.mechanism is not None and _concerns(spec):
                specs[guard.mechanism] = (guard.path, spec)
                carriers.setdefault(guard.mechanism, []).append(flow)
    found: dict[int, Insiders] = {}
    for index, (path, spec) in sorted(specs.items()):
        found |= _insiders(graph, path, spec, carriers[index], whole=index, free=max([free, *(n + 1 for n in found)]))
    return found


def _concerns(spec: DifferentialPrivacy) -> bool:
    return spec.where == "distributed" or drawn_clients(spec)


def _insiders(
    graph: FlowGraph, path: Path, spec: DifferentialPrivacy, carriers: list[Flow], *, whole: int, free: int
) -> dict[int, Insiders]:
    origin = ".".join(map(str, path[:2]))
    ends = [flow for flow in graph.flows if flow.origin == origin]
    sees = {who for flow in ends if flow.role in _UP for who in _behind(graph.vertices[flow.target])}
    drawers = {who for flow in carriers if spec.where == "aggregator" for who in _behind(graph.vertices[flow.source])}
    shared = [flow for flow in carriers if spec.where == "distributed"]
    shared = [flow for flow in shared if any(one.path == path and not one.ignored for one in flow.guards)]
    crowd = _crowd(graph, path, shared)
    first = Insiders(
        path=path,
        spec=spec,
        own={party: sum(shares.values()) for party, shares in crowd.known.items()},
        there=crowd.survivors,
        sees=frozenset(sees | (drawers - _senders(graph, ends))) if drawn_clients(spec) else frozenset(),
        readers=frozenset(who for flow in ends for who in _behind(graph.vertices[flow.target])),
        crowd=crowd,
    )
    return _divided(first, _added_up(graph, origin, shared), whole, free)


def _divided(first: Insiders, sums: Mapping[int, frozenset[str]], whole: int, free: int) -> dict[int, Insiders]:
    """The same in the sum of all clients, and in each sum of some of them."""
    everybody, crowd = frozenset(first.crowd.weights), first.crowd
    parts = sorted({clients for clients in sums.values() if clients < everybody}, key=sorted)
    if not parts:
        return {whole: first}
    numbers = {everybody: whole, **{clients: free + number for number, clients in enumerate(parts)}}
    first = replace(first, within={aggregate: numbers[clients] for aggregate, clients in sums.items()})
    found = {whole: replace(first, inner=tuple(numbers[clients] for clients in parts))}
    for clients, inner in _nested(parts):
        found[numbers[clients]] = replace(
            first,
            own={party: own for party in crowd.known if (own := crowd.own(party, clients))},
            there=crowd.there(clients),
            clients=clients,
            inner=tuple(numbers[one] for one in inner),
        )
    return found


def _nested(parts: Sequence[frozenset[str]]) -> Iterator[tuple[frozenset[str], list[frozenset[str]]]]:
    """Each set of clients, and those that are part of it: they share a client with it."""
    having: dict[str, list[frozenset[str]]] = {}
    for clients in parts:
        for name in clients:
            having.setdefault(name, []).append(clients)
    for clients in parts:
        near = dict.fromkeys(one for name in clients for one in having[name])
        yield clients, [one for one in near if one < clients]


def _added_up(graph: FlowGraph, origin: str, shared: list[Flow]) -> dict[int, frozenset[str]]:
    """The clients whose shares are in each sum of a task."""
    sent: dict[str, int] = {}
    for flow in shared:
        sent[flow.source] = sent.get(flow.source, 0) | (flow.data or 0)
    found = {}
    for one in graph.aggregates if sent else ():
        if one.origin == origin:
            found[one.index] = _adding(one, sent)
    return {index: clients for index, clients in found.items() if clients}


def _adding(aggregate: Aggregate, sent: Mapping[str, int]) -> frozenset[str]:
    """Of a sum of sums it is known what data are in it."""
    if all(name in sent for name in aggregate.contributors):
        return frozenset(aggregate.contributors)
    return frozenset(name for name, data in sent.items() if data & aggregate.data)


def _seen_parts(graph: FlowGraph, path: Path, inside: Mapping[int, Insiders]) -> dict[str, set[int]]:
    """Who gets the sum of some of the clients on its way up: by party, its indexes."""
    within, origin = inside[0].within, ".".join(map(str, path[:2]))
    ways = [flow for flow in graph.flows if flow.origin == origin and flow.role in _UP] if within else []
    summed = {id(one.guards): {guard.aggregate for guard in one.guards if not guard.ignored} for one in ways}
    secure = {one for sums in summed.values() for one in sums if one in within}
    found: dict[str, set[int]] = {}
    for flow in ways:
        sums = summed[id(flow.guards)] if flow.aggregate is None else {flow.aggregate}
        if flow.passed_on:
            sums = {one for one in secure if one is not None and graph.aggregates[one].data & (flow.data or 0)}
        for party in _behind(graph.vertices[flow.target]):
            found.setdefault(party, set()).update(within[one] for one in sums if one is not None and one in within)
    return {party: parts - {0} for party, parts in found.items() if parts - {0}}


def _crowd(graph: FlowGraph, path: Path, shared: list[Flow]) -> Crowd:
    senders = {flow.source for flow in shared}
    idle = _idle(graph, path, senders) if senders else []
    sums: dict[frozenset[str], int] = {}
    guards = [guard for flow in shared for guard in flow.guards if not guard.ignored and guard.aggregate is not None]
    # Thousands of clients name the same sum.
    for guard in {guard.aggregate: guard for guard in guards}.values():
        if isinstance(does := guard.does, Sum) and guard.aggregate is not None:
            clients = frozenset(graph.aggregates[guard.aggregate].contributors)
            here = sum(graph.vertices[name].weight for name in clients)
            sums[clients] = min(does.clients_of(guard.spec), here)
    return Crowd(
        weights={name: graph.vertices[name].weight for name in senders},
        idle=sum(place.weight for place in idle),
        known=_known_shares(graph, [*(graph.vertices[name] for name in sorted(senders)), *idle]),
        survivors=survivors_of(graph.deployment, path),
        sums=sums,
    )


def _idle(graph: FlowGraph, path: Path, senders: set[str]) -> list[Vertex]:
    """The clients of a task that have no data of it: they may take part, and then add their share of the noise."""
    task = task_of(graph.deployment, path)
    named = set(task.runs_on) if task else set()
    places = (place for name, place in sorted(graph.vertices.items()) if name not in senders)
    return [place for place in places if place.kind == "place" and not named.isdisjoint({place.family, place.id})]


def _known_shares(graph: FlowGraph, places: list[Vertex]) -> dict[str, dict[str, int]]:
    """Whose shares each party knows: of the clients that it runs or hosts, or that its fellow operators do."""
    known: dict[str, dict[str, int]] = {}
    for place in places:
        for party in dict.fromkeys(_behind(place)):
            # The peer of a cohort stands for all other members, and each of them knows its own share only.
            known.setdefault(party, {})[place.id] = 1 if party == place.party else place.weight
    pooled = {party: dict(shares) for party, shares in known.items()}
    run = (vertex.operators for vertex in graph.vertices.values() if vertex.kind == "place")
    pools = {operators for operators in run if len(operators) > 1} if known else set()
    for pool in pools:
        for party in pool:
            mine = pooled.setdefault(party, {})
            for fellow in pool:
                for name, count in known.get(fellow, {}).items():
                    mine[name] = max(mine.get(name, 0), count)
    return {party: shares for party, shares in pooled.items() if shares}


def _senders(graph: FlowGraph, ends: list[Flow]) -> set[str]:
    """Those who only ever send: clients carry the safeguards of the aggregator too, before it applies them."""
    way = [flow for flow in ends if flow.role in _UP]
    first = {flow.source for flow in way} - {flow.target for flow in way}
    return {who for name in first for who in _behind(graph.vertices[name])}


def _behind(place: Vertex) -> Iterator[str]:
    if place.kind == "place":
        yield from (*place.operators, place.host)
