"""Every example says what it says in `expected.txt` and `expected.json`; `--update-golden` writes them anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.counts import uncounted

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/deployment.yaml"))
PUBLISHED = {
    "fed-bbpt": "2310.03123",
    "fedbpt": "2310.01467",
    "feddtpt": "2411.00985",
    "fedone": "2506.14929",
    "fedtextgrad": "2502.19980",
    "keyboard-cross-device": "2306.14793",
    "openfedllm-gpt4-judge": "2402.06954",
    "swarm-hospitals": "10.1038/s41586-021-03583-3",
    "zoopfl": "2310.05143",
}
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
DAY = "2026-11-28"  # verdicts depend on it: agreements and models end


def test_every_published_system_is_there():
    assert {path.name for path in EXAMPLES} == {"clean-open-weight", "clinical-notes", *PUBLISHED}


@every_example
@pytest.mark.parametrize(("form", "file"), [("text", "expected.txt"), ("json", "expected.json")])
def test_an_example_says_what_it_said(example, form, file, run, golden):
    result = run("check", f"examples/{example.name}/deployment.yaml", "--format", form, "--today", DAY)

    golden(result.stdout, example / file, part=uncounted)


@every_example
def test_every_finding_points_into_the_example(example):
    lines = (example / "deployment.yaml").read_text(encoding="utf-8").splitlines()
    report = json.loads((example / "expected.json").read_text(encoding="utf-8"))

    for finding in report["findings"]:
        places = [finding["location"], *(hop for path in finding["paths"] for hop in path)]
        assert {place["file"] for place in places} == {f"examples/{example.name}/deployment.yaml"}
        assert all(1 <= place["line"] <= len(lines) for place in places)


@every_example
def test_a_readme_says_how_to_run_it_and_what_it_rests_on(example):
    text = (example / "README.md").read_text(encoding="utf-8")

    assert f"fedpolicy check examples/{example.name}/deployment.yaml" in text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:2] == ["The deployment", "What fedpolicy says, and why"]
    assert headings[-1] == "Sources"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_system_names_its_paper_and_what_is_assumed(name, examples):
    text = (examples / name / "README.md").read_text(encoding="utf-8")

    assert PUBLISHED[name] in text
    assert re.search(r"^Assumed: ", text, re.MULTILINE)


def test_the_clean_example_has_no_findings_and_nothing_unknown(run):
    result = run(
        "check", "examples/clean-open-weight/deployment.yaml", "--format", "json", "--fail-on", "info", "--strict"
    )
    report = json.loads(result.stdout)

    assert report["findings"] == []
    assert report["missing"] == []
    assert (report["summary"]["fail"], report["summary"]["unknown"], report["summary"]["waived"]) == (0, 0, 0)
    assert report["summary"]["pass"] > 0
    assert result.exit_code == 0
