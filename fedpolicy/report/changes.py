"""Changes between two states of a deployment as lines and as rows, and what `fedpolicy whatif` says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.exposure.sums import HIDING
from fedpolicy.analysis.facts import LEVELS, Step, vertex_name, wide
from fedpolicy.report import PLAIN, Style, amount, listing, wrap, wrap_painted
from fedpolicy.report.rows import json_text, row_of

if TYPE_CHECKING:
    from fedpolicy.analysis.changes import BudgetChange, Changes, ControlChange, DisclosureChange, Levels, Loss
    from fedpolicy.analysis.whatif import Scenario, SmallerSum
    from fedpolicy.analysis.whatif.coalitions import CoalitionSearch

_VERBS = {"new": "now learns", "gone": "no longer learns", "worse": "learns more of", "better": "learns less of"}
_MARKS = {"new": "+", "worse": "!", "gone": "-", "better": "-"}
_STYLES = {"new": "critical", "worse": "high", "gone": "pass", "better": "pass"}


def disclosure_line(change: DisclosureChange) -> str:
    """Who learns what of whose data, before and after."""
    who = f"{listing(change.parties)} ({change.role})"
    what = listing(change.datasets)
    verb = _VERBS[change.kind] if len(change.parties) == 1 else _VERBS[change.kind].replace("learns", "learn")
    return f"{who} {verb} {what}: {_levels_said(change.before)} -> {_levels_said(change.after)}"


def disclosure_lines(change: DisclosureChange, look: Style, indent: str) -> Iterator[str]:
    """Who learns more or less, and by which way where it is more."""
    rest = f"{indent}    "
    first = f"{indent}{_MARKS[change.kind]} "
    yield from wrap_painted(disclosure_line(change), look, _STYLES[change.kind], first, rest)
    for step in change.path if change.kind in {"new", "worse"} else ():
        implied = f" (implied by {step.implied_by})" if step.implied_by else ""
        yield f"{rest}{vertex_name(step.source)} -> {vertex_name(step.target)}  {step.payload}{implied}"


def _levels_said(levels: Levels) -> str:
    """A level as declared, an interval where a fact is missing, and what is guaranteed where that is worse."""
    low, high, guaranteed = levels
    declared = wide(low, high)
    return declared if guaranteed == high else f"{declared} (guaranteed only {LEVELS[guaranteed]})"


def control_line(change: ControlChange) -> str:
    """Who can take a capability away, before and after."""
    who = listing(change.participants)
    return f"{who}, {change.capability} in {change.use}: {_held(change.before)} -> {_held(change.after)}"


def budget_line(change: BudgetChange) -> str:
    """Whose privacy loss towards whom, before and after."""
    what = f"{listing(change.parties)}, per {change.unit} of {listing(change.datasets)}"
    return f"{what}: {_loss_text(change.before)} -> {_loss_text(change.after)}"


def _loss_text(loss: Loss) -> str:
    if loss is None:
        return "nothing"
    low, high = (f"{value:.3g}" for value in loss)
    if math.isinf(loss[0]):
        return "no finite ε"
    return f"ε {high}" if low == high else f"ε {low} or more" if math.isinf(loss[1]) else f"ε at most {high}"


def _held(parties: tuple[str, ...] | None) -> str:
    if parties is None:
        return "never given"
    return f"can be ended by {listing(parties)}" if parties else "their own"


def change_rows(changes: Changes) -> dict[str, Any]:
    """What changes for whom: what is learned, privacy loss, and who can take what away."""
    return {
        "disclosures": [_disclosure_row(change) for change in changes.disclosures],
        "budgets": [_budget_row(change) for change in changes.budgets],
        "control": [row_of(one, "participants", "use", "capability", "before", "after") for one in changes.control],
    }


def _disclosure_row(change: DisclosureChange) -> dict[str, Any]:
    return {
        **row_of(change, "kind", "parties"),
        "as": change.role,
        **row_of(change, "datasets", "pairs"),
        "before": _levels(change.before),
        "after": _levels(change.after),
        "path": [_step(step) for step in change.path],
    }


def _levels(levels: Levels) -> dict[str, str]:
    return dict(zip(("low", "high", "guaranteed"), (LEVELS[level] for level in levels), strict=True))


def _step(step: Step) -> dict[str, Any]:
    return {
        "from": step.source,
        "to": step.target,
        **row_of(step, "payload", "flow"),
        "implied_by": step.implied_by or None,
    }


def _budget_row(change: BudgetChange) -> dict[str, Any]:
    """An infinite epsilon is null, and `seen` says that anything is seen at all."""
    return {
        **row_of(change, "kind", "parties", "datasets", "unit"),
        "before": _loss(change.before),
        "after": _loss(change.after),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    low, high = loss or (0.0, 0.0)
    return {
        "seen": loss is not None,
        "low": None if math.isinf(low) else low,
        "high": None if math.isinf(high) else high,
    }


def scenario_text(name: str, scenario: Scenario, look: Style = PLAIN) -> str:
    """Write what one assumption less changes."""
    head = look.paint("bold", f"{name}: what if {scenario.question}?")
    body = list(_changes(scenario, look)) or ["  nothing changes for anybody"]
    return "\n".join([head, *body]) + "\n"


def coalitions_text(name: str, dataset: str, search: CoalitionSearch, look: Style = PLAIN) -> str:
    """Write the smallest sets of parties, or that there is none."""
    level = LEVELS[search.level]
    lines = [look.paint("bold", f"{name}: who must come together to learn {dataset} at {level}?")]
    for coalition in search.coalitions:
        whom = listing(coalition.datasets)
        lines += wrap(f"{listing(coalition.parties)}: {whom}", look, "  ", "      ")
    if not search.coalitions:
        lines.append(f"  no {search.size} parties together" if search.size > 1 else "  no single party")
    if search.stopped:
        lines.append(f"stopped: there are too many sets of more than {amount(search.size, 'party', 'parties')} to try")
    else:
        lines.append(f"every set of up to {amount(search.size, 'party', 'parties')} was tried")
    return "\n".join(lines) + "\n"


def _sum_line(smaller: SmallerSum) -> str:
    head = f"{smaller.origin}: together with {listing(smaller.others)}, {smaller.party} sees sums of"
    if smaller.after < HIDING:
        return f"{head} {smaller.after} instead of {smaller.before}, and they hide nobody"
    spare = smaller.after - HIDING
    more = f"; with {amount(spare + 1, 'more client')} among them, the sums hide nobody"
    return f"{head} {smaller.after} contributions instead of {smaller.before}{more}"


def _changes(scenario: Scenario, look: Style) -> Iterator[str]:
    for change in scenario.changes.disclosures:
        yield from disclosure_lines(change, look, "  ")
    for budget in scenario.changes.budgets:
        yield from wrap(budget_line(budget), look, "  ! " if budget.kind == "worse" else "  - ", " " * 6)
    for smaller in scenario.sums:
        yield from wrap(_sum_line(smaller), look, "  ! ", " " * 6)
    for control in scenario.changes.control:
        yield from wrap(control_line(control).replace("never given", "lost"), look, "  ! ", " " * 6)


def scenario_json(name: str, scenario: Scenario) -> str:
    """Write what one assumption less changes."""
    document = {
        "version": 1,
        "name": name,
        "question": scenario.question,
        **change_rows(scenario.changes),
        "sums": [
            {"origin": s.origin, "party": s.party, "with": list(s.others), "before": s.before, "after": s.after}
            for s in scenario.sums
        ],
    }
    return json_text(document)


def coalitions_json(name: str, dataset: str, search: CoalitionSearch) -> str:
    """Write the smallest sets of parties."""
    document = {
        "version": 1,
        "name": name,
        "dataset": dataset,
        "level": LEVELS[search.level],
        "size": search.size,
        "stopped": search.stopped,
        "coalitions": [{"parties": list(c.parties), "datasets": list(c.datasets)} for c in search.coalitions],
    }
    return json_text(document)
