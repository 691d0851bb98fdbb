"""For programs: version 1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.changes.json import budget_row, control_row, disclosure_row

if TYPE_CHECKING:
    from fedpolicy.analysis.whatif.coalitions import Search
    from fedpolicy.analysis.whatif.scenarios import Scenario

__all__ = ["coalitions_json", "scenario_json"]


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
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def coalitions_json(name: str, dataset: str, search: Search) -> str:
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
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
