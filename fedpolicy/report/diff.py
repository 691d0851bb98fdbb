"""What `fedpolicy diff` says: findings that come and go, then what changes for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fedpolicy.analysis.changes import BudgetChange, Changes
from fedpolicy.errors import FedPolicyError
from fedpolicy.files import Root
from fedpolicy.findings import Finding, Override
from fedpolicy.report.changes import budget_line, change_rows, control_line, disclosure_lines
from fedpolicy.report.rows import error_rows, finding_row, json_text, override_lines, override_rows, row_of, waiver_row
from fedpolicy.report.style import PLAIN, Style, amount, clean, wrap, wrap_labelled, wrap_painted

__all__ = ["OF_REVISION", "UNCOMPARED", "Comparison", "Difference", "as_json", "as_text", "shown_name"]

UNCOMPARED = "uncompared"

_LOSSES = {"worse": ("!", "high"), "better": ("-", "pass"), "changed": ("~", "unknown")}
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
        label = f"    {mark} {'waived' if finding.waiver else style}[{finding.rule}] "
        yield from wrap_labelled(finding.message, look, "medium" if finding.waiver else style, label, " " * 8)
        yield f"        {clean(shown_name(str(finding.span)))}"
        yield from wrap(finding.notes[0], look, " " * 8, " " * 8) if finding.waiver else ()


def _change_lines(changes: Changes, look: Style) -> Iterator[str]:
    learned = (disclosure_lines(change, look, "    ") for change in changes.disclosures)
    lost = (_loss_lines(change, look) for change in changes.budgets)
    held = (wrap(control_line(change), look, "    ~ ", " " * 8) for change in changes.control)
    for title, parts in (
        ("who can learn what", learned),
        ("privacy loss", lost),
        ("who can take what away", held),
    ):
        if lines := [line for part in parts for line in part]:
            yield from (f"  {title}", *lines)


def _loss_lines(change: BudgetChange, look: Style) -> Iterator[str]:
    mark, style = _LOSSES[change.kind]
    return wrap_painted(budget_line(change), look, style, f"    {mark} ", " " * 8)


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
        **row_of(difference, "deployment", "file", "state"),
        "introduced": [_finding_row(finding) for finding in difference.introduced],
        "resolved": [_finding_row(finding) for finding in difference.resolved],
        **change_rows(difference.changes),
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {**finding_row(finding), "waiver": waiver_row(finding.waiver) if finding.waiver else None}
