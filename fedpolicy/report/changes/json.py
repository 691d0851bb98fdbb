"""For programs: version 1."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.plain import waiver_row

if TYPE_CHECKING:
    from fedpolicy.analysis.budget.changes import BudgetChange, Loss
    from fedpolicy.analysis.changes import ControlChange, DisclosureChange, Levels
    from fedpolicy.analysis.facts import Step
    from fedpolicy.findings import Finding
    from fedpolicy.report.changes.model import Comparison, Difference

__all__ = ["budget_row", "control_row", "disclosure_row", "render"]


def render(comparison: Comparison) -> str:
    """Write every difference as JSON."""
    document = {
        "version": 1,
        "deployments": comparison.deployments,
        "differences": [_difference(one) for one in comparison.differences],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "deployment": one.deployment,
        "file": one.file,
        "state": one.state,
        "introduced": [_finding(finding) for finding in one.introduced],
        "resolved": [_finding(finding) for finding in one.resolved],
        "disclosures": [disclosure_row(change) for change in one.changes.disclosures],
        "budgets": [budget_row(change) for change in one.changes.budgets],
        "control": [control_row(change) for change in one.changes.control],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "verdict": str(finding.verdict),
        "elements": list(finding.elements),
        "message": finding.message,
        "file": finding.span.file,
        "line": finding.span.line,
        "fingerprint": finding.fingerprint,
        "waiver": waiver_row(finding.waiver) if finding.waiver else None,
    }


def disclosure_row(change: DisclosureChange) -> dict[str, Any]:
    """One change of what somebody learns."""
    return {
        "kind": change.kind,
        "parties": list(change.parties),
        "as": change.role,
        "datasets": list(change.datasets),
        "pairs": change.pairs,
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
        "payload": step.payload,
        "flow": step.flow,
        "implied_by": step.implied_by or None,
    }


def budget_row(change: BudgetChange) -> dict[str, Any]:
    """One change of a privacy loss; an infinite epsilon is null, and `seen` says that anything is seen at all."""
    return {
        "kind": change.kind,
        "parties": list(change.parties),
        "datasets": list(change.datasets),
        "unit": change.unit,
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


def control_row(change: ControlChange) -> dict[str, Any]:
    """One change of who can take what away."""
    return {
        "participants": list(change.participants),
        "use": change.use,
        "capability": change.capability,
        "before": None if change.before is None else list(change.before),
        "after": None if change.after is None else list(change.after),
    }
