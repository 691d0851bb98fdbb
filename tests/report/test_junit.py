"""JUnit, read by a library that CI tools use."""

from __future__ import annotations

from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from fedpolicy.findings import SourceFile, Verdict
from fedpolicy.report.formats import load_format
from fedpolicy.report.summarise import summarise


def suites(report):
    return list(JUnitXml.fromstring(load_format("junit").render(report).encode()))


def test_a_deployment_is_a_suite_that_counts_its_cases(made):
    (suite,) = suites(made.full())

    assert suite.name == "clinic (clinic/deployment.yaml)"
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (7, 3, 0, 3)


@pytest.mark.parametrize(
    ("name", "result", "message"),
    [
        ("threshold-too-low: tasks.adapt", Failure, "threshold-too-low speaks of adapt"),
        ("inputs-kept: api_calls.translate", Skipped, "unknown: not stated: api_calls.translate.trains_on_inputs"),
        ("unpinned-model: tasks.adapt", Skipped, "waived until 2027-01-31: pinned next week"),
    ],
)
def test_a_finding_is_a_case_with_its_verdict(name, result, message, made):
    (suite,) = suites(made.full())
    (case,) = [case for case in suite if case.name == name]
    (told,) = case.result

    assert isinstance(told, result)
    assert told.message == message
    assert case.classname == "federation"


def test_a_rule_that_found_nothing_has_passed(made):
    (suite,) = suites(made.full())

    assert [case.name for case in suite if case.is_passed] == ["no-findings-here"]


def test_a_failure_tells_the_way_and_the_advice(made):
    (suite,) = suites(made.full())
    text = next(iter(suite)).result[0].text

    assert "way 2 of 2:\n  client@aphp -> gateway  prompts  clinic/deployment.yaml:17 (api_calls.translate)" in text
    assert "help: Run an open-weight model on a node of your own." in text


def test_input_that_cannot_be_used_is_an_error(made):
    (suite,) = suites(made.nothing())

    assert (suite.name, suite.errors) == ("clinic/broken.yaml", 2)
    assert [type(case.result[0]) for case in suite] == [Error, Error]
    assert next(iter(suite)).result[0].text == "clinic/broken.yaml:2:1: nam: unknown key `nam` (did you mean `name`?)"


def test_findings_stay_with_their_deployment(made):
    files = [SourceFile(name=made.FILE, deployments=("clinic", "other"))]
    found = suites(summarise([made.BLOCK, replace(made.BLOCK, deployment="other", message="theirs")], [], files))

    assert [[case.result[0].message for case in suite] for suite in found] == [
        ["threshold-too-low speaks of adapt"],
        ["theirs"],
    ]


def test_what_xml_forbids_is_replaced(made):
    odd = replace(made.BLOCK, message="bell \x07 and <tag> & \x1b[31m")
    (suite,) = suites(summarise([odd], [{Verdict.FAIL: 1}], [SourceFile(name=made.FILE, deployments=("clinic",))]))

    assert next(iter(suite)).result[0].message == "bell � and <tag> & �[31m"
