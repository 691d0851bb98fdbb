"""
The verdict as an in-toto statement (version 1), with the predicate for results of tests (0.1).

It binds the verdict to the SHA-256 of the files, the packs, the catalogue and the tool. It is not signed: that is for
whoever stands behind it. What the predicate has no field for is in its field `fedpolicy`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fedpolicy.findings import Finding, Report
from fedpolicy.report.annotations import UNUSABLE, problems
from fedpolicy.report.rows import count_row, deployment_rows, json_text
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
    result = "FAILED" if verdict_word(report) not in _GOOD else "WARNED" if warned else "PASSED"
    return {
        "result": result,
        "configuration": list(_configuration(report)),
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
            "settings": {**_settings(report), "fail_on": report.fail_on, "strict": report.strict},
            "not_covered": list(OUT_OF_SCOPE),
        },
    }


def _settings(report: Report) -> dict[str, Any]:
    return dict(report.basis.settings) if report.basis else {}


def _configuration(report: Report) -> Iterator[dict[str, Any]]:
    for one in report.basis.digests if report.basis else ():
        yield {"name": one.name, "digest": {"sha256": one.sha256}, "annotations": {"fedpolicy": one.what}}


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity.label,
        "verdict": one.verdict.value,
        "deployment": one.deployment,
        "message": one.message,
        "file": one.span.file,
        "line": one.span.line,
        "fingerprint": one.fingerprint,
    }
