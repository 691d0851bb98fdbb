"""The two sides that drift compares: a declaration, and what files tell; and which of their nodes are the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial

from fedpolicy.analysis import Study
from fedpolicy.catalog import Catalog
from fedpolicy.findings import Span, Verdict
from fedpolicy.graph import Vertex
from fedpolicy.language.model import Deployment
from fedpolicy.language.reading import Document, load_text
from fedpolicy.records import dataclass
from fedpolicy.scan import Evidence
from fedpolicy.scan.draft import Draft
from fedpolicy.scan.drift import Drift
from fedpolicy.scan.members import ROLES, DraftMember

_PLAIN = re.compile(r"[^a-z0-9]+")


class DeclaredSide:
    """A declaration with its graph, which also has what the file only implies."""

    def __init__(self, document: Document, study: Study) -> None:
        self.document = document
        self.deployment = document.deployment
        self.name = document.deployment.name
        self.study = study

    def at(self, *path: str | int) -> Span:
        """Where something stands, or would stand: its nearest ancestor, else the name."""
        if path[0] not in self.document.deployment.stated:
            return self.document.spans.at(("name",))
        return self.document.spans.key(path)

    def drift(
        self, rule: str, element: str, message: str, *path: str | int,
        found: Span | None = None, what: str = "", verdict: Verdict = Verdict.FAIL,
    ) -> Drift:  # fmt: skip
        """A difference from what stands, or would stand, at a path."""
        return Drift(
            rule=rule,
            element=element,
            message=message,
            found=found,
            declared=self.at(*path),
            what=what,
            verdict=verdict,
        )

    @cached_property
    def nodes(self) -> list[Vertex]:
        """The nodes that are declared, each member of a family by itself; a cohort is one."""
        places = [one for one in self.study.lookup.places.values() if one.path[:1] == ("nodes",)]
        return list({(one.path, self.party(one)): one for one in reversed(places)}.values())[::-1]

    def party(self, place: Vertex) -> str:
        """Whoever runs a node, as it is declared."""
        return self.study.lookup.party(place.party)

    def parties(self, place: Vertex) -> set[str]:
        """What whoever runs a node is called: by id, and in full; nothing where nobody says who it is."""
        said = self.deployment.parties.get(self.party(place))
        return {self.party(place), said.name or ""} - {""} if said else set()

    @cached_property
    def called(self) -> Mapping[str, tuple[str, Span]]:
        """Who is asked by calls: the first element that asks, and its place, by the names of whoever is asked."""
        found: dict[str, tuple[str, Span]] = {}
        for flow in self.study.graph.flows:
            if flow.role == "call":
                for name in self.names(self.study.graph.vertices[flow.target]):
                    found.setdefault(name, (flow.origin, self.at(*flow.path)))
        return found

    @cached_property
    def reached(self) -> frozenset[str]:
        """The names of everybody whom any flow reaches, and of the nodes that it reaches."""
        targets = {flow.target for flow in self.study.graph.flows}
        places = [self.study.graph.vertices[one] for one in targets]
        return frozenset({name for one in places for name in (*self.names(one), _plain(one.name))})

    def names(self, place: Vertex) -> set[str]:
        """What whoever runs a place is called: as party, and as provider of the catalogue."""
        principals = self.study.graph.principals
        known = [principals[one] for one in place.operators if one in principals]
        return {name for one in known for name in (one.party, one.provider) if name}


class FoundSide:
    """What files tell of one deployment; without a `draft`, nobody says who takes part."""

    def __init__(self, said: Sequence[Evidence], draft: Draft | None, catalog: Catalog) -> None:
        self.said = said
        self.draft = draft
        loaded = load_text(draft.text, draft.file, catalog) if draft else None
        self.errors = loaded.errors if loaded else ()
        self._document = loaded.documents[0] if loaded and not loaded.errors else None

    @property
    def deployment(self) -> Deployment | None:
        """The draft as it is read; None where there is none, or where files contradict each other."""
        return self._document.deployment if self._document else None

    def at(self, *path: str | int) -> Span:
        """The place in a foreign file that something of the draft comes from."""
        if self._document is None or self.draft is None:
            raise AssertionError("nothing was drafted")
        return self.draft.sources.get(self._document.spans.key(path).line, self.draft.start)

    def stating(self, attribute: str, kind: str = "") -> list[Evidence]:
        """The facts with this attribute, of this kind of subject."""
        return [one for one in self.said if one.attribute == attribute and kind in ("", one.kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePairs:
    """Nodes on both sides that are the same, and those that only one of them has."""

    same: tuple[tuple[Vertex, DraftMember], ...]
    declared: tuple[Vertex, ...]
    found: tuple[DraftMember, ...]


def alike(one: str, other: str) -> bool:
    """Whether two names differ in case and punctuation only."""
    return _plain(one) == _plain(other)


def paired(
    places: Iterable[Vertex], members: Iterable[DraftMember], parties: Callable[[Vertex], Iterable[str]]
) -> NodePairs:
    """
    Which nodes are the same: by their names, then by whoever runs them, then the only server.

    `parties` says what whoever runs a declared node is called. A cohort stands for any number of clients that nobody
    names.
    """
    left, found = list(places), list(members)
    same: list[tuple[Vertex, DraftMember]] = []
    for keys in (_names, partial(_parties, names=parties), _server):
        pairs = _matches([(one, keys(one)) for one in left], [(one, keys(one)) for one in found])
        same += pairs
        taken = {id(one) for pair in pairs for one in pair}
        left = [one for one in left if id(one) not in taken]
        found = [one for one in found if id(one) not in taken]
    cohorts = [one for one in left if one.cohort > 1]
    nameless = [one for one in found if cohorts and not one.party_known and one.role == "client"]
    return NodePairs(
        same=tuple(same),
        declared=tuple(one for one in left if not (nameless and one in cohorts)),
        found=tuple(one for one in found if one not in nameless),
    )


Keys = frozenset[tuple[str, str]]


def _matches(
    places: list[tuple[Vertex, Keys]], members: list[tuple[DraftMember, Keys]]
) -> list[tuple[Vertex, DraftMember]]:
    """Those that share a key with one of the other side, and with that one alone."""
    by_key: dict[tuple[str, str], tuple[list[Vertex], list[DraftMember]]] = {}
    for place, keys in places:
        for key in keys:
            by_key.setdefault(key, ([], []))[0].append(place)
    for member, keys in members:
        for key in keys:
            by_key.setdefault(key, ([], []))[1].append(member)
    found: list[tuple[Vertex, DraftMember]] = []
    taken: set[int] = set()
    for _, (theirs, others) in sorted(by_key.items()):
        if len(theirs) == len(others) == 1 and not {id(theirs[0]), id(others[0])} & taken:
            found.append((theirs[0], others[0]))
            taken |= {id(theirs[0]), id(others[0])}
    return found


def _kind(one: Vertex | DraftMember) -> str:
    return ROLES[one.role] if isinstance(one, DraftMember) else one.node_kind


def _names(one: Vertex | DraftMember) -> Keys:
    names = (one.id, one.name) if isinstance(one, DraftMember) else (one.name,)
    return frozenset((_kind(one), _plain(name)) for name in names)


def _parties(one: Vertex | DraftMember, names: Callable[[Vertex], Iterable[str]]) -> Keys:
    if isinstance(one, DraftMember):
        return frozenset({(_kind(one), _plain(one.party))} if one.party_known else ())
    return frozenset((_kind(one), _plain(name)) for name in names(one))


def _server(one: Vertex | DraftMember) -> Keys:
    return frozenset({("", "server")} if _kind(one) == ROLES["server"] else ())


def _plain(text: str) -> str:
    return _PLAIN.sub("", text.lower())
