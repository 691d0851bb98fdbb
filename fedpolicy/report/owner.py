"""A report turned round: what of it concerns one party and its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.findings import Verdict

if TYPE_CHECKING:
    from fedpolicy.findings import Finding, Report

__all__ = ["concerns", "of_owner", "only"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)


def concerns(finding: Finding, owner: str, owners: Mapping[str, str]) -> bool:
    """
    Whether a finding names a party, or data of it, or nobody at all.

    What names nobody is about the deployment as a whole, and so about everybody; what names only others is not.
    """
    named = {section: set[str]() for section in ("parties", "datasets")}
    for element in finding.elements:
        section, _, name = element.partition(".")
        if section in named:
            named[section].add(name)
    if owner in named["parties"] or any(owners.get(name) == owner for name in named["datasets"]):
        return True
    return not (named["parties"] or named["datasets"])


def only(report: Report, deployment: str) -> Report:
    """The report on one of the deployments of a file."""
    overviews = tuple(one for one in report.overviews if one.deployment == deployment)
    findings = tuple(one for one in report.findings if one.deployment in ("", deployment))
    return replace(report, findings=findings, overviews=overviews)


def of_owner(report: Report, owner: str) -> Report:
    """The report with the findings that concern one party; what they count follows, what passed stays as it was."""
    owners = {(one.file, one.deployment): one.owners for one in report.overviews if owner in one.parties}
    found = tuple(
        one
        for one in report.findings
        if not one.deployment
        or ((one.span.file, one.deployment) in owners and concerns(one, owner, owners[one.span.file, one.deployment]))
    )
    told = Counter(one.verdict for one in found)
    counts = {verdict: told[verdict] if verdict in _TOLD else number for verdict, number in report.counts.items()}
    return replace(report, findings=found, counts=counts)
