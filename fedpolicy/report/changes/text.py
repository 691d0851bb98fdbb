"""For people: findings first, then what changed for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.report.changes.words import budget_line, control_line, disclosure_line, short
from fedpolicy.report.words import PLAIN, Look, amount, clean, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.changes import Changes
    from fedpolicy.findings import Finding
    from fedpolicy.report.changes.model import Comparison, Difference

__all__ = ["render"]

_STYLES = {"new": "critical", "worse": "high", "gone": "pass", "better": "pass"}
_LOSSES = {"worse": ("!", "high"), "better": ("-", "pass"), "changed": ("~", "unknown")}
_MARKS = {"new": "+", "worse": "!", "gone": "-", "better": "-"}


def render(comparison: Comparison, look: Look = PLAIN) -> str:
    """Write every difference; one line says it where there is none."""
    parts = ["\n".join(_one(difference, look)) for difference in comparison.differences]
    return "\n\n".join([*parts, _closing(comparison)]) + "\n"


def _one(difference: Difference, look: Look) -> Iterator[str]:
    where = "" if difference.state == "changed" else f" ({difference.state})"
    yield look.paint("bold", f"{clean(difference.deployment)} ({clean(difference.file)}){where}")
    yield from _findings("introduced", "+", difference.introduced, look)
    yield from _findings("resolved", "-", difference.resolved, look)
    yield from _changes(difference.changes, look)


def _findings(title: str, mark: str, found: tuple[Finding, ...], look: Look) -> Iterator[str]:
    if found:
        yield f"  {title}"
    for finding in found:
        style = "unknown" if finding.verdict == "unknown" else finding.severity.label
        head = f"    {mark} {'waived' if finding.waiver else style}[{finding.rule}] "
        first, *rest = wrap(finding.message, look, head, " " * 8) or [head]
        yield look.paint("medium" if finding.waiver else style, first[: len(head)]) + first[len(head) :]
        yield from rest
        yield f"        {clean(str(finding.span))}"
        yield from wrap(finding.notes[0], look, " " * 8, " " * 8) if finding.waiver else ()


def _changes(changes: Changes, look: Look) -> Iterator[str]:
    if changes.disclosures:
        yield "  who can learn what"
    for change in changes.disclosures:
        first, *rest = wrap(disclosure_line(change), look, f"    {_MARKS[change.kind]} ", " " * 8)
        yield look.paint(_STYLES[change.kind], first)
        yield from rest
        if change.kind in {"new", "worse"}:
            for step in change.path:
                implied = f" (implied by {step.implied_by})" if step.implied_by else ""
                yield f"        {short(step.source)} -> {short(step.target)}  {step.payload}{implied}"
    if changes.budgets:
        yield "  privacy loss"
    for budget in changes.budgets:
        mark, style = _LOSSES[budget.kind]
        first, *rest = wrap(budget_line(budget), look, f"    {mark} ", " " * 8)
        yield look.paint(style, first)
        yield from rest
    if changes.control:
        yield "  who can take what away"
    for control in changes.control:
        yield from wrap(control_line(control), look, "    ~ ", " " * 8)


def _closing(comparison: Comparison) -> str:
    resolved = sum(len(one.resolved) for one in comparison.differences)
    if not comparison.deployments:
        return "nothing was compared"
    if not comparison.differences:
        return f"no difference in {amount(comparison.deployments, 'deployment')}"
    introduced = amount(len(comparison.introduced), "finding")
    waived = f" ({comparison.waived:,} waived)" if comparison.waived else ""
    return f"{introduced} introduced{waived}, {resolved:,} resolved in {amount(comparison.deployments, 'deployment')}"
