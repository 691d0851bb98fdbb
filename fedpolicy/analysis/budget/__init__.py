"""
Privacy budgets: the ledger says how much each recipient can learn about one unit of each dataset, in epsilon.

`sights` says what a recipient sees of each mechanism, `claims` whether what the file claims of it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from fedpolicy.analysis.budget.claims import Share, share_of
from fedpolicy.analysis.budget.rows import Line, families_of, lines_of
from fedpolicy.analysis.budget.sights import Looking, Sight
from fedpolicy.analysis.exposure.disclosures import undeclared
from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanism_at, noised
from fedpolicy.analysis.exposure.privacy import Effort, Spending, judge, shown, units_of
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.graph import FlowGraph, Guard, Mask, bits
from fedpolicy.graph.masks import grouped
from fedpolicy.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    What every one of `parties` can learn about one `unit` of every one of `datasets`, all its capacities together.

    `spent` composes the mechanisms through which it sees them; epsilon is infinite where it `sees_more` (without
    noise, or through noise that protects a smaller unit). `low` and `high` are epsilon in the most and the least
    favourable reading, and `missing` names the facts that would decide. `seen` are the mechanisms as these parties see
    them. `whole` says that these are all instances of
    the dataset.
    """

    parties: Sequence[str]
    datasets: tuple[str, ...]
    family: str
    unit: str
    spent: Spending
    low: float
    high: float
    sees_more: bool
    mechanisms: tuple[str, ...]
    seen: tuple[Mechanism, ...]
    whole: bool
    missing: tuple[str, ...]

    @property
    def words(self) -> str:
        """Epsilon in words, see `shown`."""
        return shown(replace(self.spent, low=min(self.low, self.spent.low), high=self.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All budgets, every declared mechanism, and the datasets of which somebody learns without any noise at all."""

    budgets: tuple[Budget, ...]
    shares: tuple[Share, ...]
    bare: tuple[str, ...] = ()


def ledger_of(exposure: Exposure, within: Exposure, effort: Effort = Effort.DECIDE) -> Ledger:
    """
    Account for everything, however large it gets.

    In `exposure` every budget counts, in `within` those up to its limit: that is what budgets will be compared with, so
    that the computation is as close as that takes. `effort` asks for a closer one throughout.
    """
    graph, limit = exposure.graph, within.max_epsilon
    looking = Looking(exposure=exposure, limit=limit, within=within, viewers=exposure.capacities)
    whole = _whole(graph)
    if not any(guard.noise is not None for flow in graph.flows for guard in flow.guards):
        return Ledger(budgets=(), shares=(), bare=_bare(looking, whole))
    rows, covered = lines_of(looking, whole)
    families = {graph.data[index].family for index in bits(covered)}
    budgets = [
        _budget(looking, family, sights, row, whole=row.mask == whole[family], effort=effort)
        for family in rows.keys() & families
        for (sights, *_), row in rows[family]
    ]
    return Ledger(
        budgets=tuple(sorted(budgets, key=_order)),
        shares=tuple(_shares(graph, limit, effort)),
        bare=tuple(sorted(rows.keys() - families)),
    )


def _bare(looking: Looking, whole: Mapping[str, Mask]) -> tuple[str, ...]:
    """The datasets of which others than their owners see something, where nothing has noise: no pair is looked at."""
    seen = 0
    for party in looking.viewers:
        seen |= looking.party(party).everything & ~looking.exposure.own.get(party, 0)
    return tuple(sorted(family for family, _ in families_of(looking.exposure.graph, whole, seen)))


def _whole(graph: FlowGraph) -> dict[str, Mask]:
    return grouped((item.family, item.bit) for item in graph.data)


def _budget(
    looking: Looking, family: str, sights: Sequence[Sight], row: Line, *, whole: bool, effort: Effort
) -> Budget:
    exposure, party = looking.exposure, row.parties[0]
    told = [(sight, looking.told(sight, party, effort)) for sight in sights]
    sight, (spent, low, high) = min(told, key=lambda one: (one[1][2], one[1][1]))
    certain = math.isinf(low) and (sight.certain or not sight.names)
    mechanisms = looking.mechanisms((sight,), party)
    undecided = sight.undecided or bool(looking.favourable((sight,), party))
    return Budget(
        parties=row.parties,
        datasets=exposure.names(row.mask),
        family=family,
        unit=exposure.graph.data[next(bits(row.mask))].unit or "unknown",
        spent=spent,
        low=min(one[1][1] for one in told),
        high=high,
        sees_more=certain,
        mechanisms=tuple(sorted(mechanism.path for mechanism in mechanisms)),
        seen=mechanisms,
        whole=whole,
        missing=() if certain else _missing(exposure, row, spent, undecided=undecided),
    )


def _missing(exposure: Exposure, row: Line, spent: Spending, *, undecided: bool) -> tuple[str, ...]:
    open_facts = spent.missing if spent.low != spent.high else ()
    if not undecided:
        return open_facts
    party = row.parties[0]
    index = next(bits(row.mask & ~exposure.own.get(party, 0)))
    return tuple(sorted({*open_facts, *undeclared(exposure, exposure.capacities[party], index)}))


def _shares(graph: FlowGraph, limit: float, effort: Effort) -> Iterator[Share]:
    guards: dict[str, Guard] = {}
    carried: dict[str, set[Mask]] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            if guard.noise is not None:
                name = ".".join(map(str, guard.path))
                guards[name] = guard
                carried.setdefault(name, set()).add(noised(graph, flow, guard))
    for name, guard in sorted(guards.items()):
        if guard.noise is not None:
            share = share_of(graph, guard.path, guard.noise, limit, effort)
            yield replace(share, not_for=_not_for(graph, guard, sorted(carried[name])))


def _not_for(graph: FlowGraph, guard: Guard, masks: Sequence[Mask]) -> tuple[tuple[str, str], ...]:
    """The datasets that a mechanism protects on none of its flows, and why; whatever its epsilon is."""
    found: dict[str, list[str]] = {}
    known = mechanism_at(graph.deployment, guard.path, guard.noise) if guard.noise else None
    for mask in masks:
        units = units_of(graph, mask)
        first = {graph.data[index].family: index for index in bits(mask)}
        for family, index in first.items():
            found.setdefault(family, []).append(judge(graph, guard, index, units, math.inf, known).why)
    return tuple((family, whys[-1]) for family, whys in sorted(found.items()) if all(whys))


def _order(budget: Budget) -> tuple[object, ...]:
    return (budget.family, -budget.high, -budget.low, budget.parties, budget.datasets)
