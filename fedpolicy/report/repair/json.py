"""For programs: version 1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fedpolicy.findings import Finding
    from fedpolicy.report.repair.model import Proposal, Repairs

__all__ = ["render"]


def render(repairs: Repairs) -> str:
    """Write everything as JSON."""
    document = {
        "version": 1,
        "name": repairs.name,
        "file": repairs.file,
        "severity": repairs.least.label,
        "chosen": [_finding(one) for one in repairs.chosen],
        "proposals": [_proposal(one) for one in repairs.proposals],
        "stuck": [
            {"fingerprint": one.finding.fingerprint, "why": one.why, "help": one.finding.help} for one in repairs.stuck
        ],
        "rechecks": repairs.rechecks,
        "most_rechecks": repairs.most,
        "stopped": repairs.stopped,
        "planned": repairs.planned,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _proposal(one: Proposal) -> dict[str, Any]:
    return {
        "number": one.number,
        "cost": one.cost,
        "changes": [
            {"id": change.id, "kind": change.kind, "cost": cost, "text": change.text}
            for change, cost in zip(one.changes, one.costs, strict=True)
        ],
        "fill_in": [{"path": ".".join(map(str, blank.path)), "what": blank.what} for blank in one.blanks],
        "clears": [finding.fingerprint for finding in one.clears],
        "leaves": [finding.fingerprint for finding in one.leaves],
        "new": [_finding(finding) for finding in one.new],
        "writable": one.unwritable is None,
        "unwritable": None if one.unwritable is None else str(one.unwritable),
        "diff": one.diff,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "verdict": finding.verdict.value,
        "elements": list(finding.elements),
        "message": finding.message,
        "file": finding.span.file,
        "line": finding.span.line,
        "fingerprint": finding.fingerprint,
    }
