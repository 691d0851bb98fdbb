"""What can be referred to in one document: what it declares, the members of its families, and the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.language.reading.view import Tree, entries, ids, number, text
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["COHORT", "Names"]

COHORT = ("self", "peer")  # the two symbolic members of a cohort


@dataclass(frozen=True, kw_only=True, eq=False)
class Names:
    """
    The names of one document, by kind: party, node, dataset, model, and the sections of the catalogue.

    `lost` are sections that are wrong as a whole, so that any name may be one of theirs.
    """

    root: Tree
    catalog: Catalog
    lost: frozenset[str] = frozenset()
    _counted: dict[frozenset[str], int | None] = field(default_factory=dict)
    _found: dict[str, frozenset[str]] = field(default_factory=dict)

    def declared(self, section: str) -> Mapping[str, object]:
        """The entries of a section, broken ones too: a reference to them is no second mistake."""
        found = self.root.get(section)
        return found if isinstance(found, dict) else {}

    def entry(self, section: str, name: str) -> Tree:
        """One entry, empty where it is missing or broken."""
        found = self.declared(section).get(name)
        return found if isinstance(found, dict) else {}

    def known(self, kind: str) -> Collection[str]:
        """The names of a kind that suggestions are taken from."""
        if kind in _SECTIONS:
            return self.declared(_SECTIONS[kind])
        found: Collection[str] = getattr(self.catalog, _CATALOGUE[kind])
        return found

    def has(self, kind: str, name: str) -> bool:
        """Whether this name, member or alias of the catalogue exists."""
        if kind in _SECTIONS:
            if name in self.declared(_SECTIONS[kind]) or _SECTIONS[kind] in self.lost:
                return True
            family, at, member = name.partition("@")
            return bool(at) and kind in ("node", "dataset") and member in self.members_of(kind, family)
        section = getattr(self.catalog, _CATALOGUE[kind])
        return name in section or section.find(name) is not None

    def members_of(self, kind: str, family: str) -> Collection[str]:
        """What may stand behind the `@` of a node or dataset."""
        return self.families.get(family, ()) if kind == "node" else self._instances(family)

    @cached_property
    def families(self) -> Mapping[str, frozenset[str]]:
        """The members of each node whose `party` is a list: `aphp`, or `aphp.1` where a party is listed twice."""
        return {
            name: frozenset(_numbered(parties))
            for name in self.declared("nodes")
            if isinstance(self.entry("nodes", name).get("party"), tuple)
            for parties in ([party for _, party in ids(self.entry("nodes", name), "party")],)
        }

    def _instances(self, dataset: str) -> frozenset[str]:
        """What stands behind the `@` of a dataset: the parties at whose nodes it rests."""
        if dataset not in self._found:
            self._found[dataset] = frozenset(_numbered(self._resting(dataset)))
        return self._found[dataset]

    def _resting(self, dataset: str) -> list[str]:
        return [owner for _, at in ids(self.entry("datasets", dataset), "at") for owner in self._owners(at)]

    def _owners(self, node: str) -> Iterator[str]:
        family, _, member = node.partition("@")
        entry = self.entry("nodes", family)
        cohort = (number(entry, "count") or 1) > 1
        for _, party in ids(entry, "party"):
            if not member or member.rpartition(".")[0] == party or member == party:
                yield from (f"{party}.{symbol}" for symbol in COHORT) if cohort else (party,)

    def places(self, references: Collection[str]) -> frozenset[str] | None:
        """The single nodes that references mean, or None where one of them means nothing."""
        found: set[str] = set()
        for reference in references:
            if reference in self.families:
                found |= {f"{reference}@{member}" for member in self.families[reference]}
            elif self.has("node", reference) and "party" in self.entry("nodes", reference.partition("@")[0]):
                found.add(reference)
            else:
                return None
        return frozenset(found)

    def clients(self, references: Collection[str]) -> int | None:
        """How many distinct owners stand behind some nodes, cohorts counted in full; None where that is unsaid."""
        key = frozenset(references)
        if key not in self._counted:  # thousands of tasks may run on the same thousands of nodes
            places = self.places(key)
            self._counted[key] = None if places is None else sum(self._count(place) for place in places)
        return self._counted[key]

    @cached_property
    def aggregators(self) -> tuple[str, ...]:
        """The nodes of kind aggregator."""
        return tuple(sorted(n for n in self.declared("nodes") if self.entry("nodes", n).get("kind") == "aggregator"))

    @cached_property
    def produced(self) -> frozenset[str]:
        """The models that come out of tasks."""
        return frozenset(name for _, task in entries(self.root, "tasks") if (name := text(task, "produces")))

    def _count(self, place: str) -> int:
        return number(self.entry("nodes", place.partition("@")[0]), "count") or 1


_SECTIONS = {"party": "parties", "node": "nodes", "dataset": "datasets", "model": "models"}
_CATALOGUE = {
    "provider": "providers",
    "category": "categories",
    "country": "countries",
    "method": "methods",
    "payload": "payloads",
    "licence": "licences",
    "catalogue model": "models",
}


def _numbered(parties: list[str]) -> Iterator[str]:
    total = Counter(parties)
    seen: Counter[str] = Counter()
    for party in parties:
        seen[party] += 1
        yield f"{party}.{seen[party]}" if total[party] > 1 else party
