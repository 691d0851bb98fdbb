"""Who can see or be trusted, and where things run and rest: parties, node families, cohorts, datasets stored there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from fedpolicy.graph import DataItem, Enclave, Principal, Vertex
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import ProviderRow
    from fedpolicy.language.model import Deployment
    from fedpolicy.language.model.dataset import Dataset
    from fedpolicy.language.model.flow import Task
    from fedpolicy.language.model.party import Node, Party

NOBODY = "unknown"
_NO_PROVIDER = "none"  # a party that has the id of a provider and is another company
# A cohort stands for any two of its members: one's own view, and everybody else's data.
COHORT_MEMBERS = ("self", "peer")


_WORDS = {"own", "public"}  # whose code runs at a node: each party's own, or published and reproducibly built


def nameless(node: str) -> str:
    """Whoever owns a node of which nobody says whose it is: a party of its own, as no id has a colon."""
    return f"{NOBODY}:{node}"


def is_unknown(party: str) -> bool:
    """Whether nobody says who this party is."""
    return party == NOBODY or party.startswith(f"{NOBODY}:")


def members_of(party: str, *, cohort: bool) -> tuple[str, ...]:
    """The principals of a party's node: the party itself, or its two symbolic members."""
    return tuple(f"{party}.{member}" for member in COHORT_MEMBERS) if cohort else (party,)


def principals_of(deployment: Deployment, catalog: Catalog) -> dict[str, Principal]:
    """Every declared party, and two symbolic members for each party that a cohort belongs to."""
    cohorts = {party for node in deployment.nodes.values() if node.count > 1 for party in _parties(node.party)}
    trusted = _trusted(deployment, cohorts)
    rows = {name: _provider(name, party, catalog) for name, party in deployment.parties.items()}
    found = {
        name: _principal(name, name, party, rows[name], trusted[party.trusts])
        for name, party in deployment.parties.items()
    }
    for name in sorted(cohorts & set(deployment.parties)):
        for member in members_of(name, cohort=True):
            party = deployment.parties[name]
            found[member] = _principal(member, name, party, rows[name], trusted[party.trusts] | {name})
    # A node may be run or hosted by nobody who is named.
    if NOBODY in _supplying(deployment):
        found[NOBODY] = Principal(id=NOBODY, party=NOBODY, implied=True)
    return found


def implied_principal(name: str, catalog: Catalog) -> Principal:
    """A party that nobody declared: the provider of a catalogue model, `public`, or `unknown`."""
    row = catalog.provider(name)
    roles = () if name in {"public", "unknown"} else ("provider",)
    provider = row.id if row else ""
    return Principal(id=name, party=name, roles=roles, jurisdictions=_home(row), implied=True, provider=provider)


def _supplying(deployment: Deployment) -> set[str | None]:
    """Whoever runs, hosts or supplies the nodes of others."""
    return {who for node in deployment.nodes.values() for who in (*node.operators, node.host, node.code_from)}


def _parties(party: str | tuple[str, ...]) -> tuple[str, ...]:
    return (party,) if isinstance(party, str) else party


def _trusted(deployment: Deployment, cohorts: set[str]) -> dict[tuple[str, ...], frozenset[str]]:
    # Thousands of parties may trust the same ones; they then share one set.
    participants = {name for name, other in deployment.parties.items() if "participant" in other.role}
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for trusts in {party.trusts for party in deployment.parties.values()}:
        names = set(trusts) | (participants if "participants" in trusts else set())
        found[trusts] = frozenset(names | {m for name in names & cohorts for m in members_of(name, cohort=True)})
    return found


def _provider(name: str, declared: Party, catalog: Catalog) -> ProviderRow | None:
    """The provider that a party is: the one that it names, else the one with its id."""
    if declared.says_unknown("is_") or declared.is_ == _NO_PROVIDER:
        return None
    return catalog.provider(declared.is_ or name)


def _home(row: ProviderRow | None) -> tuple[str, ...] | None:
    return (row.jurisdiction,) if row and row.jurisdiction else None


