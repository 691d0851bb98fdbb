"""For programs: version 1, one row per task, capability and group of participants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedpolicy.analysis.control.matrix import Continuity

__all__ = ["render"]


def render(name: str, found: Sequence[Continuity]) -> str:
    """Write the matrix as JSON."""
    rows = [
        {
            "task": entry.task,
            "capability": entry.capability,
            "participants": list(entry.participants),
            "attainable": entry.attainable,
            "holds": [{"party": hold.party, "through": list(hold.through)} for hold in entry.holds],
        }
        for entry in found
    ]
    return json.dumps({"version": 1, "name": name, "continuity": rows}, indent=2, ensure_ascii=False) + "\n"
