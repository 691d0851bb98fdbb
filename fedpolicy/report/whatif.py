"""What `fedpolicy whatif` says: what changes against today, or which parties together learn too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.sums import HIDING
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.changes import (
    budget_line,
    budget_row,
    control_line,
    control_row,
    disclosure_line,
    disclosure_row,
    short,
)
from fedpolicy.report.rows import json_text
from fedpolicy.report.style import PLAIN, Style, amount, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.whatif.coalitions import CoalitionSearch
    from fedpolicy.analysis.whatif.scenarios import Scenario, SmallerSum

__all__ = ["coalitions_json", "coalitions_text", "scenario_json", "scenario_text"]

_MARKS = {"new": "+", "worse": "!", "gone": "-", "better": "-"}
_STYLES = {"new": "critical", "worse": "high", "gone": "pass", "better": "pass"}


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
        return f"{head} {smaller.after} instead of {smaller.before}, which hide nobody"
    spare = smaller.after - HIDING
    more = f"; {amount(spare + 1, 'more client')} in it, and they hide nobody"
    return f"{head} {smaller.after} contributions instead of {smaller.before}{more}"


def _changes(scenario: Scenario, look: Style) -> Iterator[str]:
    for change in scenario.changes.disclosures:
        first, *rest = wrap(disclosure_line(change), look, f"  {_MARKS[change.kind]} ", " " * 6)
        yield look.paint(_STYLES[change.kind], first)
        yield from rest
        for step in change.path if change.kind in {"new", "worse"} else ():
            implied = f" (implied by {step.implied_by})" if step.implied_by else ""
            yield f"      {short(step.source)} -> {short(step.target)}  {step.payload}{implied}"
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
        "disclosures": [disclosure_row(change) for change in scenario.changes.disclosures],
        "budgets": [budget_row(change) for change in scenario.changes.budgets],
        "control": [control_row(change) for change in scenario.changes.control],
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
