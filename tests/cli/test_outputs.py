"""Several reports of one run: each in its format and its file, all of them or none."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from fedpolicy.cli.outputs import Output, plan
from fedpolicy.errors import SettingsError

PACK = str(Path(__file__).parent / "pack")


@pytest.fixture
def check(run, example):
    """Check the running example by the two rules of the tests."""
    return lambda *arguments: run("check", example.name, "--pack", PACK, *arguments)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("report.txt", Output(form="text", file="report.txt")),
        ("sarif:out/x.sarif", Output(form="sarif", file="out/x.sarif")),
        ("json:-", Output(form="json", file=None)),
        ("-", Output(form="text", file=None)),
        ("./sarif:x", Output(form="text", file="./sarif:x")),
        ("C:\\x.txt", Output(form="text", file="C:\\x.txt")),
        ("json:a:b", Output(form="json", file="a:b")),
    ],
)
def test_an_output_is_a_file_perhaps_with_its_format(given, expected):
    assert plan([given], "text") == (expected,)


def test_nothing_given_is_standard_output_in_the_chosen_format():
    assert plan([], "json") == (Output(form="json", file=None),)


def test_every_report_is_written_in_its_own_format(check):
    result = check("--format", "junit", "-o", "sarif:a.sarif", "-o", "plain.xml", "-o", "csv:-")

    assert result.exit_code == 0
    assert json.loads(Path("a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert Path("plain.xml").read_text(encoding="utf-8").startswith("<?xml ")
    assert result.stdout.startswith("verdict,severity,rule,")


def test_with_files_only_nothing_is_printed(check):
    assert check("-o", "sarif:a.sarif", "-o", "json:b.json").stdout == ""


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["sarif:x", "json:x"], "two outputs go to `x`: `sarif:x` and `json:x`"),
        (["x", "json:./x"], "two outputs go to `./x`: `x` and `json:./x`"),
        (["-", "json:-"], "two outputs go to standard output: `-` and `json:-`"),
        (["sarf:x"], "`--output sarf:x`: there is no format `sarf`"),
        (["sarif:"], "`--output sarif:` names no file"),
    ],
)
def test_outputs_that_cannot_be_meant_are_one_message(outputs, message, check):
    result = check(*(part for text in outputs for part in ("--output", text)))

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == f"error: {message}"
    assert result.stderr.count("error:") == 1
    assert result.stdout == ""
    assert os.listdir() == ["deployment.yaml"]  # noqa: PTH208  hidden drafts count


def test_links_to_one_file_are_one_file(check):
    Path("real.txt").write_text("before", encoding="utf-8")
    Path("link.txt").symlink_to("real.txt")

    assert check("-o", "real.txt", "-o", "json:link.txt").exit_code == 2
    assert Path("real.txt").read_text(encoding="utf-8") == "before"


def test_an_unknown_format_suggests_a_known_one():
    with pytest.raises(SettingsError) as raised:
        plan(["sarf:x"], "text")

    assert raised.value.help.startswith("did you mean `sarif`?")
    assert raised.value.help.endswith("a file of that name is `./sarf:x`")


def test_one_folder_that_is_missing_leaves_every_file_as_it_was(check):
    Path("old.txt").write_text("before", encoding="utf-8")
    result = check("-o", "old.txt", "-o", "json:new.json", "-o", "sarif:no/such/x.sarif", "-o", "csv:-")

    assert result.exit_code == 2
    assert result.stderr == (
        "error: `no/such/x.sarif` cannot be written: No such file or directory\n"
        "  = help: there is no folder `no/such`\n\n"
    )
    assert result.stdout == ""
    assert Path("old.txt").read_text(encoding="utf-8") == "before"
    assert sorted(os.listdir()) == ["deployment.yaml", "old.txt"]  # noqa: PTH208  hidden drafts count


def test_a_format_that_cannot_be_written_leaves_every_file_as_it_was(check, monkeypatch):
    monkeypatch.setitem(sys.modules, "trestle.oscal.assessment_results", None)
    result = check("-o", "json:a.json", "-o", "oscal:b.json")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: the format `oscal` needs compliance-trestle\n")
    assert os.listdir() == ["deployment.yaml"]  # noqa: PTH208  hidden drafts count


def test_what_is_no_plain_file_is_written_to_as_it_is(check):
    assert check("-o", "json:/dev/null", "-o", "text:a.txt").exit_code == 0
    assert not Path("/dev/null").is_file()
    assert Path("a.txt").is_file()


def test_a_file_keeps_its_permissions(check):
    Path("a.json").write_text("", encoding="utf-8")
    Path("a.json").chmod(0o640)
    check("-o", "json:a.json")

    assert Path("a.json").stat().st_mode & 0o777 == 0o640


def test_bad_options_are_told_before_anything_is_checked(run):
    result = run("check", "missing.yaml", "-o", "sarf:x")

    assert "there is no format `sarf`" in result.stderr
    assert "missing.yaml" not in result.stderr
