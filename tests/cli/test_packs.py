"""fedpolicy test, new, pack, rules, explain, models."""

import json
import re
from xml.etree import ElementTree as ET

import pytest


@pytest.fixture
def ours(run):
    assert run("new", "rule", "keep-short", "--pack", "ours").exit_code == 0
    return run


def test_a_new_rule_in_a_new_pack_passes(ours):
    result = ours("test", "ours", "--coverage")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "ours: 1 rule",
        "  ok    keep-short  fail 1, pass 1, unknown 1     mutants 2/2",
        "",
        (
            "1 rule, 1 as their examples say; 1 shown to fail and to pass (100 %), 1 also to be unknown; "
            "2 of 2 mutants noticed (100.0 %)"
        ),
    ]


def test_nothing_is_overwritten(ours):
    result = ours("new", "rule", "keep-short", "--pack", "ours")

    assert result.exit_code == 2
    assert "`ours/keep-short.yaml` is already there" in result.stderr


def test_a_pack_may_stand_in_the_way_of_a_file(run, tmp_path):
    (tmp_path / "ours").write_text("a file", encoding="utf-8")
    result = run("new", "rule", "keep-short", "--pack", "ours")

    assert result.exit_code == 2
    assert "`ours` cannot be made" in result.stderr


def test_a_rule_that_does_not_do_what_it_says_ends_with_1(ours, tmp_path):
    rule = tmp_path / "ours" / "keep-short.yaml"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace("retention_days: 366", "retention_days: 3"), encoding="utf-8"
    )
    result = ours("test", "ours")

    assert result.exit_code == 1
    assert "  FAIL  keep-short" in result.stdout
    assert "keep-short/fail/0: expected fail, got 1 pass" in result.stdout


def test_too_few_noticed_mutants_end_with_1_when_asked_for(ours, tmp_path, monkeypatch):
    rule = tmp_path / "ours" / "keep-short.yaml"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace(
            "match: dataset.personal", "match: dataset.personal && dataset.id != ''"
        ),
        encoding="utf-8",
    )

    assert ours("test", "ours").exit_code == 0
    assert ours("test", "ours", "--no-mutants", "--min-mutation-score", "90").exit_code == 0
    result = ours("test", "ours", "--min-mutation-score", "90")
    assert result.exit_code == 1
    assert "no example notices: `dataset.id != ''` is dropped from `&&` (match," in result.stdout
    monkeypatch.setenv("COLUMNS", "60")  # of the terminal, which a file does not know
    assert ours("test", "ours", "--output", "told.txt").exit_code == 0
    assert (tmp_path / "told.txt").read_text(encoding="utf-8") == result.stdout


def test_results_as_json(ours):
    found = json.loads(ours("test", "ours", "--format", "json").stdout)

    assert found["version"] == 1
    assert found["summary"] == {"rules": 1, "passed": 1, "shown": 1, "unknown": 1, "mutants": 2, "killed": 2}
    assert found["packs"][0]["rules"][0]["rule"] == "keep-short"


def test_results_as_junit(ours, tmp_path):
    rule = tmp_path / "ours" / "keep-short.yaml"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace("retention_days: 366", "retention_days: 3"), encoding="utf-8"
    )
    result = ours("test", "ours", "--format", "junit", "--output", "junit.xml")

    assert result.exit_code == 1
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")  # noqa: S314  our own file
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("ours", "1", "1")
    assert suite.find("testcase/failure").get("message") == "keep-short/fail/0: expected fail, got 1 pass"


def test_a_rule_without_examples_ends_with_2_and_its_place(ours, tmp_path):
    rule = tmp_path / "ours" / "keep-short.yaml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text[: text.index("examples:")] + "examples: {}\n", encoding="utf-8")
    result = ours("test", "ours")

    assert result.exit_code == 2
    assert "the rule keep-short has no examples" in result.stderr
    assert " --> ours/keep-short.yaml:1:5" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("match: dataset.personal", "match: dataset.unit == 'client'", "match", 7),
        ("require: dataset.retention_days <= params.max_days", "require: dataset.unit == 'client'", "require", 8),
    ],
)
def test_an_expression_that_is_never_true_ends_with_2_and_its_place(ours, tmp_path, old, new, key, line):
    rule = tmp_path / "ours" / "keep-short.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = ours("test", "ours")

    assert result.exit_code == 2
    assert f"`{key}` is never true on any example of keep-short" in result.stderr
    assert f" --> ours/keep-short.yaml:{line}:" in result.stderr


def test_a_pack_without_its_own_file_cannot_be_used(ours, tmp_path):
    (tmp_path / "ours" / "_pack.yaml").unlink()
    (tmp_path / "fedpolicy.yaml").write_text("fedpolicy: 1\nname: x\n", encoding="utf-8")
    result = ours("check", "--pack", "ours")

    assert result.exit_code == 2
    assert "the pack has no `_pack.yaml`" in result.stderr
    assert " --> ours/_pack.yaml:1:1" in result.stderr


