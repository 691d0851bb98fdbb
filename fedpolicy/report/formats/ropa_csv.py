"""What a file contributes to a record of processing activities (GDPR Article 30), a row a field, for spreadsheets."""

from __future__ import annotations

from fedpolicy.findings import Report
from fedpolicy.report.ropa import faults, ropa_fields
from fedpolicy.report.rows import csv_text

SUMMARY = "the same for spreadsheets and registers: one row an activity and field of GDPR Article 30"
SUFFIX = ".ropa.csv"
OVERVIEW = RECORD = True
COLUMNS = ("file", "line", "deployment", "activity", "article", "field", "contribution", "residual_gap")


def render(report: Report) -> str:
    """Write a row of names, and a row for each field of each activity."""
    lost = [(one.span.file, one.span.line, "", "", "", "cannot be used", one.message, "") for one in faults(report)]
    return csv_text(
        COLUMNS,
        lost
        + [
            (one.file, made.line, one.deployment, made.id, field.article, field.name, field.contribution, field.gap)
            for one in report.overviews
            if one.record
            for made in one.record.activities
            for field in ropa_fields(made)
        ],
    )
