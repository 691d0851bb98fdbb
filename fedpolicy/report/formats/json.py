"""The report for programs: JSON, version 1, as `schemas/report.schema.json` and `docs/json.md` describe it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fedpolicy.report.rows import (
    baseline_row,
    count_row,
    deployment_rows,
    hop_row,
    json_text,
    mistake_rows,
    override_rows,
    row_of,
    span_row,
    waiver_row,
)
from fedpolicy.report.summarise import OUT_OF_SCOPE, MissingFact, missing_facts
from fedpolicy.report.verdict import scope_rows

if TYPE_CHECKING:
    from fedpolicy.findings import Finding, Report
    from fedpolicy.overview import ScanReading

SUMMARY = "for programs: everything, as documented JSON"
SUFFIX = ".json"
VERSION = 1


def render(report: Report) -> str:
    """Write the report as indented JSON, in the documented order; some keys are absent where they would be empty."""
    return json_text(_report(report))


def _report(report: Report) -> dict[str, Any]:
    return {
        "version": VERSION,
        "tool": {"name": "fedpolicy", "version": report.version},
        "today": report.today,
        "old_facts": [{"fact": row, "as_of": day} for row, day in report.old.items()],
        "summary": count_row(report.counts),
        "baseline": baseline_row(report.baseline) if report.baseline else None,
        **({"overrides": override_rows(report.overrides)} if report.overrides else {}),
        "interrupted": row_of(report.interruption, "checked", "files", "running") if report.interruption else None,
        **({"reading": _reading(report.reading)} if report.reading else {}),
        "packs": report.packs,
        **({"scopes": scope_rows(report)} if report.scopes else {}),
        **({"criteria": [asdict(criterion) for criterion in report.criteria]} if report.criteria else {}),
        "deployments": deployment_rows(report),
        "findings": [_finding(finding) for finding in report.findings],
        "missing": [_missing(fact) for fact in missing_facts(report.findings, report.places)],
        "errors": mistake_rows(report),
        "not_covered": OUT_OF_SCOPE,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    paths = [[hop_row(hop) for hop in path] for path in finding.paths]
    return {
        **row_of(finding, "rule", "pack", "title", "principle", "severity", "verdict"),
        **row_of(finding, "deployment", "elements", "message"),
        "location": span_row(finding.span),
        "path": paths[0] if paths else [],
        "paths": paths,
        **row_of(finding, "notes", "missing", "why", "help"),
        "references": [row_of(one, "basis", "title", "url", "note") for one in finding.references],
        "fingerprint": finding.fingerprint,
        "waiver": waiver_row(finding.waiver) if finding.waiver else None,
        **_where_known(finding),
    }


def _where_known(finding: Finding) -> dict[str, Any]:
    """What only some findings have."""
    related = [{"text": one.text, **span_row(one.span)} for one in finding.related]
    return {**({"cause": finding.cause} if finding.cause else {}), **({"related": related} if related else {})}


def _reading(reading: ScanReading) -> dict[str, Any]:
    return {
        "looked_at": reading.looked_at,
        "read": dict(reading.read),
        "aside": reading.aside,
        "not_read": [asdict(one) for one in reading.not_read],
    }


def _missing(fact: MissingFact) -> dict[str, Any]:
    return {
        **row_of(fact, "fact", "file"),
        "line": fact.span.line,
        **row_of(fact, "deployment", "severity"),
        "decides": fact.alone,
        "rules": fact.rules,
    }
