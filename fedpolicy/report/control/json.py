"""For programs: version 1, one row per use, capability and group of participants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fedpolicy.analysis.control.formula import Gap
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.control.removal import Hold

__all__ = ["render"]


def render(name: str, found: Sequence[Continuity]) -> str:
    """Write the matrix as JSON."""
    rows = [
        {
            "use": entry.use,
            "capability": entry.capability,
            "participants": list(entry.participants),
            "attainable": entry.attainable,
            "holds": [_hold(hold) for hold in entry.holds],
            "lacking": [_gap(gap) for gap in entry.gaps],
            "not_stated": [_gap(gap) for gap in entry.doubts],
        }
        for entry in found
    ]
    return json.dumps({"version": 1, "name": name, "continuity": rows}, indent=2, ensure_ascii=False) + "\n"


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "parties": list(hold.parties),
        "how": hold.how,
        "cause": hold.cause,
        "through": list(hold.through),
        "together": hold.how == "jurisdiction",
        "jurisdiction": hold.jurisdiction or None,
        "missing": list(hold.missing),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"kind": gap.kind, "cause": gap.cause, "missing": list(gap.missing), **dict(gap.detail)}
