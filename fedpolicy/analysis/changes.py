"""Two states of one deployment: which disclosures are new, gone or changed, and what became of budgets and control."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.facts import Disclosure, Step

Levels = tuple[int, int, int]  # low, high, guaranteed
_NOTHING: Levels = (0, 0, 0)
_Cell = tuple[str, str, str]  # party, role, dataset
# Beyond this many pairs on one side, groups are compared as they are.
_MOST_PAIRS = 200_000

Loss = tuple[float, float] | None  # epsilon in the most and the least favourable reading; None: nothing is seen
_INFINITE: Loss = (math.inf, math.inf)
_NO_NUMBER = (None, _INFINITE)
_Pair = tuple[str, str]  # party, dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureChange:
    """
    What some parties, in one capacity, learn of some datasets, before and after (ranks; zeros: nothing).

    `path` is a witness of the state that reveals more; `pairs` counts the pairs of a party and a dataset.
    """

    parties: tuple[str, ...]
    role: str
    datasets: tuple[str, ...]
    before: Levels
    after: Levels
    path: tuple[Step, ...]
    pairs: int

    @property
    def kind(self) -> str:
        """New, gone, worse or better."""
        if self.before == _NOTHING:
            return "new"
        if self.after == _NOTHING:
            return "gone"
        worse = any(now > then for now, then in zip(self.after, self.before, strict=True))
        return "worse" if worse else "better"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChange:
    """Who could take a capability away, in a task or call, before and after (None: nobody has given it to them)."""

    participants: tuple[str, ...]
    use: str
    capability: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that differs; empty where nothing does, whatever was renamed or moved inside the file."""

    disclosures: tuple[DisclosureChange, ...] = ()
    control: tuple[ControlChange, ...] = ()
    budgets: tuple[BudgetChange, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.disclosures or self.control or self.budgets)


def changes_between(old: Study | None, new: Study | None) -> Changes:
    """Compare two states; None stands for a deployment that is not there."""
    return Changes(
        disclosures=tuple(_disclosures(old, new)),
        control=tuple(_control(old, new)),
        budgets=budget_changes(old, new),
    )


def _disclosures(old: Study | None, new: Study | None) -> list[DisclosureChange]:
    before, after = _cells(old), _cells(new)
    grouped: dict[tuple[str, Levels, Levels, tuple[str, ...]], list[_Cell]] = {}
    for cell in sorted(before.keys() | after.keys()):
        levels = (_levels(before.get(cell)), _levels(after.get(cell)))
        if levels[0] != levels[1]:
            shown = _shown(before.get(cell), after.get(cell))
            way = tuple(step.origin for step in shown.paths[0]) if shown.paths else ()
            grouped.setdefault((cell[1], *levels, way), []).append(cell)
    owners = _owners(old, new)
    found = [
        DisclosureChange(
            parties=parties,
            role=role,
            datasets=datasets,
            before=first,
            after=second,
            path=next(iter(_shown(before.get(cells[0]), after.get(cells[0])).paths), ()),
            pairs=count,
        )
        for (role, first, second, _), cells in grouped.items()
        for parties, datasets, count in _blocks([(party, dataset) for party, _, dataset in cells], owners)
    ]
    return sorted(found, key=lambda one: (-max(one.after), -max(one.before), one.role, one.parties, one.datasets))


def _owners(*studies: Study | None) -> dict[str, str]:
    """Whose each dataset is; nobody's where the states disagree, since then either may learn of what was its own."""
    found: dict[str, str] = {}
    for item in (item for study in studies if study for item in study.graph.data):
        found[item.id] = item.owner if found.get(item.id, item.owner) == item.owner else ""
    return found


