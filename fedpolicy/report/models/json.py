"""For programs: version 1, every known fact of each model; a fact that is not known is null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fedpolicy.report.models.entries import Entry

__all__ = ["render"]


def render(found: Sequence[Entry]) -> str:
    """Write the models as JSON."""
    return json.dumps({"version": 1, "models": [_entry(entry) for entry in found]}, indent=2, ensure_ascii=False) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    known = {"class": entry.lowest if entry.lowest == entry.highest else None}
    return {**asdict(entry.row), **known, "classes": [entry.lowest, entry.highest]}
