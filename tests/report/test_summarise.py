"""Order, counts, missing facts, and when a run fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fedpolicy.findings import Severity, SourceFile, Verdict
from fedpolicy.report.summarise import missing_facts, must_fail, summarise


def test_the_most_severe_comes_first_and_files_keep_their_order(made):
    other = replace(made.BLOCK, span=replace(made.BLOCK.span, file="a.yaml"))
    files = [SourceFile(name=made.FILE), SourceFile(name="a.yaml")]

    report = summarise([other, made.WAIVED, made.BLOCK, made.CLOSED], [], files)

    assert [finding.rule for finding in report.findings] == [
        "private-data-to-closed-model",
        "threshold-too-low",
        "unpinned-model",
        "threshold-too-low",
    ]


def test_counts_of_several_deployments_are_added_and_none_is_left_out():
    report = summarise([], [{Verdict.PASS: 2}, {Verdict.PASS: 3, Verdict.FAIL: 1}], [])

    assert {verdict.value: number for verdict, number in report.counts.items()} == {
        "fail": 1,
        "unknown": 0,
        "pass": 5,
        "not_applicable": 0,
        "waived": 0,
    }


def test_unknown_findings_are_grouped_by_the_missing_fact(made):
    first, second = missing_facts([made.UNKNOWN_B, made.UNKNOWN_A, made.CLOSED], {})

    assert (first.fact, first.rules) == (
        "api_calls.translate.trains_on_inputs",
        ("inputs-kept", "transfer-without-basis"),
    )
    assert (first.severity, first.alone) == (Severity.HIGH, False)
    assert (second.fact, second.severity, second.alone) == ("parties.openai.jurisdiction", Severity.MEDIUM, False)


def test_a_fact_that_is_missing_alone_decides(made):
    (only,) = missing_facts([made.UNKNOWN_A], {})

    assert only.alone is True


def test_the_same_fact_of_two_deployments_is_two_facts(made):
    other = replace(made.UNKNOWN_A, deployment="other")

    assert [fact.deployment for fact in missing_facts([made.UNKNOWN_A, other], {})] == ["clinic", "other"]


@pytest.mark.parametrize(
    ("rules", "threshold", "strict", "fails"),
    [
        (["BLOCK"], "medium", False, True),
        (["BLOCK"], "high", False, False),
        (["UNKNOWN_A"], "high", False, False),
        (["UNKNOWN_A"], "high", True, True),
        (["UNKNOWN_B"], "high", True, False),
        (["WAIVED"], "info", True, False),
        (["CLOSED"], "never", True, False),
        ([], "info", True, False),
    ],
)
def test_a_run_fails_at_the_threshold(rules, threshold, strict, fails, made):
    assert must_fail([getattr(made, name) for name in rules], threshold, strict=strict) is fails
