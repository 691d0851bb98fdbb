"""What a file contributes to a record of processing activities (GDPR Article 30), as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.findings import Report
from fedpolicy.overview import Overview
from fedpolicy.report.markup import code, grid, prose
from fedpolicy.report.ropa import CAUTION, PROCESSING, RopaField, processing, ropa_fields, unusable
from fedpolicy.report.summarise import OUT_OF_SCOPE

SUMMARY = "for records of processing: the fields of GDPR Article 30, contributions and residual gaps, as Markdown"
SUFFIX = ".ropa.md"
OVERVIEW = RECORD = True
_HEADS = ("field", "what it asks for", "contribution of the file", "residual gap")


def render(report: Report) -> str:
    """Write a table an activity: what the file contributes to each field, and what is left to fill in."""
    told = [*unusable(report), *(part for one in report.overviews for part in _deployment(one))]
    nothing = [] if told else ["Nothing was judged that processes personal data."]
    day = f" As on {report.today}." if report.today else ""
    foot = f"fedpolicy {report.version}.{day} Not covered: {', '.join(OUT_OF_SCOPE)}."
    return "\n\n".join(["# Contribution to a record of processing activities", CAUTION, *told, *nothing, foot]) + "\n"


def _deployment(one: Overview) -> Iterator[str]:
    activities = one.record.activities if one.record else ()
    if activities:
        yield f"## {prose(one.deployment)} ({code(one.file)})"
    for activity in activities:
        yield f"### {code(activity.id)}: {prose(activity.title)} (line {activity.line})"
        yield grid(_HEADS, map(_field_row, ropa_fields(activity)))
    if one.record and one.record.processors:
        yield "### Those who process for others (Article 30(2))"
        yield grid(PROCESSING, ([*map(prose, processing(each))] for each in one.record.processors))


def _field_row(field: RopaField) -> tuple[str, ...]:
    return (f"Art. {field.article}", field.name, prose(field.contribution) or "-", prose(field.gap) or "-")