def _principal(name: str, party: str, declared: Party, row: ProviderRow | None, trusts: frozenset[str]) -> Principal:
    own = declared.jurisdiction is not None or declared.says_unknown("jurisdiction")
    return Principal(
        id=name,
        party=party,
        roles=declared.role,
        jurisdictions=declared.jurisdiction if own else _home(row),
        trusts=trusts,
        provider=row.id if row else "",
    )


@dataclass(slots=True, kw_only=True)
class Places:
    """
    The vertices that nodes and datasets make.

    `members` maps every way to refer to nodes (`client`, `client@charite`) to vertex ids, `stored` a vertex id
    to the dataset instances that rest there, `families` a dataset id (or an instance's) to its instances,
    `own` a reference and a party to the members that the party has there, `meant` the name of a provider to the
    declared party that it is. `aggregators` are the nodes of that kind.
    """

    principals: dict[str, Principal]
    vertices: dict[str, Vertex] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    data: list[DataItem] = field(default_factory=list)
    stored: dict[str, list[DataItem]] = field(default_factory=dict)
    families: dict[str, list[DataItem]] = field(default_factory=dict)
    own: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    aggregators: list[str] = field(default_factory=list)

    def known_as(self, name: str, catalog: Catalog) -> str:
        """Who is meant by a name: the party of this name, else the one that is this provider, else a new one."""
        if name not in self.principals and name not in self.meant:
            implied = implied_principal(name, catalog)
            declared = [
                one.id
                for one in self.principals.values()
                if implied.provider and one.provider == implied.provider and one.id == one.party and not one.implied
            ]
            if len(declared) == 1:
                self.meant[name] = declared[0]
            else:
                self.principals[name] = implied
        return self.meant.get(name, name)

    def reach(self, source: Vertex, reference: str) -> list[str]:
        """
        The members of a family of nodes that `source` reaches.

        Within one family each member pairs with itself. In another family it reaches the members that its
        own party has there, and all members where its party has none.
        """
        if source.family == reference:
            return [source.id]
        return self.own.get((reference, source.party)) or self.members[reference]

    def worked_at(self, task: Task) -> Iterator[tuple[str, DataItem]]:
        """The data of a task at each node where it runs: what rests there, and what is brought there from elsewhere."""
        at = {place for reference in task.runs_on for place in self.members[reference]}
        for reference in sorted(task.data):
            items = self.families.get(reference, [])
            parties = {self.vertices[item.place].party for item in items}
            for item in items:
                if item.place in at:
                    yield item.place, item
                    continue
                here = self.vertices[item.place]
                found = {place for node in task.runs_on for place in self.reach(here, node)}
                yield from ((place, item) for place in sorted(found) if pairs(self.vertices[place], here, parties))


def pairs(place: Vertex, other: Vertex, parties: Collection[str]) -> bool:
    """Whether what rests at another place, as it does with these parties, is meant at a place: one's own, if there."""
    return "@" not in place.name or place.party == other.party or place.party not in parties


def lay_out(deployment: Deployment, catalog: Catalog) -> Places:
    """Make one vertex per node (two for a cohort) and one instance per dataset and place, in order of their names."""
    places = Places(principals=principals_of(deployment, catalog))
    for name in sorted(deployment.nodes):
        node = deployment.nodes[name]
        places.aggregators += [name] if node.kind == "aggregator" else []
        for vertex, reference in _family(name, node, _enclave(node, catalog)):
            _add(places, vertex, reference)
    stored = [one for name, dataset in deployment.datasets.items() for one in _stored(places, name, dataset)]
    # Numbered in the order of their names, so that the lowest bit of a set is the first name in it.
    for index, (identity, name, place) in enumerate(sorted(stored, key=lambda one: one[0])):
        _store(places, _item(name, deployment.datasets[name], place, identity, index))
    return places


def _add(places: Places, vertex: Vertex, reference: str) -> None:
    places.vertices[vertex.id] = vertex
    if is_unknown(vertex.party):
        party = vertex.party if vertex.cohort == 1 else vertex.party.rpartition(".")[0]
        places.principals[vertex.party] = Principal(id=vertex.party, party=party, implied=True)
    for key in {vertex.family, reference, vertex.name}:
        places.members.setdefault(key, []).append(vertex.id)
        places.own.setdefault((key, vertex.party), []).append(vertex.id)


