"""What somebody has to look at, as one list, most severe first, with the paths that forges know files by."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from fedpolicy.errors import FedPolicyError
from fedpolicy.files import Root
from fedpolicy.findings import Baselined, Finding, Hop, Report, RuleInfo, Severity, Span, Verdict
from fedpolicy.overview import ScanReading
from fedpolicy.report import amount
from fedpolicy.report.rows import mistake_rows
from fedpolicy.report.summarise import missing_facts

UNUSABLE = "unusable-input"
INTERRUPTED = "interrupted"
MISSING_FACT = RuleInfo(
    id="missing-fact",
    pack="fedpolicy",
    title="A fact that rules need is not stated",
    severity=Severity.INFO,
    principle="transparency",
    why="What is not declared is not compliant: rules that need the fact can neither pass nor fail.",
    help="State the fact in the deployment. If it is not known, find it out before anything is deployed.",
)
Named = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One thing to show at one place; `span` names no file where the run itself is meant. `mark` tells equals apart."""

    rule: str
    verdict: str
    severity: Severity
    span: Span
    message: str
    help: str = ""
    path: tuple[Hop, ...] = ()
    mark: str = ""


def annotations_of(report: Report) -> list[Annotation]:
    """Everything that a report asks somebody to look at; waived findings are decided, so they are not among it."""
    found = [*problems(report), *_findings(report), *_missing(report)]
    return list(_numbered(sorted(found, key=lambda one: -one.severity)))


def problems(report: Report) -> Iterator[Annotation]:
    """What could not be used, of the run and of its files; first of all, that somebody stopped the run."""
    for row in mistake_rows(report):
        line, column = row["line"] or 1, row["column"] or 1
        message = f"{row['element']}: {row['message']}" if row["element"] else row["message"]
        yield Annotation(
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


def _findings(report: Report) -> Iterator[Annotation]:
    for finding in report.findings:
        if finding.is_judged:
            yield Annotation(
                rule=finding.rule,
                verdict=finding.verdict.value,
                severity=finding.severity if finding.verdict is Verdict.FAIL else Severity.INFO,
                span=finding.span,
                message=finding.message or finding.title,
                help=finding.help,
                path=finding.paths[0] if finding.paths else (),
                mark=finding.fingerprint,
            )


def _missing(report: Report) -> Iterator[Annotation]:
    """One a fact: it may be missing for many rules, and none of them is known to fail."""
    for fact in missing_facts(report.findings, report.places):
        verb = "decides" if fact.alone else "helps to decide"
        yield Annotation(
            rule=MISSING_FACT.id,
            verdict=Verdict.UNKNOWN.value,
            severity=Severity.INFO,
            span=fact.span,
            message=f"{fact.fact} is not stated; it {verb} {', '.join(fact.rules)}",
            help=MISSING_FACT.help,
            mark=f"{fact.deployment}/{fact.fact}",
        )


def _numbered(found: Iterable[Annotation]) -> Iterator[Annotation]:
    seen: Counter[tuple[str, str]] = Counter()
    for annotation in found:
        seen[annotation.rule, annotation.mark] += 1
        yield replace(annotation, mark=f"{annotation.rule}:{annotation.mark}:{seen[annotation.rule, annotation.mark]}")


def rooted(report: Report) -> Report:
    """The same report with every file named from the root of the repository, wherever the check ran."""
    if not report.root.below:  # then they have these names already
        return report
    named = cache(report.root.file)
    return replace(
        report,
        findings=tuple(_finding(one, named) for one in report.findings),
        files=tuple(replace(one, name=named(one.name), errors=_errors(one.errors, named)) for one in report.files),
        errors=_errors(report.errors, named),
        places={(named(file), name, fact): _span(span, named) for (file, name, fact), span in report.places.items()},
        baseline=report.baseline and replace(report.baseline, file=named(report.baseline.file)),
        reading=report.reading and _reading(report.reading, named),
        root=Root(),
    )


def _span(span: Span, named: Named) -> Span:
    # What is about no file has an empty name.
    return replace(span, file=named(span.file)) if span.file else span


def _finding(finding: Finding, named: Named) -> Finding:
    waiver = finding.waiver and replace(finding.waiver, span=_span(finding.waiver.span, named))
    paths = tuple(tuple(replace(hop, span=_span(hop.span, named)) for hop in path) for path in finding.paths)
    related = tuple(replace(one, span=_span(one.span, named)) for one in finding.related)
    message = finding.message
    for was, now in zip(finding.related, related, strict=True):
        message = message.replace(str(was.span), str(now.span))
    span = _span(finding.span, named)
    return replace(finding, span=span, paths=paths, waiver=waiver, related=related, message=message)


def _reading(reading: ScanReading, named: Named) -> ScanReading:
    return replace(reading, not_read=tuple(replace(one, file=named(one.file)) for one in reading.not_read))


def _errors(errors: Iterable[Exception], named: Named) -> tuple[Exception, ...]:
    return tuple(_error(one, named) for one in errors)


def _error(error: Exception, named: Named) -> Exception:
    if not isinstance(error, FedPolicyError) or error.span is None:
        return error
    found = copy.copy(error)
    found.span = _span(error.span, named)
    return found
