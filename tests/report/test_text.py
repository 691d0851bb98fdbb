"""The report for people: verdict first and last, one entry a cause, nothing hidden that is not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fedpolicy import api
from fedpolicy.findings import Severity, SourceFile, Verdict
from fedpolicy.overview import Cause, Cell, Fix, Overview
from fedpolicy.report import PLAIN, Style, cells
from fedpolicy.report.formats.concise import render as concise
from fedpolicy.report.formats.text import draw, render
from fedpolicy.report.grouping import groups_of
from fedpolicy.report.summarise import summarise
from fedpolicy.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml"


def reported(made, findings, *overviews, files=()):
    counts = {verdict: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    shown = [SourceFile(name=made.FILE, lines=made.LINES, deployments=("clinic",)), *files]
    report = summarise(findings, [counts], shown, packs=["federation"], rules=made.RULES)
    return replace(report, overviews=tuple(overviews))


def overview(made, *causes, cells=(), fixes=None, deployment="clinic"):
    return Overview(file=made.FILE, deployment=deployment, line=2, causes=causes, cells=cells, fixes=fixes or {})


@pytest.fixture(scope="module")
def example():
    """The running example, with causes."""
    return api.check([EXAMPLE], Settings(overview=""))


def test_the_running_example_takes_a_screen(example):
    lines = render(example).splitlines()

    assert len(lines) <= 24
    assert max(map(len, lines)) <= 101
    assert lines[0] == "FAIL  clinical-notes: 11 findings from 4 causes (2 critical, 4 high); 2 questions open"
    assert lines[-1].startswith("FAIL: 11 fail, 2 unknown, ")


def test_the_running_example_takes_a_screen_that_is_narrow_too(example):
    shown = draw(example, Style(width=80)).splitlines()

    assert len(shown) <= 24
    assert max(map(cells, shown)) <= 80
    assert "     critical private-data-to-closed-model; high single-provider and 4 more" in shown
    assert "rests on 2 facts older than half a year" in shown
    assert "  and 1 more column (`fedpolicy facts`)" in shown
    assert "not covered: see docs/limits.md" in shown


def test_old_facts_take_one_line(example):
    aged = replace(example, old={f"models.some-publisher/some-model-{number}": "2026-01-01" for number in range(3)})

    assert [line for line in render(aged).splitlines() if "older than" in line] == [
        "rests on facts older than half a year: models.some-publisher/some-model-0 (2026-01-01), 2 more"
    ]
    assert len(render(aged).splitlines()) <= 24


def test_a_question_is_no_cause_of_findings(made):
    asked = made.finding("b", Severity.LOW, Verdict.UNKNOWN, elements=("nodes.b",))
    report = reported(made, [made.finding("a", Severity.HIGH, elements=("nodes.a",)), asked])
    lines = render(report).splitlines()

    assert lines[0].startswith("FAIL  clinic: 1 finding from 1 cause (1 high); 1 question open")
    assert [line.partition("line ")[2].split("  ")[1] for line in lines if "  line " in line] == [
        "1 finding",
        "1 question",
    ]


def test_findings_of_one_cause_are_one_entry_and_of_two_are_two(example):
    found = {group.title: [one.rule for one in group.findings] for group in groups_of(example)}

    assert found == {
        "models.judge: openai/gpt-4o run by openai": [
            "private-data-to-closed-model",
            "single-provider",
            "black-box-model",
            "model-unpinned",
            "prompts-retained",
            "model-retired",
        ],
        "nodes.aggregator: on machines of hetzner": ["releases-exceeded", "rounds-depend-on-outsider"],
        "tasks.adapt": ["claimed-epsilon-refuted"],
        "models.base": ["weights-not-verified", "licence-field-of-use"],
    }


@pytest.mark.parametrize(
    ("fail_on", "strict", "first"),
    [
        ("high", False, "FAIL  clinic: 1 finding from 1 cause (1 high); 1 question open"),
        (
            "critical",
            False,
            "OPEN  clinic: 1 finding from 1 cause (1 high; none is critical or worse); 1 question open",
        ),
        ("never", False, "OPEN  clinic: 1 finding from 1 cause (1 high; no finding fails); 1 question open"),
        ("high", True, "FAIL  clinic: 1 finding from 1 cause (1 high); 1 question open"),
    ],
)
def test_the_verdict_says_what_the_exit_code_says(fail_on, strict, first, made):
    report = replace(reported(made, [made.CROWD, made.UNKNOWN_A]), fail_on=fail_on, strict=strict)
    lines = draw(report, Style(width=140)).splitlines()

    assert lines[0].startswith(first)
    assert lines[-1].startswith(f"{first[:4]}: 1 fail, 1 unknown")


def test_a_clean_deployment_passes_in_a_few_lines(made):
    assert draw(made.clean(), PLAIN).splitlines() == [
        "PASS  clinic: no findings  clinic/deployment.yaml",
        "not covered: differencing, Sybils, mislabelled payloads, unstated collusion (docs/limits.md)",
        "1 deployment, 2 rules of federation",
        "PASS: 0 fail, 0 unknown, 30 pass, 2 not applicable, 0 waived",
    ]


def test_what_has_no_room_is_counted(made):
    findings = [
        replace(made.BLOCK, elements=(f"tasks.t{number}",), cause=f"tasks.t{number}", fingerprint=f"{number:08}")
        for number in range(10_000)
    ]
    lines = render(reported(made, findings)).splitlines()

    assert lines[0].startswith(
        "PASS  clinic: 10,000 findings from 10,000 causes (10,000 medium; none is high or worse)"
    )
    assert "     and 9,990 more causes with 9,990 findings (`-v` and `--format concise` show all)" in lines
    assert len(lines) <= 40


def test_an_entry_takes_four_lines_at_most_and_shows_the_fix_that_was_proved(made):
    findings = [
        replace(made.CLOSED, rule=f"a-rule-with-quite-a-long-name-{number}", cause="models.judge")
        for number in range(20)
    ]
    cause = Cause(id="models.judge", entries=("models.judge",), line=15, gloss="gpt-4o run by openai")
    fix = Fix(steps=("let tasks.score use models.base",), clears=19, new=("low[other]",))
    text = render(reported(made, findings, overview(made, cause, fixes={"models.judge": fix})))
    start = next(at for at, line in enumerate(text.splitlines()) if line.startswith("  1  "))
    entry = text.splitlines()[start : start + 4]

    assert " ".join(entry[0].split()) == "1 models.judge: gpt-4o run by openai line 15 20 findings [fp-priva]"
    assert entry[1].startswith("     critical a-rule-with-quite-a-long-name-0, ")
    assert entry[2].endswith(" more")
    assert entry[3] == "     fix   let tasks.score use models.base  clears 19 of 20 (proved)"
    assert text.splitlines()[start + 4].startswith("not covered")


def test_who_learns_what_is_a_table(made):
    cells = [
        Cell(party="openai", dataset="letters", low="verbatim", high="verbatim", guaranteed="verbatim", exceeds=True),
        Cell(party="a", dataset="letters", low="bounded", high="inferable", guaranteed="verbatim"),
        Cell(party="b", dataset="letters", low="bounded", high="inferable", guaranteed="verbatim"),
    ]
    lines = render(reported(made, [made.BLOCK], overview(made, cells=tuple(cells)))).splitlines()
    start = lines.index("who learns what (! not allowed)  openai      a, b")

    assert lines[start + 1] == "  letters                        verbatim !  bounded..inferable (verbatim)"


def test_thirty_three_deployments_have_a_row_each_and_fit_150_lines(made):
    names = [f"site-{number}" for number in range(33)]
    findings = [
        replace(one, deployment=name, cause=f"{name}:{one.rule}", elements=(name,))
        for name in names
        for one in (made.CLOSED, made.CROWD, made.UNKNOWN_A)
    ]
    file = SourceFile(name="all.yaml", deployments=tuple(names))
    counts = {Verdict.FAIL: 66, Verdict.UNKNOWN: 33}
    lines = render(summarise(findings, [counts], [file], rules=made.RULES)).splitlines()

    assert len(lines) <= 150
    assert lines[0].startswith("FAIL  33 deployments: 66 findings from 66 causes (33 critical, 33 high)")
    assert len([line for line in lines if line.startswith("site-")]) == 33
    head = lines[: lines.index("")]
    assert len(head) == len({*head})  # what is wrong with many is said once


@pytest.mark.parametrize("form", [render, concise, lambda report: draw(report, Style(width=60))])
def test_text_from_a_file_cannot_steer_the_terminal(form, made):
    evil = "\x1b[2Jgone\nFAKE"
    hop = replace(made.SCORE, source=evil, target=evil, payload=evil)
    finding = replace(made.CLOSED, message=evil, elements=(evil,), paths=((hop,),), deployment=evil, help=evil)
    unknown = replace(made.UNKNOWN_A, missing=(evil,), deployment=evil)
    cell = Cell(party=evil, dataset=evil, low="verbatim", high="verbatim", guaranteed="verbatim")
    fix = Fix(steps=(evil,), clears=1)
    cause = Cause(id=evil, entries=(evil,), line=1, gloss=evil)
    about = overview(made, cause, cells=(cell,), fixes={evil: fix}, deployment=evil)
    text = form(reported(made, [replace(finding, cause=evil), unknown], about))

    assert "\x1b" not in text
    assert not any(line.startswith("FAKE") for line in text.splitlines())


def test_a_line_a_finding_has_place_rule_and_fingerprint(made):
    lines = concise(reported(made, [made.BLOCK, made.UNKNOWN_A])).splitlines()

    assert [line.replace("clinic/deployment.yaml", "d") for line in lines[1:-1]] == [
        (
            "d:17:3: unknown inputs-kept [fp-input] inputs-kept speaks of adapt (not stated: "
            "api_calls.translate.trains_on_inputs)"
        ),
        "d:7:3: medium threshold-too-low [fp-thres] threshold-too-low speaks of adapt",
    ]


def test_a_severity_is_a_word_whatever_the_colour(made):
    plain = draw(reported(made, [replace(made.CROWD, severity=Severity.LOW)]), Style(width=100))

    assert "     low single-update-visible" in plain.splitlines()


def test_a_place_that_is_longer_than_a_line_stands_on_a_line_of_its_own(made):
    where = f"{'deep/' * 30}deployment.yaml"
    found = replace(made.BLOCK, span=replace(made.BLOCK.span, file=where))
    asked = replace(made.UNKNOWN_A, span=replace(made.UNKNOWN_A.span, file=where))
    other = SourceFile(name=where, lines=made.LINES, deployments=("deep",))

    lines = draw(reported(made, [found, asked], files=[other]), Style(width=80)).splitlines()

    assert lines.count(f"     at    {where}:7") == 1
    assert f"      at  {where}:17" in lines
    assert [line for line in lines if line.startswith(("  1  ", "open")) and len(line) > 80] == []


def test_a_name_without_end_is_cut(made):
    report = reported(made, [replace(made.BLOCK, elements=("tasks." + "\N{ROCKET}" * 10_000,))])

    title = next(line for line in draw(report, Style(width=80)).splitlines() if line.startswith("  1  "))

    assert title.startswith("  1  tasks.\N{ROCKET}")
    assert sum(2 if char == "\N{ROCKET}" else 1 for char in title) <= 80
