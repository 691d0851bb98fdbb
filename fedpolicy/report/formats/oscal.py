"""
The report for governance teams: NIST OSCAL assessment results, checked and written by compliance-trestle.

The extra `oscal` installs it. Nothing here reads a clock, but OSCAL asks for times: they are the start of 1970, and the
remarks say so. The same report has the same identifiers everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from fedpolicy.errors import OutputError
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.limits import spelt
from fedpolicy.report.annotations import INTERRUPTED, Annotation, baseline_words, problems
from fedpolicy.report.markup import clean_lines as _text

SUMMARY = "for governance teams: NIST OSCAL assessment results (needs the extra `oscal`)"
SUFFIX = ".oscal.json"
VERSION = "1.2.1"

_OURS = UUID("b1b3a1d6-5a3b-5b0e-9c61-6f0f3d1f3c55")
_NAMESPACE = "urn:fedpolicy:oscal"
_NO_CLOCK = "1970-01-01T00:00:00+00:00"
_REMARK = "fedpolicy reads no clock, so that the same input gives the same bytes. Times are those of the pipeline."
_STATES = {
    Verdict.FAIL: ("fail", "The rule fails."),
    Verdict.UNKNOWN: ("other", "Unknown: a fact that the rule needs is not stated."),
    Verdict.WAIVED: ("other", "Waived: accepted for a time."),
}


def render(report: Report) -> str:
    """Write the document. Raises OutputError where compliance-trestle is not installed."""
    try:
        from trestle.oscal.assessment_results import AssessmentResults  # noqa: PLC0415  a second, and optional
    except ImportError as error:
        raise OutputError(
            "the format `oscal` needs compliance-trestle", help="install it: pip install 'fedpolicy[oscal]'"
        ) from error
    return str(AssessmentResults.model_validate(_document(report)).oscal_serialize_json(pretty=True)) + "\n"


def _document(report: Report) -> dict[str, Any]:
    rules = _id("rules", *(f"{rule.pack}/{rule.id}" for rule in report.rules))
    result = _result(report)
    return {
        "uuid": _id("document", result["uuid"]),
        "metadata": {
            "title": "fedpolicy: privacy and autonomy of federated-learning deployments",
            "last-modified": _NO_CLOCK,
            "version": report.version or "0",
            "oscal-version": VERSION,
            "remarks": _REMARK,
        },
        "import-ap": {"href": f"#{rules}", "remarks": "No assessment plan: these are the rules that were checked."},
        "results": [result],
        "back-matter": {"resources": [_rules(report, rules)]},
    }


def _result(report: Report) -> dict[str, Any]:
    observations = [_observation(one) for one in report.findings]
    grouped = groupby(sorted(report.findings, key=_about), key=_about)
    findings = [_finding(about, list(found)) for about, found in grouped]
    unusable = [_problem(one) for one in problems(report)]
    marks = [row["uuid"] for row in observations]
    counts = [
        {"name": f"{verdict.value.replace('_', '-')}-count", "ns": _NAMESPACE, "value": str(number)}
        for verdict, number in report.counts.items()
    ]
    deployments = ", ".join(f"{name} ({file.name})" for file in report.files for name in file.deployments)
    known = [f"{baseline_words(report.baseline)}."] if report.baseline else []
    numbers = [one["value"] for one in counts]
    row: dict[str, Any] = {
        "uuid": _id("result", report.version, deployments, *numbers, *marks, *unusable, *known),
        "title": "fedpolicy check",
        "description": _text(f"Deployments: {deployments}" if deployments else "No deployment was evaluated."),
        "start": _NO_CLOCK,
        "props": counts,
        "reviewed-controls": {
            "control-selections": [{"description": "The rules that were checked.", "include-all": {}}]
        },
        "remarks": _text(" ".join([_REMARK, *unusable, *known])),
    }
    return row | {name: rows for name, rows in (("observations", observations), ("findings", findings)) if rows}


def _problem(one: Annotation) -> str:
    if one.rule == INTERRUPTED:
        return f"This is not the whole result; {one.message}."
    return f"Cannot be used: {one.span}: {one.message}." if one.span.file else f"Cannot be used: {one.message}."


def _about(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.span.file, finding.deployment, finding.rule, finding.verdict.value)


def _finding(about: tuple[str, str, str, str], found: Sequence[Finding]) -> dict[str, Any]:
    """One a deployment, rule and verdict, with an observation for each thing that was found."""
    first = found[0]
    reason, remark = _STATES[first.verdict]
    text = " ".join(part for part in (first.why, first.help) if part)
    return {
        "uuid": _id("finding", *about),
        "title": _text(first.title or first.rule),
        "description": _text(text or first.message or first.title or first.rule),
        "props": [_property("severity", first.severity.label), _property("pack", first.pack)],
        "target": {
            "type": "objective-id",
            "target-id": first.rule,
            "status": {"state": "not-satisfied", "reason": reason, "remarks": remark},
        },
        "related-observations": [{"observation-uuid": _observed(one)} for one in found],
    }


def _observation(finding: Finding) -> dict[str, Any]:
    notes = [*finding.notes, *(f"Not stated: {fact}." for fact in finding.missing), *_ways(finding)]
    row: dict[str, Any] = {
        "uuid": _observed(finding),
        "title": _text(finding.title or finding.rule),
        "description": _text(finding.message or finding.title or finding.rule),
        "props": [_property("verdict", finding.verdict.value), _property("fingerprint", finding.fingerprint or "none")],
        "methods": ["TEST"],
        "types": ["finding"],
        "relevant-evidence": [{"description": _text(f"{finding.span} ({finding.deployment or 'deployment'})")}],
        "collected": _NO_CLOCK,
    }
    return row | ({"remarks": _text(" ".join(notes))} if notes else {})


def _ways(finding: Finding) -> Iterator[str]:
    for path in finding.paths:
        yield "Path: " + "; ".join(f"{hop.source} -> {hop.target}: {hop.payload} ({hop.span})" for hop in path) + "."


def _observed(finding: Finding) -> str:
    return _id("observation", *_about(finding), str(finding.span), *finding.elements)


def _rules(report: Report, own: str) -> dict[str, Any]:
    names = ", ".join(f"{rule.id} ({rule.pack})" for rule in report.rules)
    return {"uuid": own, "title": "Rules that were checked", "description": names or "None could be checked."}


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _NAMESPACE, "value": _text(value)}


def _id(*parts: str) -> str:
    return str(uuid5(_OURS, spelt("\0".join(parts))))
