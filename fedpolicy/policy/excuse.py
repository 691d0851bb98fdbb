"""What a run leaves out of its verdict: waived findings, and those that a baseline knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Protocol

from fedpolicy.errors import Problems
from fedpolicy.files import Files
from fedpolicy.findings import VERDICTS, Baselined, Finding, Report, SourceFile, Verdict
from fedpolicy.policy.baseline import Baseline, compare
from fedpolicy.policy.housekeeping import GONE, as_set
from fedpolicy.policy.load import load_rules, shipped_ids
from fedpolicy.policy.waive import Checked, waive
from fedpolicy.policy.waiverfile import WaiverFile

__all__ = ["Excuses", "excuse"]


class Excuses(Protocol):
    """What a run says of waivers and the baseline; see `fedpolicy.pipeline.Settings`."""

    @property
    def waivers(self) -> WaiverFile | None: ...  # noqa: D102
    @property
    def baseline(self) -> Baseline | None: ...  # noqa: D102
    @property
    def today(self) -> str: ...  # noqa: D102
    @property
    def packs(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def files(self) -> Files: ...  # noqa: D102
    @property
    def severities(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def disabled(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def select(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def ignore(self) -> Sequence[str]: ...  # noqa: D102


def excuse(report: Report, settings: Excuses) -> Report:
    """Apply the waivers, then the baseline, to the findings of all deployments; the order of findings is left open."""
    # Where something could not be checked, nobody can tell what is unused or fixed.
    whole = not report.errors and not any(file.errors for file in report.files)
    checked = Checked(
        rules={rule.id for rule in report.rules} if whole else set(),
        deployments={name for file in report.files for name in file.deployments},
        known=cache(lambda: _known(settings.packs, settings.files)),
        whole=whole,
    )
    found = list(report.findings)
    quoted: list[SourceFile] = []
    counted: Baselined | None = None
    if settings.waivers:
        found = waive(found, settings.waivers, checked, settings.today)
        quoted.append(SourceFile(name=settings.waivers.name, lines=settings.waivers.lines))
    if settings.baseline:
        found, counted = compare(found, settings.baseline, checked.rules, checked.deployments)
        quoted.append(SourceFile(name=settings.baseline.name, lines=settings.baseline.lines))
    found = list(as_set(found, settings))
    return replace(
        report,
        findings=tuple(found),
        counts=_counts(report, found),
        files=(*report.files, *(file for file in quoted if any(one.span.file == file.name for one in found))),
        baseline=counted,
    )


def _known(packs: Sequence[str], files: Files) -> frozenset[str]:
    try:
        return shipped_ids() | {GONE} | {rule.id for rule in load_rules(packs, files=files)}
    except Problems:
        return shipped_ids() | {GONE}  # what is wrong is said elsewhere


def _counts(report: Report, found: Sequence[Finding]) -> dict[Verdict, int]:
    """What passed and did not apply stays; the others are as the report shows them."""
    counts = Counter(report.counts)
    counts.subtract(Counter(finding.verdict for finding in report.findings))
    counts.update(Counter(finding.verdict for finding in found))
    return {verdict: counts[verdict] for verdict in VERDICTS}
