"""`facts`, `why` and `graph`: one deployment, looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TWO = "fedpolicy: 1\nname: first\n---\nfedpolicy: 1\nname: second\n"


def test_facts_are_text_or_json(run, example):
    text, form = run("facts", example.name), run("facts", example.name, "--format", "json")

    assert (text.exit_code, form.exit_code) == (0, 0)
    assert "  verbatim: openai, as provider, of letters@aphp, letters@charite and letters@lumc" in text.stdout
    assert json.loads(form.stdout)["deployment"] == {
        "name": "clinical-notes",
        "file": "deployment.yaml",
        "setting": "cross-silo",
    }


def test_facts_of_standard_input(run, example):
    result = run("facts", "-", "--format", "json", input=example.read_bytes())

    assert json.loads(result.stdout)["deployment"]["file"] == "<stdin>"


def test_facts_go_to_a_file(run, example):
    result = run("facts", example.name, "--output", "facts.txt")

    assert result.stdout == ""
    assert Path("facts.txt").read_text(encoding="utf-8") == run("facts", example.name).stdout


def test_a_smaller_epsilon_changes_the_facts(run, example):
    rows = json.loads(run("facts", example.name, "--format", "json", "--max-epsilon", "3").stdout)

    assert rows["max_epsilon"] == 3
    assert {row["high"] for row in rows["disclosures"] if row["party"] == "charite"} == {"inferable"}


def test_several_deployments_need_a_name(run):
    Path("two.yaml").write_text(TWO, encoding="utf-8")

    result = run("facts", "two.yaml")

    assert result.exit_code == 2
    assert result.stderr == (
        "error: `two.yaml` holds 2 deployments\n  = help: say which with --deployment: `first`, `second`\n\n"
    )
    assert run("facts", "two.yaml", "--deployment", "second").stdout.startswith("second (two.yaml)")


def test_a_deployment_that_is_not_there_is_said(run):
    Path("two.yaml").write_text(TWO, encoding="utf-8")

    result = run("facts", "two.yaml", "--deployment", "third")

    assert result.exit_code == 2
    assert result.stderr == ("error: `two.yaml` holds no deployment `third`\n  = help: it holds `first`, `second`\n\n")


@pytest.mark.parametrize("command", [["facts"], ["graph"], ["why"]])
def test_a_missing_file_and_a_broken_one_are_exit_code_2(command, run):
    Path("broken.yaml").write_text("fedpolicy: 1\nnam: x\n", encoding="utf-8")
    rest = ["openai", "letters"] if command == ["why"] else []

    missing, broken = run(*command, "gone.yaml", *rest), run(*command, "broken.yaml", *rest)

    assert (missing.exit_code, broken.exit_code) == (2, 2)
    assert missing.stderr.startswith("error: `gone.yaml` does not exist\n")
    assert " --> broken.yaml:2:1\n" in broken.stderr
    assert "2 | nam: x\n" in broken.stderr
    assert missing.stdout == broken.stdout == ""


def test_why_explains_hop_by_hop(run, example):
    example.write_text(
        example.read_text(encoding="utf-8").replace("noise_multiplier: 1.1", "noise_multiplier: 12"), encoding="utf-8"
    )

    result = run("why", example.name, "charite", "letters@aphp")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "bounded: charite, as operator, of letters@aphp"
    assert "what would lower it" in result.stdout
    assert "ε is about 2.7, at δ = 1e-06." in result.stdout
    assert "aphp comes to trust tum" in result.stdout


def test_why_takes_a_dataset_or_one_instance(run, example):
    whole, one = run("why", example.name, "openai", "letters"), run("why", example.name, "openai", "letters@lumc")

    assert whole.stdout.startswith("verbatim: openai, as provider, of letters@aphp, letters@charite and letters@lumc\n")
    assert one.stdout.startswith("verbatim: openai, as provider, of letters@lumc\n")
    assert "client@lumc -> openai" in one.stdout


@pytest.mark.parametrize(
    ("party", "dataset", "says"),
    [
        ("public", "letters", "Nothing of letters reaches public.\n"),
        ("unknown", "letters", "Nothing of letters reaches unknown.\n"),
        (
            "aphp",
            "letters@aphp",
            (
                "Nothing of letters@aphp reaches aphp.\n"
                "letters@aphp belongs to aphp: what it knows of its own data is not listed.\n"
            ),
        ),
    ],
)
def test_why_says_plainly_that_nothing_reaches_a_party(party, dataset, says, run, example):
    result = run("why", example.name, party, dataset)

    assert (result.exit_code, result.stdout) == (0, says)


@pytest.mark.parametrize(
    ("party", "dataset", "says"),
    [
        ("opnai", "letters", "there is no party `opnai` in this deployment\n  = help: did you mean `openai`?"),
        ("openai", "lettres", "there is no dataset `lettres` in this deployment\n  = help: did you mean `letters`?"),
        ("openai", "zzz", "there is no dataset `zzz` in this deployment\n  = help: there are letters, letters@aphp"),
    ],
)
def test_why_suggests_names(party, dataset, says, run, example):
    result = run("why", example.name, party, dataset)

    assert result.exit_code == 2
    assert says in result.stderr


def test_the_graph_is_json(run, example):
    graph = json.loads(run("graph", example.name).stdout)

    assert {"client@aphp", "openai"} <= {row["name"] for row in graph["vertices"]}
    assert any(flow["implied_by"] == "tasks.score (llm_judge)" for flow in graph["flows"])


def test_a_catalogue_of_ones_own_is_read(run, example):
    Path("own.yaml").write_text("nonsense: [1]\n", encoding="utf-8")

    result = run("facts", example.name, "--catalog", "own.yaml")

    assert result.exit_code == 2
    assert "own.yaml" in result.stderr