def test_a_folder_that_is_no_pack_ends_with_2(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("test", "empty")

    assert result.exit_code == 2
    assert "`empty` is not a pack: it has no `_pack.yaml`" in result.stderr


def test_every_pack_of_a_folder_is_tested_and_every_broken_rule_told(ours, tmp_path):
    ours("new", "rule", "other", "--pack", "more/theirs")
    ours("new", "rule", "third", "--pack", "more/those")
    for name in ("theirs/other", "those/third"):
        rule = tmp_path / "more" / f"{name}.yaml"
        rule.write_text(
            rule.read_text(encoding="utf-8").replace("severity: medium", "severity: mdium"), encoding="utf-8"
        )
    result = ours("test", "more")

    assert result.exit_code == 2
    assert "more/theirs/other.yaml:5:11" in result.stderr
    assert "more/those/third.yaml:5:11" in result.stderr


def test_the_digest_of_a_shipped_pack_and_of_a_folder(ours):
    for pack in ("federation", "ours"):
        result = ours("pack", "digest", pack)
        assert result.exit_code == 0
        assert len(result.stdout.strip()) == 64


def test_rules_can_be_filtered(run):
    every = json.loads(run("rules", "--format", "json").stdout)["rules"]
    seed = json.loads(run("rules", "--format", "json", "--basis", "seed", "--severity", "critical").stdout)["rules"]

    assert len(every) > len(seed) > 0
    assert {rule["severity"] for rule in seed} == {"critical"}
    assert all(any(ref["basis"] == "seed" for ref in rule["references"]) for rule in seed)
    assert {(rule["pack"], rule["id"]) for rule in seed} < {(rule["pack"], rule["id"]) for rule in every}


def test_rules_by_principle_as_text_and_markdown(run):
    text = run("rules", "--principle", "data-locality", "--pack", "federation").stdout
    table = run("rules", "--principle", "data-locality", "--pack", "federation", "--format", "markdown").stdout

    assert "  critical  private-data-to-closed-model  " in text
    assert "| [private-data-to-closed-model](federation/private-data-to-closed-model.md) | critical |" in table


def test_a_principle_that_does_not_exist(run):
    result = run("rules", "--principle", "autonomi")

    assert result.exit_code == 2
    assert "did you mean `autonomy`?" in result.stderr


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_explain_says_everything_about_a_rule(run, form):
    told = " ".join(run("explain", "private-data-to-closed-model", "--format", form).stdout.split())

    for part in (
        "Whoever runs a model sees what is sent to it.",
        "Run a model whose weights can be had",
        "disclosure.private",
        "max_level",
        "https://arxiv.org/abs/2505.23593",
        "What is sent was made public before",
        "score: {method: llm_judge, model: judge, data: [letters], runs_on: client}",
    ):
        assert part in told.replace("\\n ", " ")


def test_the_deployments_that_explain_shows_can_be_checked(run, tmp_path):
    rules = json.loads(run("explain", "private-data-to-closed-model", "--format", "json").stdout)["rules"]
    text = next(example["text"] for example in rules[0]["examples"] if example["expected"] == "fail")
    (tmp_path / "fedpolicy.yaml").write_text(f"fedpolicy: 1\nname: shown\n{text}", encoding="utf-8")
    found = json.loads(run("check", "--select", "private-data-to-closed-model", "--format", "json").stdout)

    assert found["summary"]["fail"] == 1


def test_a_rule_that_does_not_exist(run):
    result = run("explain", "open-wash")

    assert result.exit_code == 2
    assert "did you mean `open-washing`?" in result.stderr


def test_models_by_query_and_class(run):
    listed = run("models", "llama-3.1").stdout
    boxes = json.loads(run("models", "openai/", "--class", "black_box", "--format", "json").stdout)["models"]

    assert re.search(r"^meta-llama/Llama-3.1-8B-Instruct +open_weight +LicenseRef-", listed, re.MULTILINE)
    assert "openai/gpt-4o" in {model["id"] for model in boxes}
    assert {model["class"] for model in boxes} == {"black_box"}


def test_one_model_is_shown_with_its_sources(run):
    shown = run("models", "gpt-4o").stdout

    assert shown.splitlines()[0] == "openai/gpt-4o"
    assert "  class           black_box" in shown
    assert "  source          https://" in shown
    assert "  as of           20" in shown


def test_no_such_model(run):
    result = run("models", "llam-3.1-8B")

    assert result.exit_code == 2
    assert "did you mean `meta-llama/Llama-3.1-8B`?" in result.stderr
