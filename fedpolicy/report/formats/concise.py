"""The report with a line a finding: place, severity, rule, message, fingerprint; questions are findings too."""

from __future__ import annotations

from fedpolicy.findings import Finding, Report
from fedpolicy.report import PLAIN, clean
from fedpolicy.report.grouping import failing, groups_of
from fedpolicy.report.verdict import counts_line, remarks, verdict_line

SUMMARY = "for people and `grep`: a line a finding, with its fingerprint"
SUFFIX = ".concise.txt"
OVERVIEW = True


def render(report: Report) -> str:
    """Write the verdict, a line a finding in the order of the report, and the counts."""
    if not report.evaluated:
        return "\n".join([verdict_line(report, 0), *remarks(report, PLAIN)]) + "\n"
    counts = f"{verdict_line(report, 0).partition(' ')[0]}: {counts_line(report, PLAIN)}"
    lines = [verdict_line(report, failing(groups_of(report))), *map(_line, report.findings), *remarks(report, PLAIN)]
    return "\n".join([*lines, counts]) + "\n"


def _line(finding: Finding) -> str:
    asked = f" (not stated: {', '.join(finding.missing)})" if finding.missing else ""
    message = " ".join((finding.message or finding.title).split())
    return clean(f"{finding.span}: {finding.grade} {finding.rule} [{finding.fingerprint[:8]}] {message}{asked}")
