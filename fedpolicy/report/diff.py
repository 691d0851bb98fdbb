"""What `fedpolicy diff` says: findings that come and go, then what changes for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fedpolicy.analysis.changes import Changes
from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Override
from fedpolicy.report.changes import (
    budget_line,
    budget_row,
    control_line,
    control_row,
    disclosure_line,
    disclosure_row,
    short,
)
from fedpolicy.report.rows import error_rows, json_text, override_lines, override_rows, waiver_row
from fedpolicy.report.style import PLAIN, Style, amount, clean, wrap

__all__ = ["UNCOMPARED", "Comparison", "Difference", "as_json", "as_markdown", "as_text"]

UNCOMPARED = "uncompared"

_STYLES = {"new": "critical", "worse": "high", "gone": "pass", "better": "pass"}
_LOSSES = {"worse": ("!", "high"), "better": ("-", "pass"), "changed": ("~", "unknown")}
_MARKS = {"new": "+", "worse": "!", "gone": "-", "better": "-"}
_MOST_EDGES = 30
_MOST_ERRORS = 20
_STATES = {UNCOMPARED: "not compared: not all of the new state could be used"}
_SIGNS = {"new": ":red_circle:", "worse": ":orange_circle:", "gone": ":green_circle:", "better": ":green_circle:"}


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
    """All deployments of both states that differ, and what could not be used."""

    differences: tuple[Difference, ...]
    errors: tuple[FedPolicyError, ...] = ()
    deployments: int = 0
    overrides: tuple[Override, ...] = ()

    @property
    def introduced(self) -> list[Finding]:
        """What only the new state has, most severe first."""
        return [finding for one in self.differences for finding in one.introduced]

    @property
    def waived(self) -> int:
        """How many of those a waiver covers."""
        return sum(finding.waiver is not None for finding in self.introduced)


def as_text(comparison: Comparison, look: Style = PLAIN) -> str:
    """Write every difference; one line says it where there is none."""
    parts = ["\n".join(_difference_lines(difference, look)) for difference in comparison.differences]
    closing = [_closing(comparison), *(clean(one) for one in override_lines(comparison.overrides))]
    return "\n\n".join([*parts, "\n".join(closing)]) + "\n"


def _difference_lines(difference: Difference, look: Style) -> Iterator[str]:
    where = "" if difference.state == "changed" else f" ({_STATES.get(difference.state, difference.state)})"
    yield look.paint("bold", f"{clean(difference.deployment)} ({clean(difference.file)}){where}")
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
        yield f"        {clean(str(finding.span))}"
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


def as_markdown(comparison: Comparison) -> str:
    """Write the differences as a comment."""
    resolved = sum(len(difference.resolved) for difference in comparison.differences)
    waived = f" ({comparison.waived} waived)" if comparison.waived else ""
    head = f"### fedpolicy: {len(comparison.introduced)} introduced{waived}, {resolved} resolved"
    if not comparison.differences and not comparison.errors:
        return "\n\n".join(["### fedpolicy: nothing changes for anybody", *_overridden(comparison)]) + "\n"
    parts = (part for difference in comparison.differences for part in _difference_parts(difference))
    return "\n\n".join([head, *_overridden(comparison), *_unusable(comparison), *parts]) + "\n"


def _overridden(comparison: Comparison) -> list[str]:
    return [f"**{_escaped(one)}.**" for one in override_lines(comparison.overrides)]


def _unusable(comparison: Comparison) -> Iterator[str]:
    """What is not in the comparison stands first: nobody may take it for unchanged."""
    rows = list(error_rows(comparison.errors))
    if rows:
        lines = [f"- {_where(row)}{_escaped(row['message'])}" for row in rows[:_MOST_ERRORS]]
        more = [f"- and {len(rows) - _MOST_ERRORS} more"] if len(rows) > _MOST_ERRORS else []
        yield "Could not be used, so nothing is said about it:\n\n" + "\n".join([*lines, *more])


def _where(row: Mapping[str, Any]) -> str:
    return f"`{row['file']}:{row['line']}`: " if row["file"] else ""


def _difference_parts(difference: Difference) -> Iterator[str]:
    state = {"new": ", new", "gone": ", gone", UNCOMPARED: ", not compared"}.get(difference.state, "")
    yield f"**{_escaped(difference.deployment)}** (`{difference.file}`{state})"
    for title, found in (("Introduced", difference.introduced), ("Resolved", difference.resolved)):
        if found:
            yield f"{title}:\n\n" + "\n".join(_finding_item(finding) for finding in found)
    lines = [
        f"- {_SIGNS[change.kind]} {_escaped(disclosure_line(change))}" for change in difference.changes.disclosures
    ]
    if lines:
        yield "Who can learn what:\n\n" + "\n".join(lines)
    if difference.changes.budgets:
        yield "Privacy loss:\n\n" + "\n".join(
            f"- {_escaped(budget_line(change))}" for change in difference.changes.budgets
        )
    if difference.changes.control:
        yield "Who can take what away:\n\n" + "\n".join(
            f"- {_escaped(control_line(c))}" for c in difference.changes.control
        )
    picture = "\n".join(_picture(difference))
    if picture:
        yield f"```mermaid\nflowchart LR\n{picture}\n```"


def _finding_item(finding: Finding) -> str:
    place = f"`{finding.span.file}:{finding.span.line}`"
    if finding.waiver:
        return f"- waived `{finding.rule}`: {_escaped(finding.message)} ({place}); {_escaped(finding.notes[0])}"
    what = "undecided" if finding.verdict == "unknown" else finding.severity.label
    return f"- **{what}** `{finding.rule}`: {_escaped(finding.message)} ({place})"


def _picture(difference: Difference) -> Iterator[str]:
    """The hops of ways that are new or reveal more; nodes are numbered, so that no name can break the picture."""
    hops = [
        (short(step.source), short(step.target), step.payload)
        for change in difference.changes.disclosures
        if change.kind in {"new", "worse"}
        for step in change.path
    ]
    edges = list(dict.fromkeys(hops))[:_MOST_EDGES]
    names = list(dict.fromkeys(name for source, target, _ in edges for name in (source, target)))
    numbers = {name: f"n{number}" for number, name in enumerate(names)}
    yield from (f'  {numbers[name]}["{_quoted(name)}"]' for name in names)
    yield from (f'  {numbers[source]} -->|"{_quoted(payload)}"| {numbers[target]}' for source, target, payload in edges)


def _quoted(text: str) -> str:
    return text.replace('"', "'")


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


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
