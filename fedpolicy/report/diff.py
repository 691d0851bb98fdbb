"""What `fedpolicy diff` says: findings that come and go, then what changes for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fedpolicy.analysis.changes import Changes
from fedpolicy.errors import FedPolicyError
from fedpolicy.files import Root
from fedpolicy.findings import Finding, Override
from fedpolicy.report.changes import (
    budget_line,
    budget_row,
    control_line,
    control_row,
    disclosure_line,
    disclosure_row,
    short_element,
)
from fedpolicy.report.rows import error_rows, json_text, override_lines, override_rows, waiver_row
from fedpolicy.report.style import PLAIN, Style, amount, clean, wrap

__all__ = ["OF_REVISION", "UNCOMPARED", "Comparison", "Difference", "as_json", "as_text", "shown_name"]

UNCOMPARED = "uncompared"

_STYLES = {"new": "critical", "worse": "high", "gone": "pass", "better": "pass"}
_LOSSES = {"worse": ("!", "high"), "better": ("-", "pass"), "changed": ("~", "unknown")}
_MARKS = {"new": "+", "worse": "!", "gone": "-", "better": "-"}
# A file of a commit, as git names it; its first characters are enough for people.
OF_REVISION = re.compile(r"^([0-9a-f]{8})[0-9a-f]{32}:")
_STATES = {UNCOMPARED: "not compared: not all of the new state could be used"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    One deployment in both states.

    `state` is new, gone, changed or uncompared: the new state may have it in what could not be used. `introduced` and
    `resolved` are findings that only one of the states has; that one is gone is a finding of the new state.
    """

    deployment: str
    file: str
    state: str
    changes: Changes
    introduced: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes or self.introduced or self.resolved) or self.state in {"gone", UNCOMPARED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    All deployments of both states that differ, and what could not be used.

    `links` is where a forge shows the `root` of the repository in the new state.
    """

    differences: tuple[Difference, ...]
    errors: tuple[FedPolicyError, ...] = ()
    deployments: int = 0
    overrides: tuple[Override, ...] = ()
    links: str = ""
    root: Root = field(default_factory=Root)

    @property
    def introduced(self) -> list[Finding]:
        """What only the new state has, most severe first."""
        return [finding for one in self.differences for finding in one.introduced]

    @property
    def waived(self) -> int:
        """How many of those a waiver covers."""
        return sum(finding.waiver is not None for finding in self.introduced)


def shown_name(file: str) -> str:
    """The name of a file; the commit that it is of is told by its first characters, as forges do."""
    return OF_REVISION.sub(lambda found: f"{found[1]}:", file)


def as_text(comparison: Comparison, look: Style = PLAIN) -> str:
    """Write every difference; one line says it where there is none."""
    parts = ["\n".join(_difference_lines(difference, look)) for difference in comparison.differences]
    closing = [_closing(comparison), *(clean(one) for one in override_lines(comparison.overrides))]
    return "\n\n".join([*parts, "\n".join(closing)]) + "\n"


def _difference_lines(difference: Difference, look: Style) -> Iterator[str]:
    where = "" if difference.state == "changed" else f" ({_STATES.get(difference.state, difference.state)})"
    yield look.paint("bold", f"{clean(difference.deployment)} ({clean(shown_name(difference.file))}){where}")
    yield from _finding_lines("introduced", "+", difference.introduced, look)
    yield from _finding_lines("resolved", "-", difference.resolved, look)
    yield from _change_lines(difference.changes, look)


def _finding_lines(title: str, mark: str, found: tuple[Finding, ...], look: Style) -> Iterator[str]:
    if found:
        yield f"  {title}"
    for finding in found:
        style = "unknown" if finding.verdict == "unknown" else finding.severity.label
        head = f"    {mark} {'waived' if finding.waiver else style}[{finding.rule}] "
        first, *rest = wrap(finding.message, look, head, " " * 8) or [head]
        yield look.paint("medium" if finding.waiver else style, first[: len(head)]) + first[len(head) :]
        yield from rest
        yield f"        {clean(shown_name(str(finding.span)))}"
        yield from wrap(finding.notes[0], look, " " * 8, " " * 8) if finding.waiver else ()


def _change_lines(changes: Changes, look: Style) -> Iterator[str]:
    if changes.disclosures:
        yield "  who can learn what"
    for change in changes.disclosures:
        first, *rest = wrap(disclosure_line(change), look, f"    {_MARKS[change.kind]} ", " " * 8)
        yield look.paint(_STYLES[change.kind], first)
        yield from rest
        if change.kind in {"new", "worse"}:
            for step in change.path:
                implied = f" (implied by {step.implied_by})" if step.implied_by else ""
                yield f"        {short_element(step.source)} -> {short_element(step.target)}  {step.payload}{implied}"
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


def as_json(comparison: Comparison) -> str:
    """Write every difference as JSON."""
    document = {
        "version": 1,
        "deployments": comparison.deployments,
        **({"overrides": override_rows(comparison.overrides)} if comparison.overrides else {}),
        "differences": [_difference_row(difference) for difference in comparison.differences],
        "errors": list(error_rows(comparison.errors)),
    }
    return json_text(document)


def _difference_row(difference: Difference) -> dict[str, Any]:
    return {
        "deployment": difference.deployment,
        "file": difference.file,
        "state": difference.state,
        "introduced": [_finding_row(finding) for finding in difference.introduced],
        "resolved": [_finding_row(finding) for finding in difference.resolved],
        "disclosures": [disclosure_row(change) for change in difference.changes.disclosures],
        "budgets": [budget_row(change) for change in difference.changes.budgets],
        "control": [control_row(change) for change in difference.changes.control],
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
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
