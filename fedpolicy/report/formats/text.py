"""The report for people: what is wrong, where, by which way, why, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from fedpolicy.findings import Finding, Report, Span, Verdict
from fedpolicy.report.hops import ways_in
from fedpolicy.report.snippet import gutter, snippet
from fedpolicy.report.style import PLAIN, Style, amount, clean, listing, wrap
from fedpolicy.report.summarise import OUT_OF_SCOPE, missing_facts
from fedpolicy.report.unknowns import unknowns

__all__ = ["SUFFIX", "SUMMARY", "draw", "render"]

SUMMARY = "for people: source lines, paths, reasons and advice"
SUFFIX = ".txt"

Places = Mapping[tuple[str, str, str], Span]

_COUNTED = (
    (Verdict.FAIL, "critical"),
    (Verdict.UNKNOWN, "unknown"),
    (Verdict.PASS, "pass"),
    (Verdict.NOT_APPLICABLE, "dim"),
    (Verdict.WAIVED, "medium"),
)


def render(report: Report) -> str:
    """Write the report plain and at a fixed width, the same on every machine."""
    return draw(report, PLAIN)


def draw(report: Report, look: Style) -> str:
    """Write the report for a terminal of this width, coloured or not."""
    lines = {file.name: file.lines for file in report.files}
    several = sum(len(file.deployments) for file in report.files) > 1
    if not report.evaluated:
        return "\n".join(["nothing was evaluated", *_overridden(report, look), *_stopped(report, look)]) + "\n"
    parts: list[list[str]] = []
    told: set[str] = set()
    for (file, deployment), group in groupby(report.findings, key=lambda one: (one.span.file, one.deployment)):
        findings = list(group)
        if several:
            parts.append([look.paint("bold", f"## {clean(f'{deployment} ({file})' if deployment else file)}")])
        parts += _deployment(findings, lines.get(file, ()), report.places, told, look)
    parts.append(_closing(report, look))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _deployment(
    findings: Sequence[Finding], lines: Sequence[str], places: Places, told: set[str], look: Style
) -> Iterator[list[str]]:
    for finding in findings:
        if finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.UNKNOWN and not finding.missing):
            yield _finding(finding, lines, finding.rule in told, look)
            told.add(finding.rule)
    if facts := missing_facts(findings, places):
        yield unknowns(facts, look)
    if waived := [finding for finding in findings if finding.verdict is Verdict.WAIVED]:
        yield [line for finding in waived for line in _waived(finding, look)]


def _finding(finding: Finding, lines: Sequence[str], told: bool, look: Style) -> list[str]:  # noqa: FBT001
    style = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.label
    indent = " " * gutter(finding.span, lines)
    return [
        *_head(style, finding, look),
        *snippet(finding.span, lines, look, style),
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
        yield "why", finding.why
    if finding.help:
        yield "help", finding.help
    for reference in finding.references:
        title = f"{reference.title} <{reference.url}>" if reference.url else reference.title
        yield reference.basis, "\n".join(part for part in (title, reference.note) if part)


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


def _closing(report: Report, look: Style) -> list[str]:
    counts = [
        look.paint(
            style if report.counts[verdict] else "dim", f"{report.counts[verdict]:,} {verdict.replace('_', ' ')}"
        )
        for verdict, style in _COUNTED
    ]
    scope = wrap(f"not covered: {', '.join(OUT_OF_SCOPE)} (docs/limits.md)", look, "", "    ")
    return [
        f"{', '.join(counts)} ({_severities(report)}{_extent(report)})",
        *_known(report, look),
        *_overridden(report, look),
        *_stopped(report, look),
        *(look.paint("dim", line) for line in scope),
    ]


def _stopped(report: Report, look: Style) -> list[str]:
    return [look.paint("error", str(report.interruption))] if report.interruption else []


def _known(report: Report, look: Style) -> list[str]:
    if report.baseline is None:
        return []
    from fedpolicy.report.annotations import baseline_words  # noqa: PLC0415  few reports have a baseline

    return wrap(baseline_words(report.baseline), look, "", "    ")


def _overridden(report: Report, look: Style) -> list[str]:
    if not report.overrides:
        return []
    from fedpolicy.report.overrides import override_lines  # noqa: PLC0415  few reports have any

    return [line for one in override_lines(report.overrides) for line in wrap(one, look, "", "    ")]


def _severities(report: Report) -> str:
    failed = Counter(finding.severity for finding in report.findings if finding.verdict is Verdict.FAIL)
    shown = ", ".join(f"{failed[severity]:,} {severity.label}" for severity in sorted(failed, reverse=True))
    return f"{shown}; " if shown else ""


def _extent(report: Report) -> str:
    deployments = amount(sum(len(file.deployments) for file in report.files), "deployment")
    rules = (
        f"{amount(len(report.rules), 'rule')} of {listing(report.packs)}"
        if report.packs
        else amount(len(report.rules), "rule")
    )
    broken = sum(bool(file.errors) for file in report.files)
    return f"{deployments}, {rules}" + (f"; {amount(broken, 'file')} with mistakes" if broken else "")
