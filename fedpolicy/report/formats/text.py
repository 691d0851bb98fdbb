"""The report for people: what is wrong, where, by which way, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.report.hops import ways_in
from fedpolicy.report.snippet import gutter, snippet
from fedpolicy.report.summarise import OUT_OF_SCOPE, MissingFact, missing_facts
from fedpolicy.report.words import PLAIN, Look, amount, clean, listing, wrap

__all__ = ["SUFFIX", "SUMMARY", "draw", "render"]

SUMMARY = "for people: source lines, paths, reasons and advice"
SUFFIX = ".txt"

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


def draw(report: Report, look: Look) -> str:
    """Write the report for a terminal of this width, coloured or not."""
    lines = {file.name: file.lines for file in report.files}
    several = sum(len(file.deployments) for file in report.files) > 1
    if not sum(report.counts.values()):
        return "nothing was evaluated\n"
    parts: list[list[str]] = []
    for (file, deployment), group in groupby(report.findings, key=lambda one: (one.span.file, one.deployment)):
        findings = list(group)
        if several:
            parts.append([look.paint("bold", f"## {clean(deployment)} ({clean(file)})")])
        parts += _deployment(findings, lines.get(file, ()), look)
    parts.append(_closing(report, look))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _deployment(findings: Sequence[Finding], lines: Sequence[str], look: Look) -> Iterator[list[str]]:
    for finding in findings:
        if finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.UNKNOWN and not finding.missing):
            yield _finding(finding, lines, look)
    if facts := missing_facts(findings):
        yield _unknowns(facts, look)
    if waived := [finding for finding in findings if finding.verdict is Verdict.WAIVED]:
        yield [line for finding in waived for line in _waived(finding, look)]


def _finding(finding: Finding, lines: Sequence[str], look: Look) -> list[str]:
    style = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.label
    indent = " " * gutter(finding.span, lines)
    return [
        *_head(style, finding, look),
        *snippet(finding.span, lines, look, style),
        *(line for label, body in _remarks(finding) for line in _remark(label, body, indent, look)),
    ]


def _head(style: str, finding: Finding, look: Look) -> list[str]:
    start = f"{style}[{finding.rule}]: "
    first, *rest = wrap(finding.message, look, start, "    ") or [start]
    return [look.paint(style, first[: len(start) - 2]) + look.paint("bold", first[len(start) - 2 :]), *rest]


def _remarks(finding: Finding) -> Iterator[tuple[str, str | list[str]]]:
    yield from ways_in(finding.paths)
    if len(finding.elements) > 1:
        yield "about", listing(finding.elements)
    for note in finding.notes:
        yield "note", note
    if finding.why:
        yield "why", finding.why
    if finding.help:
        yield "help", finding.help
    for reference in finding.references:
        title = f"{reference.title} <{reference.url}>" if reference.url else reference.title
        yield reference.basis, "\n".join(part for part in (title, reference.note) if part)


def _remark(label: str, body: str | list[str], indent: str, look: Look) -> list[str]:
    start = f"{indent} {look.paint('frame', '=')} {look.paint('bold', label)}"
    if isinstance(body, list):
        return [f"{start}{':' if body else ''}", *(f"{indent}     {line}" for line in body)]
    plain = f"{indent} = {label}: "
    first, *rest = wrap(body, look, plain, f"{indent}     ") or [plain]
    return [f"{start}: {first[len(plain) :]}", *rest]


def _unknowns(facts: Sequence[MissingFact], look: Look) -> list[str]:
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {_are(len(facts))} not stated"
    return [f"{head}: {look.paint('bold', title)}", *(line for fact in facts for line in _missing(fact, look))]


def _are(number: int) -> str:
    return "1 fact is" if number == 1 else f"{number:,} facts are"


def _missing(fact: MissingFact, look: Look) -> list[str]:
    element, _, key = fact.fact.rpartition(".")
    what = f"say `{key}` of {element}" if element else f"say `{key}`"
    verb = "decides" if fact.alone else "helps to decide"
    rules = ", ".join(fact.rules)
    place = min(finding.span for finding in fact.findings)
    text = f"{what}: {verb} {amount(len(fact.rules), 'rule')}: {rules}"
    first, *rest = wrap(text, look, "  - ", "    ")
    return [
        look.paint("bold", first[: 4 + len(what)]) + first[4 + len(what) :],
        *rest,
        f"    {look.paint('frame', '-->')} {place}",
    ]


def _waived(finding: Finding, look: Look) -> list[str]:
    start = f"waived[{finding.rule}]: "
    place = f"{' ' * 4}{look.paint('frame', '-->')} {clean(str(finding.span))}"
    notes = [line for note in finding.notes for line in wrap(note, look, "    ", "    ")]
    return [*wrap(finding.message, look, start, "    "), place, *notes]


def _closing(report: Report, look: Look) -> list[str]:
    counts = [
        look.paint(
            style if report.counts[verdict] else "dim", f"{report.counts[verdict]:,} {verdict.replace('_', ' ')}"
        )
        for verdict, style in _COUNTED
    ]
    scope = wrap(f"not covered: {', '.join(OUT_OF_SCOPE)} (docs/limits.md)", look, "", "    ")
    return [f"{', '.join(counts)} ({_extent(report)})", *(look.paint("dim", line) for line in scope)]


def _extent(report: Report) -> str:
    deployments = amount(sum(len(file.deployments) for file in report.files), "deployment")
    rules = (
        f"{amount(len(report.rules), 'rule')} of {listing(report.packs)}"
        if report.packs
        else amount(len(report.rules), "rule")
    )
    return f"{deployments}, {rules}"
