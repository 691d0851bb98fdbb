"""Files that settle how a run judges, made to break their readers: one message each, and the run ends with 2."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli import main
from fedpolicy.cli.commands import app

CLEAN = "fedpolicy: 1\nname: clean\nmodels: {m: {}}\n"
DIGITS = "9" * 5000
DEEP = "[" * 5000
LONG = "a number of 5,000 digits is too long; at most 300 are read"


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("clean.yaml").write_text(CLEAN, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, list[str]]:
        result = CliRunner().invoke(app, ["check", "clean.yaml", *arguments])
        errors = [line.removeprefix("error: ") for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert "bug in fedpolicy" not in result.stderr, result.stderr
        return result.exit_code, errors

    return run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("str = true", "unknown key `str`"),
        ("int = true", "unknown key `int`"),
        ("bool = true", "unknown key `bool`"),
        ("float = true", "unknown key `float`"),
        ("list = true", "unknown key `list`"),
        ("constrained-str = true", "unknown key `constrained-str`"),
        ('"a b" = 1', "unknown key `a b`"),
        ('"" = 1', "unknown key ``"),
        ("[rules.x]\nint = 1", "rules.x.int: unknown key `int`"),
        ("[rules.x.params]\nstr = {}", "rules.x.params.str: a map does not fit here"),
        ("[rules.x.params]\nint = 1000000000001", "rules.x.params.int: `1000000000001` is out of range"),
        ("[rules.x.params]\nint = inf", "rules.x.params.int: `inf` is no number to compare with"),
        ("[repair.costs]\nfloat = 1e300", "repair.costs.float: `1e+300` is out of range"),
        ("max_epsilon = inf", "max_epsilon: `inf` is no number to compare with"),
        ("max_epsilon = nan", "max_epsilon: `nan` is no number to compare with"),
        (f"max_epsilon = {'9' * 400}", f"max_epsilon: `{'9' * 60}` does not fit here"),
        (f"jobs = {'9' * 400}", f"jobs: `{'9' * 60}` is out of range"),
        (f"jobs = {DIGITS}", LONG),
        (f"unknown = {DIGITS}", LONG),
        (f"packs = {DEEP}", "nested too deeply"),
        ("packs = " + "{a = " * 5000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_configuration_is_one_message(check, text, message):
    Path("fedpolicy.toml").write_text(text + "\n", encoding="utf-8")

    assert check() == (2, [message])


@pytest.mark.parametrize(
    "text",
    [
        f"version = {DIGITS}",
        f"packs = {DEEP}",
        "[tool.other]\na = " + "{a = " * 5000,
        f"[a]\n# fedpolicy\nb = -{DIGITS}",
        f"[tool.fedpolicyish]\nb = {DIGITS}",
    ],
    ids=["digits", "lists", "tables", "comment", "alike"],
)
def test_a_foreign_pyproject_never_stops_a_check(check, text):
    Path("pyproject.toml").write_text(text + "\n", encoding="utf-8")

    assert check() == (0, [])


@pytest.mark.parametrize(("text", "message"), [(f"packs = {DEEP}", "nested too deeply"), (f"jobs = {DIGITS}", LONG)])
@pytest.mark.parametrize("header", ["[tool.fedpolicy]", '  [ tool . "fedpolicy" ]', "[tool.fedpolicy.rules.x]"])
def test_our_own_table_never_goes_unread(check, header, text, message):
    Path("pyproject.toml").write_text(f"[project]\nname = 'x'\n{header}\n{text}\n", encoding="utf-8")

    assert check() == (2, [message])


@pytest.mark.parametrize(
    "text",
    [
        f'{{"fedpolicy_baseline": {DIGITS}}}',
        f'{{"fedpolicy_baseline": 1, "findings": [{DIGITS}]}}',
        f'{{"fedpolicy_baseline": 1, "findings": {"[" * 100_000}',
        '{"fedpolicy_baseline": 1, "findings": [{"deployment": [], "rule": {}}]}',
        json.dumps(
            {"fedpolicy_baseline": 1, "findings": [
                {"deployment": "x", "rule": "x", "verdict": [], "severity": "low", "elements": [], "fingerprint": ""}]}
        ),
        json.dumps(
            {"fedpolicy_baseline": 1, "findings": [
                {"deployment": "x", "rule": "x", "verdict": "fail", "severity": "low", "elements": [{}],
                 "fingerprint": ""}]}
        ),
        '{"fedpolicy_baseline": {}, "findings": []}',
        "[]",
        "NaN",
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_baseline_is_one_message(check, text):
    Path("known.json").write_text(text, encoding="utf-8")
    code, errors = check("--baseline", "known.json")

    assert code == 2
    assert len(errors) == 1
    assert errors[0].startswith("`known.json` is ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"levels: {{bounded: {{max_epsilon: {DIGITS}}}}}", "levels: " + LONG),
        (f"{DIGITS}: {{}}", LONG),
        (f"models: {{a: {{parameters_b: -{DIGITS}}}}}", "a number of 5,001 digits is too long; at most 300 are read"),
        (f"models: {{a: {{parameters_b: 0x{'f' * 400}}}}}", "a number of 402 digits is too long; at most 300 are read"),
        ("levels: [{}]", "levels: this must be a mapping"),
        ("[{levels: 1}]", "this must be a mapping"),
        ("levels: " + "{a: " * 5000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_catalogue_is_one_message(check, text, message):
    Path("own.yaml").write_text(text + "\n", encoding="utf-8")
    code, errors = check("--catalog", "own.yaml")

    assert code == 2
    assert [error.removeprefix("levels: ") for error in errors] == [message.removeprefix("levels: ")]


@pytest.mark.parametrize("number", ["1.0e+300", ".9e999", "1000000000001", "-1000000000001", "9" * 300])
def test_a_number_of_a_catalogue_is_bounded(check, number):
    row = 'title: x, license: apache-2.0, as_of: "2026-01-01", source: "https://x.org/"'
    Path("own.yaml").write_text(f"models: {{a/b: {{{row}, parameters_b: {number}}}}}\n", encoding="utf-8")
    code, errors = check("--catalog", "own.yaml")

    assert code == 2
    assert "models.a/b.parameters_b: this number is out of range" in errors


@pytest.mark.parametrize("value", [DIGITS, "9" * 300, "1000000000001", "-1000000000001", "1e3", "inf", "nan"])
def test_a_parameter_is_bounded(check, value):
    code, (error,) = check("--param", f"hop-cohort-too-small.min_clients={value}")

    assert code == 2
    assert error.startswith("hop-cohort-too-small.min_clients cannot be")


@pytest.mark.parametrize("value", [DIGITS, "9" * 300, "-1", "1e3", "1000001"])
def test_the_number_of_processes_is_bounded(check, value):
    code, errors = check("--jobs", value)

    assert code == 2
    assert errors[0].startswith("Invalid value for '--jobs':")


def test_python_still_refuses_long_numbers():
    """What these tests rest on."""
    assert sys.get_int_max_str_digits() < len(DIGITS)


@pytest.mark.parametrize("arguments", [["check"], ["check", "--waivers"], ["check", "--baseline"], ["test"], ["facts"]])
def test_a_name_that_is_too_long_for_the_system_is_one_message(arguments, capsys):
    assert main([*arguments, "9" * 5000]) == 2
    # From Python 3.14 on, a path that no file can have is one that is not there: for `test`, then, the name of a pack.
    assert capsys.readouterr().err.startswith(("error: `9999", "error: there is no pack\n    `9999"))


def test_a_pack_whose_name_is_too_long_is_one_message(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fedpolicy.toml").write_text(f'packs = ["{"9" * 5000}"]\n', encoding="utf-8")

    assert main(["check", "missing.yaml"]) == 2
    assert "error: there is no pack" in capsys.readouterr().err