def _blocks(
    cells: Sequence[_Pair], owners: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], int]]:
    """
    Parties and datasets to be told together, with the number of pairs: all pairs of a party and a dataset of others.

    So parties are together that differ in nothing but what is their own; a pair that is not meant is never told.
    """
    learned: dict[str, set[str]] = {}
    for party, dataset in cells:
        learned.setdefault(party, set()).add(dataset)
    own: dict[str, set[str]] = {}
    for dataset in {dataset for _, dataset in cells}:
        own.setdefault(owners.get(dataset, ""), set()).add(dataset)
    together: dict[frozenset[str], list[str]] = {}
    for party, names in learned.items():
        together.setdefault(frozenset(names | own.get(party, set())), []).append(party)
    for parties in together.values():
        pairs = [(party, name) for party in parties for name in learned[party]]
        yield tuple(sorted(parties)), tuple(sorted({name for _, name in pairs})), len(pairs)


def _shown(old: Disclosure | None, new: Disclosure | None) -> Disclosure:
    """The side where more is learned, whichever of the two came first; the sides differ."""
    worse = new if new is not None and (old is None or _rank(new) > _rank(old)) else old
    if worse is None:
        raise AssertionError("a change has at least one side")
    return worse


def _rank(found: Disclosure) -> tuple[int, Levels]:
    return max(_levels(found)), _levels(found)


def _levels(found: Disclosure | None) -> Levels:
    return _NOTHING if found is None else (found.low, found.high, found.guaranteed)


def _cells(study: Study | None) -> dict[_Cell, Disclosure]:
    if study is None:
        return {}
    if sum(one.pairs for one in study.disclosures) > _MOST_PAIRS:
        return {(", ".join(one.parties), one.role, ", ".join(one.datasets)): one for one in study.disclosures}
    owners = {item.id: item.owner for item in study.graph.data}
    return {
        (party, one.role, dataset): one
        for one in study.disclosures
        for party in one.parties
        for dataset in one.datasets
        if owners[dataset] != party
    }


def _control(old: Study | None, new: Study | None) -> Iterator[ControlChange]:
    before, after = _matrix(old), _matrix(new)
    found: dict[tuple[str, str, tuple[str, ...] | None, tuple[str, ...] | None], list[str]] = {}
    # A task or call that comes or goes is no change of control; its disclosures say what there is to say.
    for key in sorted(before.keys() & after.keys()):
        if before[key] != after[key]:
            use, capability, party = key
            found.setdefault((use, capability, before[key], after[key]), []).append(party)
    for (use, capability, first, second), parties in found.items():
        yield ControlChange(participants=tuple(parties), use=use, capability=capability, before=first, after=second)


def _matrix(study: Study | None) -> dict[tuple[str, str, str], tuple[str, ...] | None]:
    if study is None:
        return {}
    return {
        (entry.use, entry.capability, party): entry.holders if entry.attainable else None
        for entry in study.continuity
        for party in entry.participants
    }


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
    units = {item.id: item.unit or "unknown" for study in (old, new) if study for item in study.graph.data}
    seen = [_seen(study) for study in (old, new)]
    found: dict[tuple[str, Loss, Loss], list[_Pair]] = {}
    for cell in sorted(named):
        first, second = _loss(before, seen[0], cell), _loss(after, seen[1], cell)
        # Whether something is seen at all is for disclosures to say.
        if first != second and not (first in _NO_NUMBER and second in _NO_NUMBER):
            found.setdefault((units[cell[1]], first, second), []).append(cell)
    owners = _owners(old, new)
    return tuple(
        BudgetChange(parties=parties, datasets=datasets, unit=unit, before=first, after=second)
        for (unit, first, second), cells in found.items()
        for parties, datasets, _ in _blocks(cells, owners)
    )


def _loss(ledger: Mapping[_Pair, Loss], seen: set[_Pair], cell: _Pair) -> Loss:
    # What is seen and stands in no ledger is seen without any noise.
    return ledger.get(cell, _INFINITE if cell in seen else None)


def _ledger(study: Study | None) -> dict[_Pair, Loss]:
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


def _seen(study: Study | None) -> set[_Pair]:
    return {pair for one in (study.disclosures if study else ()) for pair in product(one.parties, one.datasets)}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
