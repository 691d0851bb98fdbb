"""For pull requests: what a change does to whom, with a picture of the new ways only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.report.changes.words import budget_line, control_line, disclosure_line, short

if TYPE_CHECKING:
    from fedpolicy.findings import Finding
    from fedpolicy.report.changes.model import Comparison, Difference

__all__ = ["render"]

_MOST_EDGES = 30
_SIGNS = {"new": ":red_circle:", "worse": ":orange_circle:", "gone": ":green_circle:", "better": ":green_circle:"}


def render(comparison: Comparison) -> str:
    """Write the differences as a comment."""
    resolved = sum(len(one.resolved) for one in comparison.differences)
    waived = f" ({comparison.waived} waived)" if comparison.waived else ""
    head = f"### fedpolicy: {len(comparison.introduced)} introduced{waived}, {resolved} resolved"
    if not comparison.differences:
        return "### fedpolicy: nothing changes for anybody\n"
    return "\n\n".join([head, *(part for one in comparison.differences for part in _one(one))]) + "\n"


def _one(one: Difference) -> Iterator[str]:
    yield f"**{_text(one.deployment)}** (`{one.file}`)"
    for title, found in (("Introduced", one.introduced), ("Resolved", one.resolved)):
        if found:
            yield f"{title}:\n\n" + "\n".join(_finding(finding) for finding in found)
    lines = [f"- {_SIGNS[change.kind]} {_text(disclosure_line(change))}" for change in one.changes.disclosures]
    if lines:
        yield "Who can learn what:\n\n" + "\n".join(lines)
    if one.changes.budgets:
        yield "Privacy loss:\n\n" + "\n".join(f"- {_text(budget_line(change))}" for change in one.changes.budgets)
    if one.changes.control:
        yield "Who can take what away:\n\n" + "\n".join(f"- {_text(control_line(c))}" for c in one.changes.control)
    picture = "\n".join(_picture(one))
    if picture:
        yield f"```mermaid\nflowchart LR\n{picture}\n```"


def _finding(finding: Finding) -> str:
    place = f"`{finding.span.file}:{finding.span.line}`"
    if finding.waiver:
        return f"- waived `{finding.rule}`: {_text(finding.message)} ({place}); {_text(finding.notes[0])}"
    what = "undecided" if finding.verdict == "unknown" else finding.severity.label
    return f"- **{what}** `{finding.rule}`: {_text(finding.message)} ({place})"


def _picture(one: Difference) -> Iterator[str]:
    """The hops of ways that are new or reveal more; nodes are numbered, so that no name can break the picture."""
    hops = [
        (short(step.source), short(step.target), step.payload)
        for change in one.changes.disclosures
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


def _text(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
