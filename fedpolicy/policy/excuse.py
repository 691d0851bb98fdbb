"""What a run leaves out of its verdict: waived findings, and those that a baseline knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from fedpolicy.errors import Problems
from fedpolicy.files import Files
from fedpolicy.findings import VERDICTS, Baselined, Finding, Report, SourceFile, Span, Verdict, Waiver
from fedpolicy.graph.lookup import listed_by
from fedpolicy.policy.baseline import set_aside
from fedpolicy.policy.groups import split
from fedpolicy.policy.housekeeping import CODED_IDS, GONE, OWN_PACK, OWN_RULES, Coverage, as_set, matches, own_finding
from fedpolicy.policy.load import load_rules, shipped_ids
from fedpolicy.policy.waivers import WaiverEntry, WaiverFile
from fedpolicy.suggest import did_you_mean

if TYPE_CHECKING:
    from fedpolicy.settings import Settings

_MOST_NAMES = 4
_WAIVABLE = {Verdict.FAIL, Verdict.UNKNOWN}


def excuse(report: Report, settings: Settings) -> Report:
    """Apply the waivers, then the baseline, to the findings of all deployments; the order of findings is left open."""
    coverage = coverage_of(report, settings)
    found = list(report.findings)
    quoted: list[SourceFile] = []
    counted: Baselined | None = None
    if settings.waivers:
        found, said = waive(found, settings.waivers, coverage, settings.today)
        found += said
        quoted.append(SourceFile(name=settings.waivers.name, lines=settings.waivers.lines))
    if settings.baseline:
        found, counted = set_aside(found, settings.baseline, coverage)
        quoted.append(SourceFile(name=settings.baseline.name, lines=settings.baseline.lines))
    found = list(as_set(found, settings))
    return replace(
        report,
        findings=tuple(found),
        counts=_counts(report, found),
        files=(*report.files, *(file for file in quoted if any(one.span.file == file.name for one in found))),
        baseline=counted,
    )


def coverage_of(report: Report, settings: Settings) -> Coverage:
    """What the run has looked at. Where something could not be checked, nobody can tell what is unused or fixed."""
    whole = not report.errors and not any(file.errors for file in report.files)
    named = cache(settings.root.file)
    return Coverage(
        rules={rule.id for rule in report.rules} if whole else set(),
        deployments={(named(file.name), name) for file in report.files for name in file.deployments},
        known=cache(lambda: _known(settings.packs, settings.files)),
        whole=whole,
        everything=whole and settings.whole,
        file=named,
    )


def _known(packs: Sequence[str], files: Files) -> frozenset[str]:
    try:
        return shipped_ids() | {GONE, *CODED_IDS} | {rule.id for rule in load_rules(packs, files=files)}
    except Problems:
        return shipped_ids() | {GONE, *CODED_IDS}  # what is wrong is said elsewhere


def _counts(report: Report, found: Sequence[Finding]) -> dict[Verdict, int]:
    """What passed and did not apply stays; the others are as the report shows them."""
    counts = Counter(report.counts)
    counts.subtract(Counter(finding.verdict for finding in report.findings))
    counts.update(Counter(finding.verdict for finding in found))
    return {verdict: counts[verdict] for verdict in VERDICTS}


def waive(
    findings: Sequence[Finding], file: WaiverFile, coverage: Coverage, today: str
) -> tuple[list[Finding], list[Finding]]:
    """
    The findings, some of them waived, and apart from them one for each waiver that is expired, unused or not in order.

    `today` is a day as ISO 8601; a waiver holds until the end of its own. Only waivers in order waive something; a
    finding that one of the others is about says so in a note.
    """
    faults = {entry.id: fault for entry in file.entries if (fault := _fault(entry, coverage, today))}
    by_rule = listed_by((entry.rule, entry) for entry in file.entries)
    used: set[str] = set()
    found = [
        part
        for finding in findings
        for part in (
            _waived(finding, by_rule[finding.rule], faults, used, coverage) if finding.rule in by_rule else [finding]
        )
    ]
    said = [_said(entry, faults.get(entry.id), used, coverage, found) for entry in file.entries]
    return found, [one for one in said if one]


def covers(entry: WaiverEntry, finding: Finding) -> bool:
    """Whether a waiver is about a finding, whoever approved it, however old it is and whatever file it names."""
    return (
        entry.rule == finding.rule
        and (finding.pack != OWN_PACK or finding.rule == GONE)
        and finding.verdict in _WAIVABLE
        and entry.verdict in ("", finding.verdict.value)
        and entry.deployment in ("", finding.deployment)
        and entry.fingerprint in ("", finding.fingerprint)
        and _means(entry.elements, finding.elements)
    )


def is_of(entry: WaiverEntry, file: str) -> bool:
    """Whether a waiver reaches a file; one that names none, as those of 0.1.0 do, reaches all."""
    return not entry.files or any(matches(file, pattern) for pattern in entry.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """Why a waiver waives nothing: the rule that says so, where, and how it is told beside what it is about."""

    rule: str
    span: Span
    message: str
    note: str


def _fault(entry: WaiverEntry, coverage: Coverage, today: str) -> _Fault | None:
    if entry.rule not in coverage.rules and coverage.whole and entry.rule not in (known := coverage.known()):
        near = did_you_mean(entry.rule, known)
        message = f"the waiver {entry.id} names the rule {entry.rule}, which does not exist"
        return _Fault(
            rule="waiver-unknown-rule",
            span=entry.spans["rule"],
            message=f"{message}: {near.replace('`', '')}" if near else message,
            note="",
        )
    if _person(entry.owner) == _person(entry.approved_by):
        return _Fault(
            rule="waiver-self-approved",
            span=entry.spans["approved_by"],
            message=f"the waiver {entry.id} of {entry.rule} is approved by its own owner, {entry.owner}",
            note=f"the waiver {entry.id} does not count: its owner approved it ({entry.span})",
        )
    if today > entry.expires:
        return _Fault(
            rule="waiver-expired",
            span=entry.spans["expires"],
            message=f"the waiver {entry.id} of {entry.rule} expired on {entry.expires}",
            note=f"the waiver {entry.id} expired on {entry.expires} ({entry.span})",
        )
    return None


def _person(name: str) -> str:
    return " ".join(name.casefold().split())


def _waived(
    finding: Finding, entries: Iterable[WaiverEntry], faults: Mapping[str, _Fault], used: set[str], coverage: Coverage
) -> list[Finding]:
    """A finding; where waivers are about some of its parts only, these and what is left."""

    def good(part: Finding) -> list[WaiverEntry]:
        return [one for one in entries if one.id not in faults and covers(one, part) and is_of(one, here)]

    here = coverage.about(finding)
    excused, left = split(finding, good)
    used.update(entry.id for part in excused for entry in good(part))
    found = [_with(part, max(good(part), key=lambda entry: entry.expires)) for part in excused]
    return [*found, _noted(left, entries, faults, coverage)] if left else found


def _noted(
    finding: Finding, entries: Iterable[WaiverEntry], faults: Mapping[str, _Fault], coverage: Coverage
) -> Finding:
    here = coverage.about(finding)
    meant = [entry for entry in entries if covers(entry, finding)]
    notes = [faults[entry.id].note for entry in meant if is_of(entry, here)]
    notes += [_elsewhere(entry, coverage) for entry in meant if not is_of(entry, here)]
    return replace(finding, notes=(*finding.notes, *notes)) if notes else finding


def _elsewhere(entry: WaiverEntry, coverage: Coverage) -> str:
    note = f"the waiver {entry.id} does not count here: it is about {', '.join(entry.files)} ({entry.span})"
    there = any(matches(file, pattern) for file in coverage.files for pattern in entry.files)
    return note if there else f"{note}; if that file was moved here, `fedpolicy waive --renew` writes its new path"


def _with(finding: Finding, entry: WaiverEntry) -> Finding:
    note = (
        f"waived until {entry.expires} by {entry.owner}, approved by {entry.approved_by}:"
        f" {' '.join(entry.reason.split())} ({entry.span})"
    )
    waiver = Waiver(
        id=entry.id,
        reason=entry.reason,
        owner=entry.owner,
        approved_by=entry.approved_by,
        expires=entry.expires,
        span=entry.span,
        verdict=finding.verdict,
    )
    return replace(finding, verdict=Verdict.WAIVED, notes=(note, *finding.notes), waiver=waiver)


def _said(
    entry: WaiverEntry, fault: _Fault | None, used: AbstractSet[str], coverage: Coverage, findings: Sequence[Finding]
) -> Finding | None:
    element = f"waivers.{entry.id}"
    if fault:
        return own_finding(OWN_RULES[fault.rule], element, fault.message, fault.span)
    if entry.id in used or not _looked_for(entry, coverage):
        return None
    message = f"the waiver {entry.id} waives nothing: {_grown(entry, findings, coverage)}"
    return own_finding(OWN_RULES["waiver-unused"], element, message, entry.span)


def _grown(entry: WaiverEntry, findings: Sequence[Finding], coverage: Coverage) -> str:
    """Why it is about nothing: mostly nothing is left, but some finding may have come to be about more."""
    for finding in findings:
        rest = [
            element
            for section, some in _by_section(entry.elements).items()
            for element in finding.elements
            if _section(element) == section and not any(matches(element, pattern) for pattern in some)
        ]
        named = len(rest) < sum(_section(one) in _by_section(entry.elements) for one in finding.elements)
        if finding.rule == entry.rule and named and is_of(entry, coverage.about(finding)):
            more = f"{', '.join(rest[:_MOST_NAMES])}{' and more' if len(rest) > _MOST_NAMES else ''}"
            return f"what {entry.rule} finds is now about {more} as well ({finding.span})"
    return f"{entry.rule} finds nothing that it is about"


def _looked_for(entry: WaiverEntry, coverage: Coverage) -> bool:
    """A run of other rules, files or deployments says nothing about a waiver."""
    seen = coverage.has_seen_all(entry.files, entry.deployment)
    return coverage.whole and seen and entry.rule in coverage.rules


def _means(patterns: Sequence[str], elements: Sequence[str]) -> bool:
    """Whether all elements are meant in every section that the patterns name: one more dataset is another decision."""
    return all(
        any(_section(element) == section for element in elements)
        and all(
            any(matches(element, pattern) for pattern in some) for element in elements if _section(element) == section
        )
        for section, some in _by_section(patterns).items()
    )


def _by_section(patterns: Iterable[str]) -> Mapping[str, list[str]]:
    return listed_by((_section(pattern), pattern) for pattern in patterns)


def _section(element: str) -> str:
    return element.partition(".")[0]
