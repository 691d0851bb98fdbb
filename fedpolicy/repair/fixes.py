"""A report with causes -> the same report with a change for each cause, proved by checking a copy again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.findings import Severity, Verdict
from fedpolicy.overview import Fix
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.report.grouping import groups_of

if TYPE_CHECKING:
    from fedpolicy.findings import Report
    from fedpolicy.report.grouping import Group
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Source

__all__ = ["MOST_FIXES", "with_fixes"]

MOST_FIXES = 10  # causes of a report; those that are left out are the least severe
_LARGE = 200_000  # bytes of a file from which on a search takes longer than anybody waits for a page
_WHOLE = 1  # cost from which on a dropped entry is more than what nothing uses any more


def with_fixes(report: Report, sources: Mapping[str, Source], settings: Settings, costs: Mapping[str, float]) -> Report:
    """
    Try changes for the worst causes; `sources` are the files by name.

    A cause for which nothing holds gets no fix. Raises what `repair` raises.
    """
    groups = groups_of(report)[:MOST_FIXES]
    overviews = []
    for one in report.overviews:
        own = [group for group in groups if (group.file, group.deployment) == (one.file, one.deployment)]
        tried = ((group, _requests(group, sources, settings, costs)) for group in own)
        found = {group.cause: _fix(requests, grave=group.worst.severity >= Severity.HIGH) for group, requests in tried}
        overviews.append(replace(one, fixes={name: fix for name, fix in found.items() if fix}))
    return replace(report, overviews=tuple(overviews))


def _requests(
    group: Group, sources: Mapping[str, Source], settings: Settings, costs: Mapping[str, float]
) -> Iterator[Request]:
    marks = tuple(one.fingerprint for one in group.findings if one.verdict is Verdict.FAIL and one.fingerprint)
    source = sources.get(group.file)
    if marks and source is not None and len(source.text) < _LARGE:
        yield Request(
            source=source,
            settings=settings,
            costs=costs,
            choice=Choice(findings=marks),
            deployment=group.deployment,
            proposals=1,
        )


def _fix(requests: Iterator[Request], *, grave: bool) -> Fix | None:
    """The first proposal. Nobody gives up a task for a finding that is not grave."""
    for request in requests:
        proposals = repair(request).proposals
        drops = any(step.kind == "drop" and step.cost >= _WHOLE for one in proposals[:1] for step in one.changes)
        if proposals and (grave or not drops):
            best = proposals[0]
            new = tuple(f"{one.severity.label}[{one.rule}] {one.message}" for one in best.new)
            steps = tuple(step.text for step in best.changes)
            return Fix(steps=steps, clears=len(best.clears), new=new, diff=best.diff)
    return None
