"""The ledger: how much each recipient can learn about one unit of each dataset, in epsilon, over all tasks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from fedpolicy.analysis.budget.claims import Share, share_of
from fedpolicy.analysis.exposure.budgets import combinations
from fedpolicy.analysis.exposure.disclose import undeclared
from fedpolicy.analysis.exposure.readings import BOUNDED, Reading
from fedpolicy.analysis.exposure.spending import Spending, spend
from fedpolicy.analysis.exposure.state import Exposure, prepare
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import FlowGraph, Guard, Mask, bits
from fedpolicy.records import dataclass
from fedpolicy.spec.safeguards import DifferentialPrivacy

__all__ = ["Budget", "Ledger", "ledger_of"]

Names = tuple[int, ...]
# Which noise is seen in the most and the least favourable reading, and whether it is seen without noise as well.
Key = tuple[str, Names, Names, bool, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    What every one of `parties` can learn about one `unit` of every one of `datasets`, all its capacities together.

    `spent` composes all mechanisms through which it sees them; epsilon is infinite where it `sees_more` (without
    noise, or through noise that protects a smaller unit), and may be where it sees `perhaps_more`. `missing` names
    the facts that would decide. `whole` says that these are all instances of the dataset.
    """

    parties: tuple[str, ...]
    datasets: tuple[str, ...]
    family: str
    unit: str
    spent: Spending
    sees_more: bool
    mechanisms: tuple[str, ...]
    whole: bool = False
    missing: tuple[str, ...] = ()
    perhaps_more: bool = False

    @property
    def low(self) -> float:
        """Epsilon in the most favourable reading."""
        return math.inf if self.sees_more else self.spent.least

    @property
    def high(self) -> float:
        """Epsilon in the least favourable reading."""
        return math.inf if self.sees_more or self.perhaps_more else self.spent.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All budgets, every declared mechanism, and the datasets of which somebody learns without any noise at all."""

    budgets: tuple[Budget, ...]
    shares: tuple[Share, ...]
    bare: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Row:
    parties: list[str]
    mask: Mask
    own_of_all: Mask

    def admit(self, party: str, mask: Mask, own: Mask) -> bool:
        """Take a party in whose instances differ from the others' only by what is theirs or its own."""
        if (mask & ~self.mask & ~self.own_of_all) or (self.mask & ~mask & ~own):
            return False
        self.mask |= mask
        self.own_of_all &= own
        self.parties.append(party)
        return True


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What one party sees in one reading, all capacities together."""

    more: Mask = 0
    noise: dict[int, Mask] = field(default_factory=dict)

    def add(self, view: View) -> None:
        """Count one capacity in."""
        self.more |= view.levels[BOUNDED + 1]
        for mechanism, mask in view.noise.items():
            self.noise[mechanism] = self.noise.get(mechanism, 0) | mask


def ledger_of(graph: FlowGraph, catalog: Catalog, limit: float, *, tight: bool = False) -> Ledger:
    """
    Account for everything, however large it gets.

    `limit` is what budgets will be compared with, so that the computation is as close as that takes; `tight` asks
    for the closest one throughout.
    """
    exposure = prepare(graph, catalog, math.inf)
    whole = _whole(graph)
    rows: dict[Key, list[_Row]] = {}
    covered = 0
    for party, viewers in sorted(_parties(exposure).items()):
        own = exposure.own.get(party, 0)
        for key, mask in _cells(exposure, whole, viewers, own):
            covered |= mask if key[1] else 0
            found = rows.setdefault(key, [])
            if not any(row.admit(party, mask, own) for row in found):
                found.append(_Row(parties=[party], mask=mask, own_of_all=own))
    families = {graph.data[index].family for index in bits(covered)}
    budgets = [
        _budget(exposure, key, row, limit, whole=row.mask == whole[key[0]], tight=tight)
        for key, found in rows.items()
        if key[0] in families
        for row in found
    ]
    return Ledger(
        budgets=tuple(sorted(budgets, key=_order)),
        shares=tuple(_shares(graph, limit, tight=tight)),
        bare=tuple(sorted({key[0] for key in rows} - families)),
    )


def _parties(exposure: Exposure) -> dict[str, list[Viewer]]:
    found: dict[str, list[Viewer]] = {}
    for viewer in exposure.viewers.values():
        found.setdefault(viewer.party, []).append(viewer)
    return found


def _whole(graph: FlowGraph) -> dict[str, Mask]:
    found: dict[str, Mask] = {}
    for item in graph.data:
        found[item.family] = found.get(item.family, 0) | 1 << item.index
    return found


def _cells(
    exposure: Exposure, whole: Mapping[str, Mask], viewers: Sequence[Viewer], own: Mask
) -> Iterator[tuple[Key, Mask]]:
    """The instances of others that a party sees at all, by dataset and by how it sees them."""
    low, high = _Seen(), _Seen()
    for viewer in viewers:
        low.add(exposure.view(viewer, Reading.LOW))
        high.add(exposure.view(viewer, Reading.HIGH))
    everything = _union([low.more, high.more, *low.noise.values(), *high.noise.values()]) & ~own
    for family, among in _families(exposure.graph, whole, everything):
        for favourable, first in combinations(low.noise, among):
            for unfavourable, second in combinations(high.noise, first):
                for certain, third in _split(second, low.more):
                    for possible, cell in _split(third, high.more):
                        yield (family, favourable, unfavourable, certain, possible), cell


def _union(masks: Sequence[Mask]) -> Mask:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _split(mask: Mask, by: Mask) -> Iterator[tuple[bool, Mask]]:
    for inside, part in ((True, mask & by), (False, mask & ~by)):
        if part:
            yield inside, part


def _families(graph: FlowGraph, whole: Mapping[str, Mask], mask: Mask) -> Iterator[tuple[str, Mask]]:
    while mask:
        family = graph.data[next(bits(mask & -mask))].family
        yield family, mask & whole[family]
        mask &= ~whole[family]


def _budget(exposure: Exposure, key: Key, row: _Row, limit: float, *, whole: bool, tight: bool) -> Budget:
    family, favourable, unfavourable, certain, possible = key
    names = sorted({*favourable, *unfavourable})
    seen = [exposure.mechanisms[name] for name in names]
    spent = spend(seen, limit, tight=tight)
    undecided = unfavourable != favourable or (possible and not certain)
    return Budget(
        parties=tuple(sorted(row.parties)),
        datasets=exposure.names(row.mask),
        family=family,
        unit=exposure.graph.data[next(bits(row.mask))].unit,
        spent=spent,
        sees_more=certain or not names,
        mechanisms=tuple(sorted(mechanism.path for mechanism in seen)),
        whole=whole,
        missing=() if certain else _missing(exposure, row, spent, undecided=undecided),
        perhaps_more=undecided,
    )


def _missing(exposure: Exposure, row: _Row, spent: Spending, *, undecided: bool) -> tuple[str, ...]:
    open_facts = spent.missing if spent.low != spent.high else ()
    if not undecided:
        return open_facts
    party = min(row.parties)
    index = next(bits(row.mask & ~exposure.own.get(party, 0)))
    viewers = [viewer for viewer in exposure.viewers.values() if viewer.party == party]
    return tuple(sorted({*open_facts, *undeclared(exposure, viewers, index)}))


def _shares(graph: FlowGraph, limit: float, *, tight: bool) -> Iterator[Share]:
    for guard in _mechanisms(graph):
        spec = guard.spec
        if isinstance(spec, DifferentialPrivacy):
            yield share_of(graph.deployment, guard.path, spec, limit, tight=tight)


def _mechanisms(graph: FlowGraph) -> list[Guard]:
    found: Mapping[str, Guard] = {
        ".".join(map(str, guard.path)): guard
        for flow in graph.flows
        for guard in flow.guards
        if isinstance(guard.spec, DifferentialPrivacy)
    }
    return [found[name] for name in sorted(found)]


def _order(budget: Budget) -> tuple[object, ...]:
    return (budget.family, -budget.high, -budget.low, budget.parties, budget.datasets)
