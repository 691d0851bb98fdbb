"""
Baselines and waivers that are renewed: each gets the file that it is about, and follows one that was moved.

Nothing new is excused: an entry of a baseline stays, or goes; a waiver reaches what it reached before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.findings import Finding
from fedpolicy.policy.baseline import Baseline, BaselineEntry, entry_of, finding_key, may_be_known, taken
from fedpolicy.policy.coverage import Coverage
from fedpolicy.policy.excuse import covers, is_of
from fedpolicy.policy.housekeeping import GONE
from fedpolicy.policy.waivers import WaiverEntry, WaiverFile

__all__ = ["files_of_waivers", "renewed"]


def renewed(baseline: Baseline, findings: Sequence[Finding], coverage: Coverage) -> list[BaselineEntry]:
    """
    The entries of a baseline for what is still found, as it is found, and those that the run says nothing about.

    Only a run of everything knows that a file is not there any more.
    """
    left: dict[tuple[str, str, str], list[BaselineEntry]] = {}
    for entry in baseline.entries:
        left.setdefault(entry.finding, []).append(entry)
    found: list[BaselineEntry] = []
    waiting: list[Finding] = []
    for finding in findings:
        file = coverage.about(finding)
        if may_be_known(finding) and taken(left.get(finding_key(finding), []), finding, file):
            found.append(entry_of(finding, file))
        else:
            waiting.append(finding)
    if coverage.everything:
        found += _moved(waiting, left, coverage)
    kept = [entry for entries in left.values() for entry in entries if not _over(entry, coverage, waiting)]
    return [*found, *kept]


def _moved(
    findings: Sequence[Finding], left: dict[tuple[str, str, str], list[BaselineEntry]], coverage: Coverage
) -> Iterator[BaselineEntry]:
    for finding in filter(may_be_known, findings):
        entries = left.get(finding_key(finding), [])
        gone = (one for one in entries if one.file not in coverage.files and one.knows(finding))
        if entry := next(gone, None):
            entries.remove(entry)
            yield entry_of(finding, coverage.about(finding))


def _over(entry: BaselineEntry, coverage: Coverage, waiting: Sequence[Finding]) -> bool:
    """Whether nobody needs an entry: what it is about was looked for and not found, not even in a worse form."""
    if entry.rule not in coverage.rules:
        return False
    looked = coverage.everything or coverage.has_seen(entry.file, entry.deployment)
    return looked and not any(
        finding_key(one) == entry.finding and entry.file in ("", coverage.about(one)) for one in waiting
    )


def files_of_waivers(file: WaiverFile, findings: Sequence[Finding], coverage: Coverage) -> dict[str, tuple[str, ...]]:
    """Which files to write into which waivers: into those that name none, or only files that are not there any more."""
    wanted: dict[str, tuple[str, ...]] = {}
    for entry in file.entries:
        about = {coverage.about(one) for one in findings if covers(entry, one)}
        if about and entry.rule != GONE and _is_stale(entry, coverage):
            wanted[entry.id] = tuple(sorted(about))
    return wanted


def _is_stale(entry: WaiverEntry, coverage: Coverage) -> bool:
    if not entry.files:
        return True
    return coverage.everything and not any(is_of(entry, one) for one in coverage.files)
