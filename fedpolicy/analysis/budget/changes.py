"""Two states of one deployment: whose privacy loss towards whom is another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fedpolicy.analysis.budget.ledger import ledger_of
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Facts
    from fedpolicy.catalog.load import Catalog

__all__ = ["BudgetChange", "Loss", "budget_changes"]

Loss = tuple[float, float] | None  # epsilon in the most and the least favourable reading; None: nothing is seen
_INFINITE: Loss = (math.inf, math.inf)
_NO_NUMBER = (None, _INFINITE)
_Cell = tuple[str, str]  # party, dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChange:
    """Epsilon per `unit` of some datasets towards some parties, before and after."""

    parties: tuple[str, ...]
    datasets: tuple[str, ...]
    unit: str
    before: Loss
    after: Loss

    @property
    def kind(self) -> str:
        """Worse, better, or changed where the two readings disagree."""
        before, after = self.before or (0.0, 0.0), self.after or (0.0, 0.0)
        if after[0] >= before[0] and after[1] >= before[1]:
            return "worse"
        return "better" if after[0] <= before[0] and after[1] <= before[1] else "changed"


def budget_changes(old: Facts | None, new: Facts | None, catalog: Catalog) -> tuple[BudgetChange, ...]:
    """Compare the ledgers of two states; None stands for a deployment that is not there."""
    before, after = _ledger(old, catalog), _ledger(new, catalog)
    named = before.keys() | after.keys()
    if not named:  # who sees what is a large question, and nobody asks it without noise
        return ()
    units = {name: unit for facts in (old, new) if facts for name, unit in _units(facts).items()}
    seen = [_seen(facts) for facts in (old, new)]
    found: dict[tuple[str, Loss, Loss], list[_Cell]] = {}
    for cell in sorted(named):
        first, second = _loss(before, seen[0], cell), _loss(after, seen[1], cell)
        # Whether something is seen at all is for disclosures to say.
        if first != second and not (first in _NO_NUMBER and second in _NO_NUMBER):
            found.setdefault((units[cell[1]], first, second), []).append(cell)
    return tuple(
        BudgetChange(
            parties=tuple(sorted({party for party, _ in cells})),
            datasets=tuple(sorted({dataset for _, dataset in cells})),
            unit=unit,
            before=first,
            after=second,
        )
        for (unit, first, second), cells in found.items()
    )


def _loss(ledger: Mapping[_Cell, Loss], seen: set[_Cell], cell: _Cell) -> Loss:
    # What is seen and stands in no ledger is seen without any noise.
    return ledger.get(cell, _INFINITE if cell in seen else None)


def _ledger(facts: Facts | None, catalog: Catalog) -> dict[_Cell, Loss]:
    if facts is None or not any(guard.mechanism is not None for flow in facts.graph.flows for guard in flow.guards):
        return {}
    owners = {item.id: item.owner for item in facts.graph.data}
    return {
        (party, dataset): (_rounded(budget.low), _rounded(budget.high))
        for budget in ledger_of(facts.graph, catalog, facts.max_epsilon).budgets
        for party in budget.parties
        for dataset in budget.datasets
        if owners[dataset] != party
    }


def _seen(facts: Facts | None) -> set[_Cell]:
    return set(_pairs(facts)) if facts else set()


def _pairs(facts: Facts) -> Iterator[_Cell]:
    for one in facts.disclosures:
        yield from ((party, dataset) for party in one.parties for dataset in one.datasets)


def _units(facts: Facts) -> dict[str, str]:
    return {item.id: item.unit for item in facts.graph.data}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
