"""What targets compile: who may send what to whom, where others are found, and what protects a task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from fedpolicy.analysis import Study
from fedpolicy.errors import InputError
from fedpolicy.findings import Span
from fedpolicy.graph import Vertex
from fedpolicy.graph.computation import computing, is_computation
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.language.reading import Document
from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that is declared and that a target cannot express, where it stands, and what to do about it."""

    message: str
    span: Span
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforced:
    """The whole text of what enforces a deployment, and what it leaves out."""

    text: str
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Channel:
    """One place may send to another one, for the elements that say so."""

    source: str
    target: str
    origins: tuple[str, ...]


class Plan:
    """
    A deployment as targets see it.

    `addresses` says where nodes and parties are found, by their names; `algorithms` which programs may run. With a
    `party`, only its own nodes are meant.
    """

    def __init__(
        self,
        document: Document,
        study: Study,
        *,
        party: str = "",
        addresses: Mapping[str, Sequence[str]] | None = None,
        algorithms: Sequence[str] = (),
    ) -> None:
        self.document = document
        self.study = study
        self.party = party
        self.addresses = addresses or {}
        self.algorithms = tuple(algorithms)
        if party and party not in study.deployment.parties:
            known = ", ".join(f"`{name}`" for name in study.deployment.parties)
            raise InputError(f"`{party}` is not a party of `{study.deployment.name}`", help=f"its parties are {known}")
        if party and not self.nodes:
            raise InputError(f"`{party}` runs no node of `{study.deployment.name}`", help="name a party that does")
        known_names = {one.name for one in self.places.values()} | {one.family for one in self.places.values()}
        if unknown := sorted(self.addresses.keys() - known_names):
            raise InputError(f"`{unknown[0]}` is neither a node nor a party of others that is sent anything",
                             help=f"addresses are for {', '.join(sorted(known_names - {''}))}")  # fmt: skip

    def at(self, *path: str | int) -> Span:
        """Where something is declared."""
        return self.document.spans.key(path)

    @cached_property
    def places(self) -> Mapping[str, Vertex]:
        """Everything that sends or receives, nodes and parties, by vertex."""
        return self.study.lookup.places

    @cached_property
    def nodes(self) -> list[Vertex]:
        """The nodes that are meant, in the order of their names."""
        nodes = [one for _, one in sorted(self.places.items()) if one.path[:1] == ("nodes",)]
        return [one for one in nodes if not self.party or self.party in self.study.lookup.operators(one.id)]

    @cached_property
    def channels(self) -> Sequence[Channel]:
        """Who sends to whom. Where clients meet, each sends to each other."""
        found: dict[tuple[str, str], set[str]] = {}
        for source, target, origin in self._edges():
            if source != target and not self.places[target].public:
                found.setdefault((source, target), set()).add(origin)
        return sorted(Channel(source=a, target=b, origins=tuple(sorted(why))) for (a, b), why in found.items())

    def _edges(self) -> Iterator[tuple[str, str, str]]:
        into: dict[str, list[tuple[str, str]]] = {}
        out_of: dict[str, list[str]] = {}
        for flow in self.study.graph.flows:
            if flow.source in self.places and flow.target in self.places:
                yield flow.source, flow.target, flow.origin
            elif flow.source in self.places:
                into.setdefault(flow.target, []).append((flow.source, flow.origin))
            elif flow.target in self.places:
                out_of.setdefault(flow.source, []).append(flow.target)
        vertices = self.study.graph.vertices
        meetings = {name: some for name, some in into.items() if vertices[name].kind == "exchange"}
        for exchange, senders in meetings.items():
            targets = out_of.get(exchange, [])
            if is_computation(vertices[exchange]):
                # What is computed on comes to those who compute by flows of their own.
                yield from self._computed(dict.fromkeys(origin for _, origin in senders), targets)
            else:
                yield from ((source, target, origin) for source, origin in senders for target in targets)

    def _computed(self, origins: Iterable[str], targets: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Those who compute on shares talk to one another, and send what comes of it."""
        for origin in origins:
            together = sorted(computing(self.study.lookup.flows_of[origin]))
            for source in together:
                yield from ((source, target, origin) for target in (*together, *targets))

    def address(self, place: Vertex) -> tuple[str, ...]:
        """Where a place is found, by its own name or by that of its family."""
        return tuple(self.addresses.get(place.name, self.addresses.get(place.family, ())))

    def hosts(self, place: Vertex) -> tuple[str, ...]:
        """The names of hosts at which whoever runs a place answers, as the catalogue knows them."""
        principals = self.study.graph.principals
        names = {name for one in place.operators if one in principals for name in (one, principals[one].provider)}
        rows = self.study.catalog.services.values()
        found = {host for row in rows if {row.id, row.provider} & (names - {""}) for host in row.hosts}
        return tuple(sorted(f"*{host}" if host.startswith(".") else host for host in found))

    def reached(self, place: Vertex, left_out: dict[str, LeftOut]) -> tuple[str, ...]:
        """The hosts at which a place is found; one of which nobody says that is left out."""
        found = self.address(place) or self.hosts(place)
        if not found:
            message = f"nobody says at which host {place.name} is found"
            advice = f"give --address {place.name}=HOST; until then it cannot be reached"
            left_out[place.name] = LeftOut(message=message, span=self.at(*place.path), help=advice)
        return found

    def safeguards(self) -> Iterator[tuple[str, int, Safeguard]]:
        """What protects the tasks that the nodes take part in: the task, the place in its list, the safeguard."""
        mine = {one.id for one in self.nodes}
        for name, task in sorted(self.study.deployment.tasks.items()):
            if mine & {one.id for one in self.study.lookup.places_at(task.runs_on)}:
                for at, one in enumerate(task.safeguards):
                    yield name, at, one
