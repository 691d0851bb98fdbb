"""
The report for merge requests of GitLab: a Code Quality report, a JSON list.

Each entry has the keys that GitLab reads: description, check_name, fingerprint (unique in the report), severity,
location. Problems of the run that belong to no file have no place there; the job fails by its exit code.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from fedpolicy.findings import Report, Severity, Span
from fedpolicy.report.annotations import Annotation, annotations_of, baseline_words, rooted
from fedpolicy.report.rows import json_text

SUMMARY = "for GitLab: a Code Quality report"
SUFFIX = ".codequality.json"

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report) -> str:
    """Write the list, most severe first."""
    report = rooted(report)
    rows = [_row(annotation) for annotation in (*annotations_of(report), *_known(report)) if annotation.span.file]
    return json_text(rows)


def _known(report: Report) -> Iterator[Annotation]:
    """The list has no other place for it."""
    if report.baseline:
        yield Annotation(
            rule="baseline",
            verdict="known",
            severity=Severity.INFO,
            span=Span(file=report.baseline.file),
            message=baseline_words(report.baseline),
            mark="baseline",
        )


def _bytes(mark: str) -> bytes:
    """The bytes of a mark: the name of a file in it is the same bytes whatever the locale reads them as."""
    try:
        return mark.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return mark.encode("utf-8", "surrogatepass")


def _row(annotation: Annotation) -> dict[str, Any]:
    return {
        "description": annotation.message,
        "check_name": annotation.rule,
        "fingerprint": sha256(_bytes(annotation.mark)).hexdigest(),
        "severity": _SEVERITIES[annotation.severity],
        "location": {
            "path": annotation.span.file,
            "lines": {"begin": annotation.span.line, "end": annotation.span.end_line},
        },
    }
