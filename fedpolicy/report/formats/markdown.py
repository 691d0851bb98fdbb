"""
The report for a step summary or a comment: Markdown as GitHub and GitLab show it, with the paths as pictures.

A comment may have 65,536 characters, so details stop before that; the table of findings says what there is besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.report import amount, basis_word, few, listing, reason
from fedpolicy.report.annotations import UNUSABLE, baseline_words, problems
from fedpolicy.report.grouping import CauseGroup, failing, groups_of
from fedpolicy.report.markup import code, flowchart, grid, line, linked, prose, row
from fedpolicy.report.rows import override_lines
from fedpolicy.report.summarise import OUT_OF_SCOPE, day_words, missing_facts
from fedpolicy.report.verdict import protects_nobody, scope_words, verdict_word

SUMMARY = "for step summaries and comments: Markdown with pictures of the paths"
SUFFIX = ".md"
OVERVIEW = PICTURE = True
MOST_CHARACTERS = 60_000
MOST_ROWS = 50
_MOST_FACTS = 30
_MOST_HEADLINE = 300
_MOST_CAUSES = 12  # together with the head about 4 kB, which is what somebody reads in a comment
_MOST_WORDS = 160
_MOST_MAPS, _MOST_PICTURE = 3, 6_000  # of deployments; characters of one
_FOLDS = 200  # characters of the tags that fold


def render(report: Report) -> str:
    """Write the verdict, the counts and a row a cause; folded away: each finding, what is missing, what is waived."""
    failed = [one for one in report.findings if one.is_judged]
    failed.sort(key=lambda one: (one.verdict is not Verdict.FAIL, -one.severity))
    facts = list(_missing(report))
    waived = list(_waived(report))
    groups = groups_of(report)
    parts = [*_head(report, failing(groups)), *_errors(report), *_causes(groups)]
    closing = [
        *_maps(report),
        *_folded("Not stated and waived", [*facts, *waived]),
        f"Not covered: {', '.join(OUT_OF_SCOPE)}.",
    ]
    table = list(_table(failed))
    room = MOST_CHARACTERS - _FOLDS - sum(len(part) + 2 for part in (*parts, *table, *closing))
    details = [*table, *_details(failed, room)]
    text = "\n\n".join([*parts, *_folded(f"{amount(len(failed), 'finding')} in detail", details), *closing]) + "\n"
    return linked(
        text, {file.name: report.root.file(file.name) for file in report.files}, report.links, MOST_CHARACTERS
    )


def _maps(report: Report) -> Iterator[str]:
    """Who sends what to whom, for deployments of which that can be seen at a glance."""
    drawn = [one for one in report.overviews if one.picture and len(one.picture) <= _MOST_PICTURE][:_MOST_MAPS]
    for one in drawn:
        name = f": {prose(one.deployment)}" if len(report.overviews) > 1 else ""
        yield from _folded(f"Who sends what to whom{name}", [f"```mermaid\n{one.picture.rstrip()}\n```"])


def _folded(title: str, parts: Sequence[str]) -> Iterator[str]:
    """What opens when somebody asks for it."""
    if parts:
        yield "\n\n".join([f"<details><summary>{title}</summary>", *parts, "</details>"])


def _causes(groups: Sequence[CauseGroup]) -> Iterator[str]:
    """A row a cause, short enough for a comment that people read."""
    if not groups:
        return
    rows = [_cause_row(group) for group in groups[:_MOST_CAUSES]]
    left = groups[_MOST_CAUSES:]
    more = [row("", f"and {amount(len(left), 'more cause')}", "", f"{sum(len(one.findings) for one in left):,}", "")]
    heads = [row("worst", "cause", "place", "findings", "what"), row("---", "---", "---", "---:", "---")]
    yield "\n".join([*heads, *rows, *(more if left else [])])
    if fixes := [group for group in groups[:_MOST_CAUSES] if group.fix]:
        yield "\n".join(
            line(f"{code(one.cause)}: {prose('; '.join(one.fix.steps))} (tried: clears {one.fix.clears})")
            for one in fixes
            if one.fix
        )


def _cause_row(group: CauseGroup) -> str:
    return row(
        _grade(group.worst),
        f"{code(group.cause.partition(':')[0])} {prose(_short(group.gloss))}".strip(),
        code(f"{group.file}:{group.line}"),
        f"{len(group.findings):,}",
        prose(_short(group.worst.message)),
    )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_WORDS else f"{plain[: _MOST_WORDS - 1]}…"


def _head(report: Report, causes: int) -> Iterator[str]:
    yield f"## fedpolicy: {_verdict(report, causes)}"
    verdicts = [verdict.value.replace("_", " ") for verdict in report.counts]
    yield grid(verdicts, [[f"{number:,}" for number in report.counts.values()]], rule="---:")
    if report.baseline:
        yield f"{prose(baseline_words(report.baseline))}."
    yield from (f"{prose(one)}." for one in (*day_words(report), *scope_words(report)))
    for one in override_lines(report.overrides):
        yield f"**{prose(one)}.**"


def _verdict(report: Report, causes: int) -> str:
    fails = report.counts.get(Verdict.FAIL, 0)
    new = "new " if report.baseline else ""
    if report.interruption:
        return str(report.interruption)
    if unusable := sum(1 for one in problems(report) if one.rule == UNUSABLE):
        return f"{amount(unusable, 'problem')} in the input"
    if not report.evaluated:
        return "nothing was evaluated"
    if fails:
        return f"{verdict_word(report)}, {amount(fails, f'{new}finding')} from {amount(causes, 'cause')}"
    found = "no owner within the scope of these packs" if protects_nobody(report) else f"no {new}findings"
    return f"{verdict_word(report)}, {found}"


def _errors(report: Report) -> Iterator[str]:
    errors = [
        f"{code(str(error.span)) + ': ' if error.span.file else ''}{prose(error.message)}"
        f"{f' ({prose(error.help)})' if error.help else ''}"
        for error in problems(report)
        if error.rule == UNUSABLE
    ]
    if errors:
        yield "### Input that cannot be used"
        yield _list(errors, MOST_ROWS)


def _table(failed: Sequence[Finding]) -> Iterator[str]:
    if failed:
        rows = [(_grade(one), code(one.rule), code(_place(one)), _headline(one)) for one in failed[:MOST_ROWS]]
        more = [] if len(failed) <= MOST_ROWS else [("", "", "", f"and {len(failed) - MOST_ROWS:,} more")]
        yield grid(("severity", "rule", "place", "what"), [*rows, *more])


def _headline(finding: Finding) -> str:
    text = " ".join(finding.message.split())
    return prose(text if len(text) <= _MOST_HEADLINE else text[: _MOST_HEADLINE - 1] + "…")


def _grade(finding: Finding) -> str:
    return f"**{finding.grade}**" if finding.verdict is Verdict.FAIL else finding.grade


def _place(finding: Finding) -> str:
    return f"{finding.span.file}:{finding.span.line}"


def _details(failed: Sequence[Finding], room: int) -> Iterator[str]:
    """As many as fit; the last line is paid for in advance."""
    told: set[str] = set()
    for number, finding in enumerate(failed):
        text = "\n\n".join(_detail(finding, told=finding.rule in told))
        room -= len(text) + 2
        if room < 0:
            yield f"{amount(len(failed) - number, 'finding')} more without details here: see the full report."
            return
        told.add(finding.rule)
        yield text


def _detail(finding: Finding, *, told: bool) -> Iterator[str]:
    yield f"### {finding.grade}: {code(finding.rule)}"
    yield f"{prose(finding.message)} ({code(_place(finding))})"
    if any(finding.paths):
        yield "\n".join(["```mermaid", *flowchart(finding.paths), "```"])
    yield "\n".join(_remarks(finding, told=told))


def _remarks(finding: Finding, *, told: bool) -> Iterator[str]:
    yield line(f"**about**: {listing([code(element) for element in finding.elements])}")
    for note in finding.notes:
        yield line(f"**note**: {prose(note)}")
    if told:
        yield line(f"**see**: {code(finding.rule)} above, for why and what to do")
        return
    if finding.why:
        yield line(f"**why**: {prose(reason(finding.why))}")
    if finding.help:
        yield line(f"**help**: {prose(finding.help)}")
    for one in finding.references:
        yield line(
            f"**{basis_word(one.basis)}**: {f'[{prose(one.title)}](<{one.url}>)' if one.url else prose(one.title)}"
        )


def _missing(report: Report) -> Iterator[str]:
    facts = missing_facts(report.findings, report.places)
    if facts:
        yield f"### {amount(len(facts), 'fact')} not stated"
        rows = [
            f"{code(fact.fact)} ({code(f'{fact.file}:{fact.span.line}')}): {', '.join(map(code, fact.rules))}"
            for fact in facts
        ]
        yield _list(rows, _MOST_FACTS)


def _waived(report: Report) -> Iterator[str]:
    rows = [
        f"{code(one.rule)} ({code(_place(one))}): {prose('; '.join((one.message, *one.notes)))}"
        for one in report.findings
        if one.verdict is Verdict.WAIVED
    ]
    if rows:
        yield "### Waived"
        yield _list(rows, MOST_ROWS)


def _list(rows: Sequence[str], most: int) -> str:
    return "\n".join(map(line, few(rows, most)))
