"""
The report for merge requests of GitLab: a Code Quality report, a JSON list.

Each entry has the keys that GitLab reads: description, check_name, fingerprint (unique in the report), severity,
location. Problems of the run that belong to no file have no place there; the job fails by its exit code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from fedpolicy.findings import Report, Severity, Span
from fedpolicy.report.notices import Notice, baseline_words, notices

__all__ = ["SUFFIX", "SUMMARY", "render"]

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
    rows = [_row(notice) for notice in (*notices(report), *_known(report)) if notice.span.file]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _known(report: Report) -> Iterator[Notice]:
    """The list has no other place for it."""
    if report.baseline:
        yield Notice(
            rule="baseline",
            verdict="known",
            severity=Severity.INFO,
            span=Span(file=report.baseline.file),
            message=baseline_words(report.baseline),
            mark="baseline",
        )


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "description": notice.message,
        "check_name": notice.rule,
        "fingerprint": sha256(notice.mark.encode("utf-8", "replace")).hexdigest(),
        "severity": _SEVERITIES[notice.severity],
        "location": {
            "path": notice.span.file,
            "lines": {"begin": notice.span.line, "end": notice.span.end_line},
        },
    }
