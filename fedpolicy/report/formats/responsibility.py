"""The responsibility table: on whom each control rests, what the file contributes, and what is left to show."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.findings import Report
from fedpolicy.overview import Overview
from fedpolicy.report.markup import code, grid, prose
from fedpolicy.report.ropa import HEADS, duty, unusable
from fedpolicy.report.summarise import OUT_OF_SCOPE

SUMMARY = "who answers for each control: contribution and residual gap, as a table in Markdown"
SUFFIX = ".responsibility.md"
OVERVIEW = RECORD = True
_ABOUT = (
    "For each control: on whom it rests, who may change it, what the file contributes, and what is left to show. A"
    " contribution is what the file declares; whether it runs so is for evidence."
)


def render(report: Report) -> str:
    """Write one table a deployment."""
    told = [*unusable(report), *(part for one in report.overviews for part in _deployment(one))]
    foot = f"fedpolicy {report.version}. Not covered: {', '.join(OUT_OF_SCOPE)}."
    return "\n\n".join(["# Who answers for which control", _ABOUT, *(told or ["Nothing was judged."]), foot]) + "\n"


def _deployment(one: Overview) -> Iterator[str]:
    if one.record:
        yield f"## {prose(one.deployment)} ({code(one.file)})"
        yield grid(HEADS, ([*map(prose, duty(each))] for each in one.record.responsibilities))
