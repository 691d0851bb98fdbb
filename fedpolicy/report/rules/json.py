"""For programs: version 1, everything about each rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fedpolicy.policy.template import said
from fedpolicy.report.rules.entries import Entry

if TYPE_CHECKING:
    from fedpolicy.policy.models import Param

__all__ = ["render"]


def render(found: Sequence[Entry]) -> str:
    """Write the rules as JSON."""
    return json.dumps({"version": 1, "rules": [_entry(entry) for entry in found]}, indent=2, ensure_ascii=False) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    rule = entry.rule
    return {
        "id": rule.id,
        "pack": rule.pack,
        "title": rule.title,
        "principle": rule.principle,
        "severity": rule.severity.label,
        "applies_to": rule.applies_to,
        "match": entry.match or None,
        "require": entry.require,
        "params": [_param(param) for param in rule.params],
        "why": rule.why,
        "help": rule.help,
        "references": [asdict(reference) for reference in rule.references],
        "false_positives": list(rule.false_positives),
        "examples": [asdict(shown) for shown in entry.examples],
    }


def _param(param: Param) -> dict[str, str]:
    return {"name": param.name, "type": str(param.type), "value": said(param.type, [param.value]), "about": param.about}
