"""The one list behind annotations, and the formats that show it: GitHub's commands and GitLab's report."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fedpolicy.errors import PolicyError
from fedpolicy.findings import Baselined, Severity, SourceFile, Span, Verdict
from fedpolicy.report.annotations import annotations_of
from fedpolicy.report.formats import load_format
from fedpolicy.report.summarise import summarise


def commands(*findings, files=(), errors=()):
    return load_format("github").render(summarise(findings, [], files, errors=errors)).splitlines()


def test_the_most_severe_comes_first_and_waived_findings_are_decided(made):
    found = annotations_of(made.full(made.BROKEN))

    assert [(one.rule, one.severity.label) for one in found] == [
        ("unusable-input", "critical"),
        ("unusable-input", "critical"),
        ("private-data-to-closed-model", "critical"),
        ("single-update-visible", "high"),
        ("threshold-too-low", "medium"),
        ("missing-fact", "info"),
        ("missing-fact", "info"),
    ]


def test_an_annotation_stands_at_the_line_and_shows_the_way(made):
    first, *_ = commands(made.CLOSED)

    assert first == (
        "::error file=clinic/deployment.yaml,line=17,endLine=17,col=3,endColumn=12,"
        "title=critical%3A private-data-to-closed-model::"
        "openai learns letters@aphp verbatim, because it runs judge, a black-box model that nobody else can run%0A"
        "client@aphp -> openai: prompts (clinic/deployment.yaml:15)%0A"
        "Help: Run an open-weight model on a node of your own."
    )


def test_a_long_way_is_cut(made):
    first, *_ = commands(replace(made.CLOSED, paths=((made.SCORE,) * 14,)))

    assert first.count("%0Aclient@aphp -> openai") == 10
    assert "%0A... 4 more hops ...%0A" in first


@pytest.mark.parametrize(
    ("severity", "command"),
    [("CRITICAL", "error"), ("HIGH", "error"), ("MEDIUM", "warning"), ("LOW", "notice"), ("INFO", "notice")],
)
def test_the_severity_decides_the_command(severity, command, made):
    (first, _) = commands(replace(made.BLOCK, severity=Severity[severity]))

    assert first.startswith(f"::{command} ")


def test_columns_are_for_findings_on_one_line(made):
    (first, _) = commands(made.BLOCK)

    assert first.startswith("::warning file=clinic/deployment.yaml,line=7,endLine=14,title=")


def test_text_of_others_starts_no_command(made):
    evil = replace(
        made.BLOCK,
        message="100 % sure\r\n::add-mask::secret\n::error::fake",
        span=replace(made.BLOCK.span, file="a,line=1::b%.yaml"),
        help="",
    )
    lines = commands(evil)

    assert lines[0] == (
        "::warning file=a%2Cline=1%3A%3Ab%25.yaml,line=7,endLine=14,title=medium%3A threshold-too-low::"
        "100 %25 sure%0A::add-mask::secret%0A::error::fake"
    )
    assert [line.startswith("::") for line in lines] == [True, False]


def test_no_more_is_written_than_github_shows(made):
    many = [
        replace(made.BLOCK, severity=severity, span=Span(file="a.yaml", line=line), fingerprint=f"{severity}{line}")
        for line in range(1, 16)
        for severity in (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    ] + [replace(made.CLOSED, span=Span(file="z.yaml", line=99))]
    lines = commands(*many)

    assert [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")] == [
        10
    ] * 3
    assert lines[0].startswith("::error file=z.yaml,line=99,")
    assert lines[-1].endswith("; 16 annotations more than GitHub shows, see the summary")


def test_a_problem_of_the_run_is_an_error_without_a_place():
    first, _ = commands(errors=[PolicyError("there is no pack `x`", help="name one")])

    assert first == "::error title=error%3A unusable-input::there is no pack `x`%0AHelp: name one"


def test_an_unknown_finding_that_names_no_fact_is_a_notice(made):
    (first, _) = commands(replace(made.UNKNOWN_A, missing=()))

    assert first.startswith("::notice ")
    assert "title=unknown%3A inputs-kept::" in first


def test_gitlab_reads_its_keys(made):
    rows = json.loads(load_format("gitlab").render(made.full(made.BROKEN)))

    assert {tuple(row) for row in rows} == {("description", "check_name", "fingerprint", "severity", "location")}
    assert [row["severity"] for row in rows] == ["blocker"] * 3 + ["critical", "major", "info", "info"]
    assert rows[2]["location"] == {"path": "clinic/deployment.yaml", "lines": {"begin": 17, "end": 17}}


def test_fingerprints_of_gitlab_are_unique_and_do_not_move_with_lines(made):
    moved = replace(made.BLOCK, span=replace(made.BLOCK.span, line=9, end_line=10))

    def prints(*findings):
        return [row["fingerprint"] for row in json.loads(load_format("gitlab").render(summarise(findings, [], [])))]

    assert prints(made.BLOCK) == prints(moved)
    assert len(set(prints(made.BLOCK, made.BLOCK, moved))) == 3


def test_gitlab_gets_no_entry_without_a_file():
    report = summarise([], [], [SourceFile(name="a.yaml")], errors=[PolicyError("there is no pack `x`")])

    assert load_format("gitlab").render(report) == "[]\n"


def test_counts_close_the_annotations(made):
    *_, last = load_format("github").render(made.full()).splitlines()

    assert last == "fedpolicy: 3 fail, 2 unknown, 1,021 pass, 7 not applicable, 1 waived"
    assert set(made.full().counts) == set(Verdict)


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (
            Baselined(file="b.json", known={Verdict.FAIL: 2, Verdict.UNKNOWN: 1}, fixed=1),
            "3 findings known from b.json not shown (2 fail, 1 unknown), 1 fixed since",
        ),
        (Baselined(file="b.json", known={}), "0 findings known from b.json not shown"),
    ],
)
def test_what_a_baseline_keeps_out_is_counted(baseline, words, made):
    report = replace(made.clean(), baseline=baseline)

    assert load_format("github").render(report).endswith(f"; {words}\n")
    assert f"\n\n{words}.\n\n" in load_format("markdown").render(report)


def test_findings_that_are_all_known_are_an_evaluation(made):
    report = replace(made.clean(), counts={}, baseline=Baselined(file="b.json", known={Verdict.FAIL: 2}))

    assert load_format("markdown").render(report).startswith("## fedpolicy: PASS, no new findings\n")
