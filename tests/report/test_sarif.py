"""SARIF, as GitHub and Microsoft's validator want it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import pytest

from fedpolicy.files import Root
from fedpolicy.findings import Severity, SourceFile, Verdict
from fedpolicy.report.formats import load_format, sarif
from fedpolicy.report.summarise import summarise
from tests.report.multitool import MULTITOOL, complaints, needs_multitool


def log_of(report):
    return json.loads(load_format("sarif").render(report))


def run_of(report):
    (run,) = log_of(report)["runs"]
    return run


def test_a_failed_finding_is_a_result_of_its_rule(made):
    run = run_of(made.full())
    result = run["results"][0]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]

    assert result["ruleId"] == rule["id"] == "private-data-to-closed-model"
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 17,
        "startColumn": 3,
        "endLine": 17,
        "endColumn": 12,
        "snippet": {"text": "translate"},
    }
    assert result["partialFingerprints"] == {"primaryLocationLineHash": "fp-private-data-to-closed-model:1"}


def test_every_way_in_is_a_code_flow(made):
    flows = run_of(made.full())["results"][0]["codeFlows"]

    steps = [[step["location"]["message"]["text"] for step in flow["threadFlows"][0]["locations"]] for flow in flows]
    assert steps == [
        ["client@aphp -> openai: prompts (tasks.score.prompts, implied by tasks.score (llm_judge))"],
        [
            "client@aphp -> gateway: prompts (api_calls.translate)",
            "gateway -> openai: prompts (api_calls.translate.2)",
        ],
    ]


def test_a_missing_fact_is_one_note(made):
    results = [row for row in run_of(made.full())["results"] if row["ruleId"] == "missing-fact"]

    assert [(row["level"], row["message"]["text"]) for row in results] == [
        (
            "note",
            (
                "api_calls.translate.trains_on_inputs is not stated; "
                "it helps to decide inputs-kept, transfer-without-basis"
            ),
        ),
        ("note", "parties.openai.jurisdiction is not stated; it helps to decide transfer-without-basis"),
    ]


def test_an_unknown_finding_that_names_no_fact_is_open(made):
    odd = replace(made.UNKNOWN_A, missing=())
    (result,) = run_of(summarise([odd], [{Verdict.UNKNOWN: 1}], []))["results"]

    assert (result["ruleId"], result["kind"], result["level"]) == ("inputs-kept", "open", "none")


def test_waived_findings_are_counted_and_not_listed(made):
    run = run_of(made.full())

    assert "unpinned-model" not in {row["ruleId"] for row in run["results"]}
    assert run["properties"]["summary"]["waived"] == 1


def test_equal_fingerprints_are_told_apart_by_a_count(made):
    twice = [made.BLOCK, replace(made.BLOCK, span=replace(made.BLOCK.span, file="other.yaml"))]
    run = run_of(summarise(twice, [], [SourceFile(name=made.FILE), SourceFile(name="other.yaml")]))

    assert [row["partialFingerprints"]["primaryLocationLineHash"] for row in run["results"]] == [
        "fp-threshold-too-low:1",
        "fp-threshold-too-low:2",
    ]


def test_rules_have_help_in_text_and_markdown_and_a_score(made):
    rules = {rule["id"]: rule for rule in run_of(made.full())["tool"]["driver"]["rules"]}
    rule = rules["private-data-to-closed-model"]

    assert rule["properties"]["security-severity"] == "9.5"
    assert "Run an open-weight model" in rule["help"]["text"]
    assert "[Agrawal et al. 2025](https://arxiv.org/abs/2505.23593) (seed): section 3" in rule["help"]["markdown"]
    assert "security-severity" not in rules["no-findings-here"]["properties"]


def test_input_that_cannot_be_used_is_a_notification(made):
    (invocation,) = run_of(made.nothing())["invocations"]

    assert invocation["executionSuccessful"] is False
    notes = invocation["toolExecutionNotifications"]
    assert notes[0]["message"]["text"] == "nam: unknown key `nam` (did you mean `name`?)"
    assert notes[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 2


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b/d.yaml", "a%20b/d.yaml"),
        ("/etc/d.yaml", "file:///etc/d.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("ä.yaml", "%C3%A4.yaml"),
    ],
)
def test_files_are_named_by_uris(name, uri, made):
    finding = replace(made.BLOCK, span=replace(made.BLOCK.span, file=name))
    (result,) = run_of(summarise([finding], [], []))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_description_is_as_short_as_github_wants_it(made):
    finding = replace(made.BLOCK, why="word " * 500)
    rule = run_of(summarise([finding], [], []))["tool"]["driver"]["rules"][1]

    assert len(rule["fullDescription"]["text"]) <= 1024


@needs_multitool
@pytest.mark.parametrize("name", ["full", "clean", "nothing", "stopped"])
def test_the_log_fits_the_schema_of_sarif(name, made):
    schema = json.loads((MULTITOOL / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))

    jsonschema.validators.validator_for(schema)(schema).validate(log_of(getattr(made, name)()))


@needs_multitool
@pytest.mark.parametrize("name", ["full", "clean", "nothing", "stopped"])
def test_microsofts_validator_has_no_error_and_no_warning(name, made, tmp_path):
    assert complaints(load_format("sarif").render(getattr(made, name)()), tmp_path) == []


@needs_multitool
def test_the_validator_notices_what_is_missing(made, tmp_path):
    log = log_of(made.full())
    del log["runs"][0]["tool"]["driver"]["rules"][0]["help"]
    log["runs"][0]["results"][0]["locations"] = []

    assert {rule[:2] for rule in complaints(json.dumps(log), tmp_path)} == {"GH"}


def test_more_results_than_github_takes_are_capped_with_a_note(made, monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 5)
    report = made.full()
    one = next(finding for finding in report.findings if finding.verdict == "fail")
    low, high = replace(one, severity=Severity.LOW), replace(one, severity=Severity.HIGH)
    many = replace(report, findings=(low, low, low, low, high, high))
    run = run_of(many)

    assert [result["level"] for result in run["results"]] == ["note", "note", "note", "error", "error"]
    assert run["invocations"][0]["toolExecutionNotifications"][-1] == {
        "level": "warning",
        "message": {
            "text": "1 result is left out, of the least severe ones: code scanning takes 5 of a run"
            " (check folders in runs of their own, or write another format as well)"
        },
    }
    assert "left out" not in str(run_of(replace(many, findings=many.findings[1:]))["invocations"])


def test_github_takes_25_000_results():
    assert sarif.MOST_RESULTS == 25_000


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab"])
def test_forges_get_paths_from_the_root_of_the_repository(form, made):
    report = made.full()
    text = load_format(form).render(replace(report, root=Root(path="/r", below="infra/eu")))

    places = re.findall('[^"=]*clinic/deployment.yaml', text)
    assert places
    assert {place.removesuffix("clinic/deployment.yaml")[-9:] for place in places} == {"infra/eu/"}
