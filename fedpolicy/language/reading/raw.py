"""
A raw document read without trust: what stands in it, and what can be referred to.

References and contradictions are looked for in the raw tree, so that a document with one broken entry still gets all
its other mistakes reported: what is missing or of the wrong type reads as nothing. What is wrong with a value itself is
said by validation. `Names` is what a document declares, the members of its families, and the catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.language.model.does import Does, Seal
from fedpolicy.language.model.entry import Named
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.reading.spans import Path
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.suggest import folded

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog

Tree = Mapping[str, object]


COHORT = ("self", "peer")  # the two symbolic members of a cohort
_SECTIONS = {"party": "parties", "node": "nodes", "dataset": "datasets", "model": "models"}
_CATALOGUE = {
    "provider": "providers",
    "category": "categories",
    "country": "countries",
    "region": "regions",
    "method": "methods",
    "payload": "payloads",
    "licence": "licences",
    "catalogue model": "models",
}
_SPOKEN = ("category", "method", "payload")  # what people call by many words


def entries_in(root: Tree, section: str) -> Iterator[tuple[Path, Tree]]:
    """The entries of a section and their paths."""
    found = root.get(section)
    if isinstance(found, dict):
        for name, entry in found.items():
            if isinstance(entry, dict):
                yield (section, name), entry


def ids(entry: Tree, key: str) -> list[tuple[int, str]]:
    """The ids of a key that takes one or several, each with its place in the list."""
    found = entry.get(key)
    if type(found) is str:
        return [(0, found)]
    items = found if isinstance(found, tuple) else (found,)
    return [(place, item) for place, item in enumerate(items) if isinstance(item, str)]


def ids_of(entry: Tree, key: str) -> list[str]:
    """The same without their places."""
    return [name for _, name in ids(entry, key)]


def text(entry: Tree, key: str) -> str | None:
    """A value that is text."""
    found = entry.get(key)
    return found if isinstance(found, str) else None


def count_of(entry: Tree, key: str) -> int | None:
    """A value that is a whole number."""
    found = entry.get(key)
    return found if type(found) is int else None


def maps(entry: Tree, key: str) -> Iterator[tuple[int, Tree]]:
    """The maps of a list, each with its place."""
    found = entry.get(key)
    if isinstance(found, tuple):
        yield from ((place, item) for place, item in enumerate(found) if isinstance(item, dict))


def tree_levels(task: Tree) -> Iterator[tuple[int, Tree]]:
    """The levels of a tree; a bare id is a level without safeguards."""
    found = task.get("hops")
    if isinstance(found, tuple):
        for place, item in enumerate(found):
            if isinstance(item, (dict, str)):
                yield place, item if isinstance(item, dict) else {"at": item}


def does(safeguard: Tree) -> Does | None:
    """What a safeguard of this kind does, if there is such a kind."""
    entry = KINDS.get(text(safeguard, "kind") or "")
    return entry.does if entry else None


def blind(entry: Tree) -> list[int]:
    """The safeguards of an entry, by their places, under which one computes on what one cannot read."""
    seals = ((place, does(safeguard)) for place, safeguard in maps(entry, "safeguards"))
    return [place for place, seal in seals if isinstance(seal, Seal) and seal.inputs]


def readers_of(value: object) -> Tree:
    """Who can open what is sealed, as `{threshold, of}` whichever way it was written."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"threshold": 1, "of": value}


class Names:
    """
    The names of one document, by kind: party, node, dataset, model, and the sections of the catalogue.

    `lost` are sections that are wrong as a whole, so that any name may be one of theirs.
    """

    def __init__(
        self, *, root: Tree, catalog: Catalog, lost: frozenset[str] = frozenset(), bounds: Bounds = USUAL
    ) -> None:
        self.root, self.catalog, self.lost, self.bounds = root, catalog, lost, bounds
        self._counted: dict[frozenset[str], int | None] = {}
        self._found: dict[str, frozenset[str]] = {}
        self._entries: dict[str, list[tuple[Path, Tree]]] = {}
        self._sure: dict[int, set[str]] = {}

    def entries(self, section: str) -> list[tuple[Path, Tree]]:
        """The entries of a section and their paths, put together once: many checks go through them."""
        if section not in self._entries:
            self._entries[section] = list(entries_in(self.root, section))
        return self._entries[section]

    def having(self, section: str, *keys: str) -> Iterator[tuple[Path, Tree]]:
        """Those that have one of these keys."""
        return (one for one in self.entries(section) if not one[1].keys().isdisjoint(keys))

    def sure(self, wanted: Named) -> set[str]:
        """Names of which it is known that they mean something here, to begin with those that the document declares."""
        key = id(wanted)  # they are few, and never change
        if key not in self._sure:
            declared = [self.declared(_SECTIONS[kind]).keys() for kind in wanted.kinds if kind in _SECTIONS]
            # What is the id of a dataset and of a model may mean either.
            unclear = declared[0] & declared[1] if wanted.kinds == ("dataset", "model") else ()
            self._sure[key] = {*wanted.words, *(name for names in declared for name in names)}.difference(unclear)
        return self._sure[key]

    def settled(self, wanted: Named, value: object) -> bool:
        """Whether each name in a value surely means something, and no list has one twice that must not."""
        if type(value) is str:
            return value in self.sure(wanted.last or wanted)
        if type(value) is not tuple or wanted.last or not all(type(one) is str for one in value):
            return False
        return (wanted.repeats or len(set(value)) == len(value)) and self.sure(wanted).issuperset(value)

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

    def also_called(self, kind: str, word: str) -> str | None:
        """The name in the catalogue of what people call by another word."""
        section = getattr(self.catalog, _CATALOGUE[kind]) if kind in _SPOKEN else {}
        return next((row.id for row in section.values() if folded(word) in row.also), None)

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
            for parties in (ids_of(self.entry("nodes", name), "party"),)
        }

    def _instances(self, dataset: str) -> frozenset[str]:
        """What stands behind the `@` of a dataset: the parties at whose nodes it rests."""
        if dataset not in self._found:
            self._found[dataset] = frozenset(_numbered(self._resting(dataset)))
        return self._found[dataset]

    def _resting(self, dataset: str) -> list[str]:
        return [owner for at in ids_of(self.entry("datasets", dataset), "at") for owner in self._owners(at)]

    def _owners(self, node: str) -> Iterator[str]:
        family, _, member = node.partition("@")
        entry = self.entry("nodes", family)
        cohort = (count_of(entry, "count") or 1) > 1
        for party in ids_of(entry, "party"):
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
        return frozenset(name for _, task in entries_in(self.root, "tasks") if (name := text(task, "produces")))

    @cached_property
    def sent(self) -> Mapping[str, Path]:
        """The models whose weights flows bring to somebody, each with such a flow."""
        flows = [one for one in self.entries("flows") if text(one[1], "payload") == "model_weights"]
        return {name: path for path, flow in flows for name in ids_of(flow, "data")}

    def _count(self, place: str) -> int:
        return count_of(self.entry("nodes", place.partition("@")[0]), "count") or 1


def _numbered(parties: list[str]) -> Iterator[str]:
    total = Counter(parties)
    seen: Counter[str] = Counter()
    for party in parties:
        seen[party] += 1
        yield f"{party}.{seen[party]}" if total[party] > 1 else party
