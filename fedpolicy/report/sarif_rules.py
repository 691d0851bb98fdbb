"""Rules as SARIF describes them: texts, markdown help, levels and scores."""

from __future__ import annotations

from typing import Any

from fedpolicy.findings import Reference, RuleInfo, Severity

__all__ = ["LEVELS", "MISSING_FACT", "rule_row"]

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Within the bands that GitHub shows as critical, high, medium and low. No score: no security alert.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_MOST_TEXT = 1000  # GitHub takes 1,024 characters of a description

MISSING_FACT = RuleInfo(
    id="missing-fact",
    pack="fedpolicy",
    title="A fact that rules need is not stated",
    severity=Severity.INFO,
    principle="transparency",
    why="What is not declared is not compliant: rules that need the fact can neither pass nor fail.",
    help="State the fact in the deployment. If it is not known, find it out before anything is deployed.",
)


def rule_row(rule: RuleInfo) -> dict[str, Any]:
    """One entry of `tool.driver.rules`."""
    properties: dict[str, Any] = {"tags": [tag for tag in ("security", rule.principle, rule.pack) if tag]}
    if rule.severity in _SCORES:
        properties["security-severity"] = _SCORES[rule.severity]
    name = "".join(word.capitalize() for word in rule.id.split("-"))
    return {
        "id": rule.id,
        # SARIF wants a name that differs from the id, or none.
        **({"name": name} if "-" in rule.id else {}),
        "shortDescription": {"text": _short(rule.title or rule.id)},
        "fullDescription": {"text": _short(rule.why or rule.title or rule.id)},
        "help": {"text": _text(rule), "markdown": _markdown(rule)},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_TEXT else plain[: _MOST_TEXT - 1] + "…"


def _text(rule: RuleInfo) -> str:
    references = [f"{one.basis}: {one.title} {one.url}".rstrip() for one in rule.references]
    return "\n\n".join(part for part in (rule.title, rule.why, rule.help, "\n".join(references)) if part)


def _markdown(rule: RuleInfo) -> str:
    parts = [f"## {rule.title or rule.id}"]
    if rule.why:
        parts.append(f"### Why\n{rule.why.strip()}")
    if rule.help:
        parts.append(f"### What to do\n{rule.help.strip()}")
    if rule.false_positives:
        parts.append("### Known false positives\n" + "\n".join(f"- {text}" for text in rule.false_positives))
    if rule.references:
        parts.append("### References\n" + "\n".join(f"- {_reference(one)}" for one in rule.references))
    return "\n\n".join(parts) + "\n"


def _reference(reference: Reference) -> str:
    title = f"[{reference.title}]({reference.url})" if reference.url else reference.title
    note = f": {reference.note}" if reference.note else ""
    return f"{title} ({reference.basis}){note}"
