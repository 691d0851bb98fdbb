"""What somebody has to look at, as one list: failures, missing facts, input that cannot be used. Most severe first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fedpolicy.findings import Baselined, Hop, Report, Severity, Span, Verdict
from fedpolicy.report.plain import error_rows
from fedpolicy.report.sarif_rules import MISSING_FACT
from fedpolicy.report.summarise import missing_facts
from fedpolicy.report.words import amount

__all__ = ["INTERRUPTED", "UNUSABLE", "Notice", "baseline_words", "notices", "problems"]

UNUSABLE = "unusable-input"
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to show at one place; `span` names no file where the run itself is meant. `mark` tells equals apart."""

    rule: str
    verdict: str
    severity: Severity
    span: Span
    message: str
    help: str = ""
    path: tuple[Hop, ...] = ()
    mark: str = ""


def notices(report: Report) -> list[Notice]:
    """Everything that a report asks somebody to look at; waived findings are decided, so they are not among it."""
    found = [*problems(report), *_findings(report), *_missing(report)]
    return list(_numbered(sorted(found, key=lambda one: -one.severity)))


def problems(report: Report) -> Iterator[Notice]:
    """What could not be used, of the run and of its files; first of all, that somebody stopped the run."""
    rows = [*error_rows(report.errors), *(row for file in report.files for row in error_rows(file.errors, file.name))]
    for row in rows:
        line, column = row["line"] or 1, row["column"] or 1
        message = f"{row['element']}: {row['message']}" if row["element"] else row["message"]
        yield Notice(
            rule=INTERRUPTED if report.interruption and message == str(report.interruption) else UNUSABLE,
            verdict="error",
            severity=Severity.CRITICAL,
            span=Span(file=row["file"], line=line, column=column, end_line=line, end_column=column + 1),
            message=message,
            help=row["help"],
            mark=f"{row['file']}/{message}",
        )


def baseline_words(baseline: Baselined) -> str:
    """What a baseline keeps out of a report, in words: how much, by verdict, and how much of it is gone."""
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in baseline.known.items() if number)
    known = f"{amount(baseline.total, 'finding')} known from {baseline.file} not shown"
    fixed = f", {baseline.fixed:,} fixed since" if baseline.fixed else ""
    return f"{known}{f' ({counts})' if counts else ''}{fixed}"


def _findings(report: Report) -> Iterator[Notice]:
    for finding in report.findings:
        failed = finding.verdict is Verdict.FAIL
        if failed or (finding.verdict is Verdict.UNKNOWN and not finding.missing):
            yield Notice(
                rule=finding.rule,
                verdict=finding.verdict.value,
                severity=finding.severity if failed else Severity.INFO,
                span=finding.span,
                message=finding.message or finding.title,
                help=finding.help,
                path=finding.paths[0] if finding.paths else (),
                mark=finding.fingerprint,
            )


def _missing(report: Report) -> Iterator[Notice]:
    """One a fact: it may be missing for many rules, and none of them is known to fail."""
    for fact in missing_facts(report.findings, report.places):
        verb = "decides" if fact.alone else "helps to decide"
        yield Notice(
            rule=MISSING_FACT.id,
            verdict=Verdict.UNKNOWN.value,
            severity=Severity.INFO,
            span=fact.span,
            message=f"{fact.fact} is not stated; it {verb} {', '.join(fact.rules)}",
            help=MISSING_FACT.help,
            mark=f"{fact.deployment}/{fact.fact}",
        )


def _numbered(found: Iterable[Notice]) -> Iterator[Notice]:
    seen: Counter[tuple[str, str]] = Counter()
    for notice in found:
        seen[notice.rule, notice.mark] += 1
        yield replace(notice, mark=f"{notice.rule}:{notice.mark}:{seen[notice.rule, notice.mark]}")
