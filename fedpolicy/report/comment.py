"""What `fedpolicy diff --format markdown` says: a comment that people read, with the rest folded away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fedpolicy.analysis.facts import vertex_name
from fedpolicy.findings import Finding
from fedpolicy.report.changes import budget_line, control_line, disclosure_line
from fedpolicy.report.diff import OF_REVISION, UNCOMPARED, Comparison, Difference, shown_name
from fedpolicy.report.markup import linked
from fedpolicy.report.rows import error_rows, override_lines
from fedpolicy.report.style import amount

__all__ = ["as_markdown"]

_MOST_OPEN, _MOST_SHOWN = 6, 5  # deployments, and findings of each, in the open part
_MOST_ERRORS = 30
_MOST_EDGES = 30
_MOST_CHARACTERS = 60_000
_SIGNS = {"new": ":red_circle:", "worse": ":orange_circle:", "gone": ":green_circle:", "better": ":green_circle:"}


def as_markdown(comparison: Comparison) -> str:
    """Write the differences as a comment: what is introduced is open, the rest is folded."""
    resolved = sum(len(difference.resolved) for difference in comparison.differences)
    waived = f" ({comparison.waived} waived)" if comparison.waived else ""
    head = f"### fedpolicy: {len(comparison.introduced)} introduced{waived}, {resolved} resolved"
    if not comparison.differences and not comparison.errors:
        return "\n\n".join(["### fedpolicy: nothing changes for anybody", *_overridden(comparison)]) + "\n"
    shown, left = comparison.differences[:_MOST_OPEN], comparison.differences[_MOST_OPEN:]
    parts = [one for each in shown for one in (_open(each), *_folded("What changes for whom", _told(each)))]
    more = [part for difference in left for part in (_open(difference), *_told(difference))]
    rest = _folded(amount(len(left), "more deployment"), more)
    text = "\n\n".join([head, *_overridden(comparison), *_unusable(comparison), *parts, *rest]) + "\n"
    return linked(text, _files(comparison), comparison.links, _MOST_CHARACTERS)


def _files(comparison: Comparison) -> dict[str, str]:
    """Files of the new state that lie here, from the root of the repository."""
    files = {one.span.file for one in comparison.introduced}
    files |= {difference.file for difference in comparison.differences}
    files |= {row["file"] for row in error_rows(comparison.errors)} - {""}
    return {name: comparison.root.file(name) for name in files if not OF_REVISION.match(name)}


def _folded(title: str, parts: Iterable[str]) -> list[str]:
    told = list(parts)
    return ["\n\n".join([f"<details><summary>{title}</summary>", *told, "</details>"])] if told else []


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
    return f"`{shown_name(row['file'])}:{row['line']}`: " if row["file"] else ""


def _open(difference: Difference) -> str:
    """The deployment, and the worst of what is introduced."""
    state = {"new": ", new", "gone": ", gone", UNCOMPARED: ", not compared"}.get(difference.state, "")
    title = f"**{_escaped(difference.deployment)}** (`{shown_name(difference.file)}`{state})"
    worst = sorted(difference.introduced, key=lambda one: (bool(one.waiver), one.verdict == "unknown", -one.severity))
    left = len(worst) - _MOST_SHOWN
    more = [f"and {left:,} more"] if left > 0 else []
    return "\n\n".join([title, *_items("Introduced", [*map(_finding_item, worst[:_MOST_SHOWN]), *more])])


def _told(difference: Difference) -> Iterator[str]:
    """Everything that the open part does not say."""
    changes = difference.changes
    beyond = difference.introduced if len(difference.introduced) > _MOST_SHOWN else ()
    learned = [f"{_SIGNS[one.kind]} {_escaped(disclosure_line(one))}" for one in changes.disclosures]
    yield from _items("Introduced", map(_finding_item, beyond))
    yield from _items("Resolved", map(_finding_item, difference.resolved))
    yield from _items("Who can learn what", learned)
    yield from _items("Privacy loss", (_escaped(budget_line(one)) for one in changes.budgets))
    yield from _items("Who can take what away", (_escaped(control_line(one)) for one in changes.control))
    picture = "\n".join(_picture(difference))
    if picture:
        yield f"```mermaid\nflowchart LR\n{picture}\n```"


def _items(title: str, items: Iterable[str]) -> Iterator[str]:
    if lines := [f"- {item}" for item in items]:
        yield f"{title}:\n\n" + "\n".join(lines)


def _finding_item(finding: Finding) -> str:
    place = f"`{shown_name(finding.span.file)}:{finding.span.line}`"
    if finding.waiver:
        return f"waived `{finding.rule}`: {_escaped(finding.message)} ({place}); {_escaped(finding.notes[0])}"
    what = "undecided" if finding.verdict == "unknown" else finding.severity.label
    return f"**{what}** `{finding.rule}`: {_escaped(finding.message)} ({place})"


def _picture(difference: Difference) -> Iterator[str]:
    """The hops of ways that are new or reveal more; nodes are numbered, so that no name can break the picture."""
    hops = [
        (vertex_name(step.source), vertex_name(step.target), step.payload)
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
