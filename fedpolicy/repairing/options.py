"""Sets of changes that clear single findings: tried one by one where a file is small, foreseen where it is large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import combinations

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.repair.case import Case
from fedpolicy.analysis.repair.change import Change
from fedpolicy.analysis.repair.cuts import Cutter, Network
from fedpolicy.graph.model import bits
from fedpolicy.records import dataclass
from fedpolicy.repairing.pool import Pool, compatible, named, subsets_first
from fedpolicy.repairing.prove import Bench, Proof
from fedpolicy.repairing.targets import Target, targets_of

__all__ = ["Options", "networks_of"]

_ALL_LEVELS = len(LEVELS) - 1
_CUTS = 4  # cuts of one network that are looked for
_LARGEST = 3  # changes of a set that is tried for a finding that no single change clears


@dataclass(slots=True, kw_only=True)
class Options:
    """What clears what, as far as it was tried."""

    pool: Pool
    bench: Bench
    cutter: Cutter
    changes: dict[str, Change] = field(default_factory=dict)
    _clearing: dict[int, set[frozenset[str]]] = field(default_factory=dict)

    def gather(self, targets: Sequence[Target]) -> None:
        """Collect every change that bears on a target."""
        for target in targets:
            for change in self.pool.changes(target):
                self.changes.setdefault(change.id, change)
            for bundle in self.pool.bundles(target):
                for change in bundle:
                    self.changes.setdefault(change.id, change)
        self.cutter.know(self.changes.values())

    def find(self, targets: Sequence[Target]) -> None:
        """Try single changes, then bundles and cuts, then small sets for what is still not cleared."""
        self._try((one,) for target in targets for one in self.pool.changes(target))
        self._try(bundle for target in targets for bundle in self.pool.bundles(target))
        self._try(cut for target in targets for cut in self._cuts(target))
        for size in range(2, _LARGEST + 1):
            for target in targets:
                if not self.of(target.place):
                    self._search(target, size)

    def against(self, proof: Proof) -> Iterator[frozenset[str]]:
        """The changes of a proof with one more each, against what has come instead of the findings that it clears."""
        case = Case(proof.checked.facts, self.bench.checker.catalog)
        pool = Pool(case=case, costs=self.pool.costs, fills=self.pool.fills)
        names = named(proof.changes)
        found: dict[str, Change] = {}
        for target in targets_of(case, proof.checked, proof.outcome.blocking, self.bench.checker):
            for change in pool.changes(target):
                found.setdefault(change.id, self.changes.setdefault(change.id, change))
        self.pool.fitted |= pool.fitted
        for change in sorted(found.values(), key=self.pool.rank):
            if change.id not in names and compatible([*proof.changes, change]):
                yield names | {change.id}

    def of(self, place: int) -> list[frozenset[str]]:
        """The smallest sets that clear a finding, cheapest first."""
        found = subsets_first(iter(self._clearing.get(place, ())))
        return sorted(found, key=lambda one: (self.price(one), sorted(one)))

    def price(self, names: Iterable[str]) -> float:
        """What a set of changes costs."""
        return self.pool.price([self.changes[name] for name in names])

    def members(self, names: Iterable[str]) -> list[Change]:
        """The changes of these names."""
        return [self.changes[name] for name in sorted(names)]

    def _try(self, sets: Iterable[Sequence[Change]]) -> None:
        ranked = {named(one): one for one in sets}
        for key, one in sorted(ranked.items(), key=lambda item: (self.pool.price(item[1]), sorted(item[0]))):
            self._note(key, self.bench.measure(one))

    def _note(self, key: frozenset[str], cleared: Iterable[int]) -> None:
        for place in cleared:
            self._clearing.setdefault(place, set()).add(key)

    def _search(self, target: Target, size: int) -> None:
        """Sets of changes that bear on one target; those that contain a smaller one that works are left out."""
        near = self.pool.changes(target)
        ranked = sorted(combinations(near, size), key=lambda some: (self.pool.price(some), sorted(named(some))))
        for some in ranked:
            if compatible(some) and not any(known <= named(some) for known in self.of(target.place)):
                self._note(named(some), self.bench.measure(some))
            if not self.bench.checker.left:
                return

    def _cuts(self, target: Target) -> Iterator[tuple[Change, ...]]:
        """The cheapest cut, and others that do without a part of it."""
        for network in networks_of(self.cutter, target):
            barred: frozenset[str] = frozenset()
            for _ in range(_CUTS):
                found = self.cutter.cut(network, barred=barred)
                if not found:
                    break
                yield found
                barred |= {max(found, key=lambda one: (self.cutter.cost(one), one.id)).id}


def networks_of(cutter: Cutter, target: Target) -> Iterator[Network]:
    """How the data of a target reach those who learn too much; nothing where the level does not matter."""
    if target.level >= _ALL_LEVELS:
        return
    data = cutter.case.facts.graph.data
    for disclosure in target.disclosures:
        mask = cutter.mask(disclosure.datasets)
        for party in disclosure.parties:
            own = cutter.mask(data[index].id for index in bits(mask) if data[index].owner == party)
            yield cutter.network(party, disclosure.role, mask & ~own, target.level)