def _enclave(node: Node, catalog: Catalog) -> Enclave | None:
    tee = node.tee
    if tee is None:
        if not node.says_unknown("tee"):
            return None
        # One that nobody knows may be there and keep out everybody, or not be there at all.
        return Enclave(attested=True, verified_by=("public",), host=None, operator=None, key="tee")
    said = tee.hides_from
    row = catalog.enclave(tee.kind) if said is None and not tee.says_unknown("hides_from") else None
    return Enclave(
        attested=tee.attested,
        verified_by=tee.verified_by,
        host="host" in said if said is not None else row.host if row else None,
        operator="operator" in said if said is not None else row.operator if row else None,
    )


def _family(name: str, node: Node, enclave: Enclave | None) -> Iterator[tuple[Vertex, str]]:
    listed = not isinstance(node.party, str)
    parties = [node.party] if isinstance(node.party, str) else sorted(node.party)
    for party, number in _numbered(parties):
        reference = f"{name}@{party}{number}" if listed else name
        # Nobody says that two nodes of unknown owners have the same one.
        owner = nameless(reference) if party == NOBODY else party
        for principal in members_of(owner, cohort=node.count > 1):
            yield _vertex(name, node, reference, owner, principal, enclave), reference


def _vertex(name: str, node: Node, reference: str, party: str, principal: str, enclave: Enclave | None) -> Vertex:
    member = principal.removeprefix(party)
    return Vertex(
        id=f"nodes.{reference}{member}",
        kind="place",
        name=f"{reference}{member}",
        family=name,
        path=("nodes", name),
        party=principal,
        operators=(principal, *(other for other in node.operators if other != principal)),
        host=node.host or principal,
        code_from=principal if node.code_from in {None, NOBODY, *_WORDS} else str(node.code_from),
        supplier=supplier_of(node.code_from, principal),
        node_kind=node.kind,
        weight=node.count - 1 if member == ".peer" else 1,
        cohort=node.count,
        enclave=enclave,
    )


def supplier_of(code_from: str | None, party: str) -> str:
    """Who wrote the code that computes; an empty text where that is not said, or where everybody can check it."""
    return {"own": party, "public": "", "unknown": ""}.get(code_from or "unknown", code_from or "")


def _stored(places: Places, name: str, dataset: Dataset) -> Iterator[tuple[str, str, Vertex]]:
    found = [places.vertices[vertex] for reference in sorted(dataset.at) for vertex in places.members[reference]]
    for place, (party, number) in zip(found, _numbered([_named_after(place) for place in found]), strict=True):
        yield f"{name}@{party}{number}", name, place


def _named_after(place: Vertex) -> str:
    """What an instance is called after: its party, or that nobody says who that is."""
    if not is_unknown(place.party):
        return place.party
    return NOBODY if place.cohort == 1 else f"{NOBODY}.{place.party.rpartition('.')[2]}"


def _numbered(parties: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each party, with a number where there are several of it."""
    if len(parties) == 1:
        return iter([(parties[0], "")])
    total = Counter(parties)
    seen = {party: count(1) for party in total}
    return ((party, f".{next(seen[party])}" if total[party] > 1 else "") for party in parties)


def _store(places: Places, item: DataItem) -> None:
    places.data.append(item)
    places.stored.setdefault(item.place, []).append(item)
    places.families.setdefault(item.family, []).append(item)
    places.families.setdefault(item.id, []).append(item)


def _item(name: str, dataset: Dataset, place: Vertex, identity: str, index: int) -> DataItem:
    return DataItem(
        id=identity,
        index=index,
        family=name,
        place=place.id,
        owner=dataset.owner or place.party,
        units=None if dataset.subjects is None else dataset.subjects * place.cohort,
        unit=dataset.unit,
        categories=dataset.categories,
        bit=1 << index,
    )
