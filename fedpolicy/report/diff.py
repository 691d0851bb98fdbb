"""
What `fedpolicy diff` says: findings that come and go, then what changes for whom.

As Markdown it is a comment that people read, with the rest folded away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fedpolicy.analysis.changes import BudgetChange, Changes
from fedpolicy.analysis.facts import vertex_name
from fedpolicy.errors import FedPolicyError
from fedpolicy.files import Root
from fedpolicy.findings import Finding, Override
from fedpolicy.report import PLAIN, Style, amount, clean, few, wrap, wrap_labelled, wrap_painted
from fedpolicy.report.changes import budget_line, change_rows, control_line, disclosure_line, disclosure_lines
from fedpolicy.report.markup import linked
from fedpolicy.report.rows import error_rows, finding_row, json_text, override_lines, override_rows, row_of, waiver_row

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
        lines = few([f"{_where(row)}{_escaped(row['message'])}" for row in rows], _MOST_ERRORS)
        yield from _items("Could not be used, so nothing is said about it", lines)


def _where(row: Mapping[str, Any]) -> str:
    return f"`{shown_name(row['file'])}:{row['line']}`: " if row["file"] else ""


def _open(difference: Difference) -> str:
    """The deployment, and the worst of what is introduced."""
    state = {"new": ", new", "gone": ", gone", UNCOMPARED: ", not compared"}.get(difference.state, "")
    title = f"**{_escaped(difference.deployment)}** (`{shown_name(difference.file)}`{state})"
    worst = sorted(difference.introduced, key=lambda one: (bool(one.waiver), one.verdict == "unknown", -one.severity))
    return "\n\n".join([title, *_items("Introduced", few(list(map(_finding_item, worst)), _MOST_SHOWN))])


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
