"""The report for programs: JSON, version 1, as `schemas/report.schema.json` and `docs/json.md` describe it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fedpolicy.report.rows import error_rows, hop_row, json_text, override_rows, span_row, waiver_row
from fedpolicy.report.summarise import OUT_OF_SCOPE, MissingFact, missing_facts
from fedpolicy.report.verdict import scope_rows

if TYPE_CHECKING:
    from fedpolicy.findings import Baselined, Finding, Reference, Report
    from fedpolicy.overview import Interruption, Reading

__all__ = ["SUFFIX", "SUMMARY", "VERSION", "render"]

SUMMARY = "for programs: everything, as documented JSON"
SUFFIX = ".json"
VERSION = 1


def render(report: Report) -> str:
    """Write the report as indented JSON, in the documented order; some keys are absent where they would be empty."""
    return json_text(_report(report))


def _report(report: Report) -> dict[str, Any]:
    file_errors = [row for file in report.files for row in error_rows(file.errors, file.name)]
    return {
        "version": VERSION,
        "tool": {"name": "fedpolicy", "version": report.version},
        "today": report.today,
        "old_facts": [{"fact": row, "as_of": day} for row, day in report.old.items()],
        "summary": {verdict.value: number for verdict, number in report.counts.items()},
        "baseline": _baseline(report.baseline) if report.baseline else None,
        **({"overrides": override_rows(report.overrides)} if report.overrides else {}),
        "interrupted": _interruption(report.interruption) if report.interruption else None,
        **({"reading": _reading(report.reading)} if report.reading else {}),
        "packs": list(report.packs),
        **({"scopes": scope_rows(report)} if report.scopes else {}),
        **({"criteria": [asdict(criterion) for criterion in report.criteria]} if report.criteria else {}),
        "deployments": [{"file": file.name, "name": name} for file in report.files for name in file.deployments],
        "findings": [_finding(finding) for finding in report.findings],
        "missing": [_missing(fact) for fact in missing_facts(report.findings, report.places)],
        "errors": [*error_rows(report.errors), *file_errors],
        "not_covered": list(OUT_OF_SCOPE),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    paths = [[hop_row(hop) for hop in path] for path in finding.paths]
    return {
        "rule": finding.rule,
        "pack": finding.pack,
        "title": finding.title,
        "principle": finding.principle,
        "severity": finding.severity.label,
        "verdict": finding.verdict.value,
        "deployment": finding.deployment,
        "elements": list(finding.elements),
        "message": finding.message,
        "location": span_row(finding.span),
        "path": paths[0] if paths else [],
        "paths": paths,
        "notes": list(finding.notes),
        "missing": list(finding.missing),
        "why": finding.why,
        "help": finding.help,
        "references": [_reference(reference) for reference in finding.references],
        "fingerprint": finding.fingerprint,
        "waiver": waiver_row(finding.waiver) if finding.waiver else None,
        **({"cause": finding.cause} if finding.cause else {}),
        **(
            {"related": [{"text": one.text, **span_row(one.span)} for one in finding.related]}
            if finding.related
            else {}
        ),
    }


def _related(finding: Finding) -> list[dict[str, Any]]:
    return [{"text": one.text, **span_row(one.span)} for one in finding.related]


def _baseline(baseline: Baselined) -> dict[str, Any]:
    known = {verdict.value: number for verdict, number in baseline.known.items()}
    return {"file": baseline.file, "known": known, "fixed": baseline.fixed}


def _interruption(interruption: Interruption) -> dict[str, Any]:
    return {"checked": interruption.checked, "files": interruption.files, "running": list(interruption.running)}


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "looked_at": reading.looked_at,
        "read": dict(reading.read),
        "aside": reading.aside,
        "not_read": [asdict(one) for one in reading.not_read],
    }


def _reference(reference: Reference) -> dict[str, str]:
    return {"basis": reference.basis, "title": reference.title, "url": reference.url, "note": reference.note}


def _missing(fact: MissingFact) -> dict[str, Any]:
    return {
        "fact": fact.fact,
        "file": fact.file,
        "line": fact.span.line,
        "deployment": fact.deployment,
        "severity": fact.severity.label,
        "decides": fact.alone,
        "rules": list(fact.rules),
    }
