"""
The verdict as an in-toto statement (version 1), with the predicate for results of tests (0.1).

It binds the verdict to the SHA-256 of the files, the packs, the catalogue and the tool. It is not signed: that is for
whoever stands behind it. What the predicate has no field for is in its field `fedpolicy`.
"""

from __future__ import annotations

from typing import Any

from fedpolicy.findings import Finding, Report
from fedpolicy.overview import Basis
from fedpolicy.report.annotations import UNUSABLE, problems
from fedpolicy.report.rows import count_row, deployment_rows, json_text, row_of
from fedpolicy.report.summarise import OUT_OF_SCOPE, must_fail
from fedpolicy.report.verdict import scope_rows, verdict_word

SUMMARY = "evidence: the verdict bound to digests of files, packs, catalogue and tool, as an in-toto statement to sign"
SUFFIX = ".intoto.json"
BASIS = True
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
VERSION = 1
_GOOD = frozenset({"PASS", "OPEN"})
_UNSIGNED = "Unsigned, this statement proves no author. It says what the files declare, not what runs."


def render(report: Report) -> str:
    """Write the statement."""
    return json_text(
        {
            "_type": STATEMENT,
            "subject": [{"name": file.name, "digest": {"sha256": file.digest}} for file in report.files if file.digest],
            "predicateType": PREDICATE,
            "predicate": _predicate(report),
        }
    )


def _predicate(report: Report) -> dict[str, Any]:
    failed = {one.rule for one in report.findings if must_fail([one], report.fail_on, strict=report.strict)}
    warned = {one.rule for one in report.findings} - failed
    basis = report.basis or Basis(digests=(), settings={})
    return {
        "result": "FAILED" if verdict_word(report) not in _GOOD else "WARNED" if warned else "PASSED",
        "configuration": [
            {"name": one.name, "digest": {"sha256": one.sha256}, "annotations": {"fedpolicy": one.what}}
            for one in basis.digests
        ],
        "passedTests": sorted({rule.id for rule in report.rules} - failed - warned),
        "warnedTests": sorted(warned),
        "failedTests": sorted(failed),
        "fedpolicy": {
            "version": VERSION,
            "note": _UNSIGNED,
            "verdict": verdict_word(report),
            "today": report.today,
            "summary": count_row(report.counts),
            "deployments": deployment_rows(report),
            "findings": [_finding(one) for one in report.findings],
            **({"scopes": scope_rows(report)} if report.scopes else {}),
            "unusable": [f"{one.span}: {one.message}" for one in problems(report) if one.rule == UNUSABLE],
            "settings": {**basis.settings, **row_of(report, "fail_on", "strict")},
            "not_covered": list(OUT_OF_SCOPE),
        },
    }


def _finding(one: Finding) -> dict[str, Any]:
    said = row_of(one, "rule", "severity", "verdict", "deployment", "message")
    return {**said, **row_of(one.span, "file", "line"), "fingerprint": one.fingerprint}
