"""The rules about waivers and baselines: code judges them, so there is less to say."""

from __future__ import annotations

import json

from fedpolicy.findings import RuleInfo
from fedpolicy.report.words import PLAIN, Look, wrap

__all__ = ["explain_own", "own_json", "own_page"]


def explain_own(rule: RuleInfo, look: Look = PLAIN) -> str:
    """Write everything about one rule for people."""
    head = f"{rule.id} ({rule.pack}, {rule.severity.label}, {rule.principle})"
    parts = [
        [look.paint("bold", head), *wrap(rule.title, look)],
        [look.paint("bold", "why"), *wrap(rule.why, look, "  ", "  ")],
        [look.paint("bold", "what to do"), *wrap(rule.help, look, "  ", "  ")],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def own_page(rule: RuleInfo) -> str:
    """Write the same for documentation."""
    about = f"Pack `{rule.pack}`, severity **{rule.severity.label}**, principle *{rule.principle}*."
    parts = [f"# {rule.id}", f"**{rule.title}.**", about, f"## Why\n\n{rule.why}", f"## What to do\n\n{rule.help}"]
    return "\n\n".join(parts) + "\n"


def own_json(rule: RuleInfo) -> str:
    """Write the same for programs, with the keys of all rules."""
    row: dict[str, object] = {
        "id": rule.id,
        "pack": rule.pack,
        "title": rule.title,
        "principle": rule.principle,
        "severity": rule.severity.label,
        "applies_to": rule.id.partition("-")[0],
        "match": None,
        "require": "",
        "params": [],
        "why": rule.why,
        "help": rule.help,
        "references": [],
        "false_positives": [],
        "examples": [],
    }
    return json.dumps({"version": 1, "rules": [row]}, indent=2, ensure_ascii=False) + "\n"
