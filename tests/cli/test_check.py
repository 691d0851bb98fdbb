"""`fedpolicy check`: its options, one by one, with two rules of the tests' own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fedpolicy.files import schemas_dir
from fedpolicy.findings import Severity

PACK = str(Path(__file__).parent / "pack")
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/deployment.yaml"))
TRAINS = "trains_on_inputs: false"


@pytest.fixture
def check(run, example):
    """Check the running example by the two rules."""

    def invoke(*arguments, pack=PACK, file=example.name, **more):
        return run("check", *([file] if file else []), "--pack", pack, *arguments, **more)

    return invoke


@pytest.fixture
def edit(example):
    """Change the running example."""

    def change(old, new):
        text = example.read_text(encoding="utf-8")
        assert old in text
        example.write_text(text.replace(old, new), encoding="utf-8")

    return change


def rows(result):
    return json.loads(result.stdout)


def rules(result):
    return [(row["rule"], row["verdict"]) for row in rows(result)["findings"]]


def test_a_finding_is_shown_with_its_line(check):
    result = check("-v")

    assert result.stdout.splitlines()[:9] == [
        "PASS  clinical-notes: 1 finding from 1 cause (1 medium; none is high or worse)",
        "",
        "medium[model-may-change]: judge may change from one day to the next",
        "  --> deployment.yaml:25:3",
        "   |",
        "25 |   judge:   {ref: openai/gpt-4o, via: [openai]}                # via: every hop to whoever runs…",
        "   |   ^^^^^",
        "   |",
        "   = why: What was judged yesterday may be another model today.",
    ]
    assert (
        "1 fail, 0 unknown, 1 pass, 2 not applicable, 0 waived (1 medium; 1 deployment, 2 rules of house"
        in result.stdout
    )
    assert result.stderr == ""
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("critical", 0), ("high", 0), ("medium", 1), ("low", 1), ("info", 1), ("never", 0)],
)
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_the_exit_code_depends_on_the_threshold_and_never_on_the_format(fail_on, code, form, check):
    assert check("--fail-on", fail_on, "--format", form).exit_code == code


def test_the_thresholds_are_the_severities():
    from fedpolicy.cli.commands.check import command  # noqa: PLC0415

    (option,) = [option for option in command.params if option.name == "fail_on"]

    assert list(option.type.choices) == [*(severity.label for severity in reversed(Severity)), "never"]


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1), (["--strict", "--fail-on", "never"], 0)])
def test_strict_counts_unknown_as_failing(options, code, check, edit):
    edit("{ref: openai/gpt-4o, via", "{weights: closed, via")
    edit(TRAINS, "trains_on_inputs: unknown")

    result = check("--select", "inputs-kept", *options, "-v")

    assert "unknown: 1 question cannot be decided, because 1 fact is not stated" in result.stdout
    assert "state `trains_on_inputs` of api_calls.translate: decides 1 rule: inputs-kept" in result.stdout
    assert result.exit_code == code


def test_a_parameter_changes_a_rule(check):
    assert rules(check("--format", "json", "--param", "inputs-kept.days=29")) == [
        ("inputs-kept", "fail"),
        ("model-may-change", "fail"),
    ]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--select", "inputs-kept"], []),
        (["--select", "model-*"], ["model-may-change"]),
        (["--ignore", "model-may-change"], []),
        (["--select", "inputs-kept,model-may-change"], ["model-may-change"]),
        (["--select", "inputs-kept", "--select", "model-may-change", "--ignore", "inputs-*"], ["model-may-change"]),
    ],
)
def test_rules_are_selected_and_ignored(options, left, check):
    assert [rule for rule, _ in rules(check("--format", "json", *options))] == left


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--select", "model-may-chang"], "error: no rule is called `model-may-chang`\n  = help: did you mean"),
        (["--ignore", "zzz"], "error: no rule is called `zzz`"),
        (["--param", "inputs-kept.days=soon"], "error: inputs-kept.days cannot be `soon`"),
        (["--param", "inputs-kept.hours=3"], "error: the rule inputs-kept has no parameter `hours`"),
        (["--param", "zzz.days=3"], "error: no rule is called `zzz`"),
        (["--pack", "federaton"], "error: there is no pack `federaton`"),
    ],
)
def test_a_rule_pack_or_parameter_that_does_not_exist_is_exit_code_2(options, says, check):
    result = check(*options)

    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == "ERROR  nothing was evaluated\n"


def test_packs_are_named_or_given_by_path_and_may_be_several(check):
    both = rows(check("--format", "json", "--pack", "federation"))

    assert both["packs"] == ["federation", "house"]
    assert rows(check("--format", "json"))["packs"] == ["house"]


def test_federation_is_the_default_pack(run, example):
    assert rows(run("check", example.name, "--format", "json"))["packs"] == ["federation"]


def test_the_current_folder_is_the_default(check, example):
    Path("sub").mkdir()
    example.rename("sub/deployment.yaml")

    assert rows(check("--format", "json", file=None))["deployments"] == [
        {"file": "sub/deployment.yaml", "name": "clinical-notes"}
    ]


def test_standard_input_is_checked_for_a_dash(check, example):
    result = check("--format", "json", file="-", input=example.read_bytes())

    assert rows(result)["findings"][0]["location"]["file"] == "<stdin>"


def test_several_deployments_are_told_apart(check, example):
    example.write_text(example.read_text(encoding="utf-8") + "---\nfedpolicy: 1\nname: second\n", encoding="utf-8")

    result = check("-v")

    assert "## clinical-notes (deployment.yaml)" in result.stdout
    assert "(1 medium; 2 deployments, 2 rules of house" in result.stdout


def test_a_result_goes_to_a_file_and_nothing_to_standard_output(check):
    result = check("--output", "report.txt")

    assert (result.stdout, result.stderr) == ("", "")
    assert Path("report.txt").read_text(encoding="utf-8") == check().stdout


def test_an_unwritable_output_is_one_message(check):
    result = check("--output", "no/such/report.sarif", "--format", "sarif", "--fail-on", "medium")

    assert result.exit_code == 2
    assert result.stderr == (
        "error: `no/such/report.sarif` cannot be written: No such file or directory\n"
        "  = help: there is no folder `no/such`\n\n"
    )
    assert result.stdout == ""


@pytest.mark.parametrize(("options", "colour"), [([], True), (["--no-color"], False), (["--output", "-"], True)])
def test_colour_can_be_forced_and_refused(options, colour, check, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert ("\x1b[" in check(*options).stdout) is colour


def test_colour_never_reaches_a_file_or_another_format(check, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    check("--output", "report.txt")

    assert "\x1b[" not in Path("report.txt").read_text(encoding="utf-8")
    assert "\x1b[" not in check("--format", "json").stdout


def test_a_catalogue_that_cannot_be_used_is_exit_code_2(check):
    Path("own.yaml").write_text("nonsense: {}\n", encoding="utf-8")

    result = check("--catalog", "own.yaml")

    assert result.exit_code == 2
    assert " --> own.yaml:1:1\n" in result.stderr


def test_a_smaller_epsilon_is_a_stricter_check(check, example):
    example.write_text(
        example.read_text(encoding="utf-8").replace("noise_multiplier: 1.1", "noise_multiplier: 12"), encoding="utf-8"
    )
    text = (Path(PACK) / "model-may-change.yaml").read_text(encoding="utf-8")
    text = text.replace("model-may-change", "learns-much").replace("{model.id}", "{disclosure.parties}")
    text = text.replace("applies_to: model\nmatch: model.remote", "applies_to: disclosure")
    Path("learns-much.yaml").write_text(text.replace("model.pinned", "disclosure.level <= BOUNDED"), encoding="utf-8")

    learns = [
        {name for one in found["findings"] for name in one["elements"] if name.startswith("parties.")}
        for limit in ("10", "0.5")
        for found in [rows(check("--format", "json", "--max-epsilon", limit, pack="learns-much.yaml"))]
    ]

    assert learns[0] < learns[1]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("form", ["json", "sarif"])
def test_every_example_is_reported_as_the_schema_says(path, form, run):
    result = run("check", str(path), "--format", form)

    assert result.exit_code in (0, 1)
    report = json.loads(result.stdout)
    if form == "json":
        schema = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(report)
        assert report["errors"] == []


def test_a_closed_pipe_is_quiet(example):
    command = f"{sys.executable} -m fedpolicy check {example.name} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=example.parent, capture_output=True, encoding="utf-8", check=False
    )

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
