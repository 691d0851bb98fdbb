"""Two states of one deployment: whose privacy loss towards whom is another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study

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


def budget_changes(old: Study | None, new: Study | None) -> tuple[BudgetChange, ...]:
    """Compare the ledgers of two states; None stands for a deployment that is not there."""
    before, after = _ledger(old), _ledger(new)
    named = before.keys() | after.keys()
    if not named:  # who sees what is a large question, and nobody asks it without noise
        return ()
    units = {name: unit for study in (old, new) if study for name, unit in _units(study).items()}
    seen = [_seen(study) for study in (old, new)]
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


def _ledger(study: Study | None) -> dict[_Cell, Loss]:
    if study is None or not study.is_noisy:
        return {}
    owners = {item.id: item.owner for item in study.graph.data}
    return {
        (party, dataset): (_rounded(budget.low), _rounded(budget.high))
        for budget in study.ledger.budgets
        for party in budget.parties
        for dataset in budget.datasets
        if owners[dataset] != party
    }


def _seen(study: Study | None) -> set[_Cell]:
    return set(_pairs(study)) if study else set()


def _pairs(study: Study) -> Iterator[_Cell]:
    for one in study.disclosures:
        yield from ((party, dataset) for party in one.parties for dataset in one.datasets)


def _units(study: Study) -> dict[str, str]:
    return {item.id: item.unit or "unknown" for item in study.graph.data}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
