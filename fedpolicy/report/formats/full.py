"""The report for people: what is wrong, where, by which way, why, what to do; then what nobody stated, as questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from fedpolicy.findings import Finding, Report, Span, Verdict
from fedpolicy.report import PLAIN, Style, basis_word, clean, listing, reason, wrap
from fedpolicy.report.excerpt import gutter, snippet, ways_in
from fedpolicy.report.grouping import failing, groups_of, unknowns
from fedpolicy.report.summarise import missing_facts
from fedpolicy.report.verdict import counts_line, remarks, scope, verdict_line, verdict_style

SUMMARY = "for people, in full (`-v`): source lines, paths, reasons and advice"
SUFFIX = ".full.txt"
OVERVIEW = True
Places = Mapping[tuple[str, str, str], Span]


def render(report: Report) -> str:
    """Write the report plain and at a fixed width, the same on every machine."""
    return draw(report, PLAIN)


def draw(report: Report, look: Style) -> str:
    """Write the report for a terminal of this width, coloured or not."""
    lines = {file.name: file.lines for file in report.files}
    several = sum(len(file.deployments) for file in report.files) > 1
    if not report.evaluated:
        return "\n".join([verdict_line(report, 0), *remarks(report, look)]) + "\n"
    parts: list[list[str]] = [[look.paint(verdict_style(report), verdict_line(report, failing(groups_of(report))))]]
    told: set[str] = set()
    for (file, deployment), group in groupby(report.findings, key=lambda one: (one.span.file, one.deployment)):
        findings = list(group)
        if several:
            parts.append([look.paint("bold", f"## {clean(f'{deployment} ({file})' if deployment else file)}")])
        parts += _deployment(findings, lines.get(file, ()), report.places, told, look)
    parts.append([counts_line(report, look), *remarks(report, look), *scope(look)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _deployment(
    findings: Sequence[Finding], lines: Sequence[str], places: Places, told: set[str], look: Style
) -> Iterator[list[str]]:
    for finding in findings:
        if finding.is_judged:
            yield _finding(finding, lines, finding.rule in told, look)
            told.add(finding.rule)
    if facts := missing_facts(findings, places):
        yield unknowns(facts, look)
    if waived := [finding for finding in findings if finding.verdict is Verdict.WAIVED]:
        yield [line for finding in waived for line in _waived(finding, look)]


def _finding(finding: Finding, lines: Sequence[str], told: bool, look: Style) -> list[str]:  # noqa: FBT001
    indent = " " * gutter(finding.span, lines)
    return [
        *_head(finding.grade, finding, look),
        *snippet(finding.span, lines, look, finding.grade),
        *(line for label, body in _remarks(finding, told=told) for line in _remark(label, body, indent, look)),
    ]


def _head(style: str, finding: Finding, look: Style) -> list[str]:
    start = f"{style}[{finding.rule}]: "
    first, *rest = wrap(finding.message, look, start, "    ") or [start]
    return [look.paint(style, first[: len(start) - 2]) + look.paint("bold", first[len(start) - 2 :]), *rest]


def _remarks(finding: Finding, *, told: bool) -> Iterator[tuple[str, str | list[str]]]:
    yield from ways_in(finding.paths)
    if len(finding.elements) > 1:
        yield "about", listing(finding.elements)
    for note in finding.notes:
        yield "note", note
    if told:
        yield "see", f"{finding.rule} above, for why and what to do"
        return
    if finding.why:
        yield "why", reason(finding.why)
    if finding.help:
        yield "help", finding.help
    for reference in finding.references:
        title = f"{reference.title} <{reference.url}>" if reference.url else reference.title
        yield basis_word(reference.basis), "\n".join(part for part in (title, reference.note) if part)


def _remark(label: str, body: str | list[str], indent: str, look: Style) -> list[str]:
    start = f"{indent} {look.paint('frame', '=')} {look.paint('bold', label)}"
    if isinstance(body, list):
        return [f"{start}{':' if body else ''}", *(f"{indent}     {line}" for line in body)]
    plain = f"{indent} = {label}: "
    first, *rest = wrap(body, look, plain, f"{indent}     ") or [plain]
    return [f"{start}: {first[len(plain) :]}", *rest]


def _waived(finding: Finding, look: Style) -> list[str]:
    start = f"waived[{finding.rule}]: "
    place = f"{' ' * 4}{look.paint('frame', '-->')} {clean(str(finding.span))}"
    notes = [line for note in finding.notes for line in wrap(note, look, "    ", "    ")]
    return [*wrap(finding.message, look, start, "    "), place, *notes]
