"""The group of commands: finding them, helping with them, refusing what they do not take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import click
import pytest

import fedpolicy.cli.commands.schema as schema_module
from fedpolicy import __version__
from fedpolicy.cli import commands, main
from fedpolicy.cli.commands import app
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.files import schemas_dir

COMMANDS = sorted(path.stem for path in Path(commands.__file__).parent.glob("[a-z]*.py"))


def test_every_command_is_listed_with_its_summary(run):
    result = run("--help")

    listed = re.findall(r"^  (\w+)  +\S", result.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == COMMANDS
    assert "..." not in result.stdout.partition("Commands:")[2], "a summary that does not fit its line"
    assert {"check", "completion", "facts", "graph", "schema", "why"} <= set(listed)
    assert result.exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name, run):
    command = app.get_command(None, name)

    assert run(name, "--help").exit_code == 0
    assert command.help
    assert [option.name for option in command.params if option.param_type_name == "option" and not option.help] == []


def test_the_version_is_said_by_both_ways_in(run, capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == run("--version").stdout == f"fedpolicy {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--fail-on", "hihg"], "'hihg' is not one of"),
        (["--debug"], "Missing command."),
        (["check", "--param", "threshold"], "'threshold' is not of the form rule.name=value"),
        (["check", "--param", "rule=3"], "'rule=3' is not of the form rule.name=value"),
        (["check", "--max-epsilon", "0"], "0.0 is not in the range"),
        (["check", "--max-epsilon", "nan"], "nan is not a positive number"),
        (["check", "--owner", ""], "no party is named"),
        (["check", "--today", "31.1.2027"], "does not match the format 'YYYY-MM-DD'"),
        (["facts"], "Missing argument 'FILE'"),
        (["schema", "deployments"], "'deployments' is not one of"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(arguments, message, run):
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert message in " ".join(result.stderr.split())
    assert "--help` shows what it takes" in result.stderr
    assert result.stdout == ""


GROUPS = [[], *([name] for name in COMMANDS if isinstance(app.get_command(None, name), click.Group))]


def test_these_are_the_groups():
    assert GROUPS == [[], ["config"], ["new"], ["pack"]]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_without_a_command_shows_its_help_and_is_no_pass(group, run):
    bare, asked = run(*group), run(*group, "--help")

    assert bare.stdout == asked.stdout != ""
    assert bare.stderr == ""
    assert (bare.exit_code, asked.exit_code) == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["chek"], "no command `chek`", "did you mean `check`? `fedpolicy --help` lists the commands"),
        (["Check"], "no command `Check`", "did you mean `check`? `fedpolicy --help` lists the commands"),
        (["zzzz"], "no command `zzzz`", "`fedpolicy --help` lists the commands"),
        (["config", "shwo"], "no command `shwo`", "did you mean `show`? `fedpolicy config --help` lists the commands"),
        (["new", "rul"], "no command `rul`", "did you mean `rule`? `fedpolicy new --help` lists the commands"),
        (
            ["pack", "diggest"],
            "no command `diggest`",
            "did you mean `digest`? `fedpolicy pack --help` lists the commands",
        ),
        (["a\tb"], r"no command `a\tb`", "`fedpolicy --help` lists the commands"),
        (["x" * 5000], "no command `xxxx", "`fedpolicy --help` lists the commands"),
        (["here.yaml"], "no command `here.yaml`", "to check it: `fedpolicy check here.yaml`"),
        (["pack", "here.yaml"], "no command `here.yaml`", "`fedpolicy pack --help` lists the commands"),
        (["--vresion"], "no option `--vresion`", "did you mean `--version`? `fedpolicy --help` shows what it takes"),
        (
            ["pack", "--hepl"],
            "no option `--hepl`",
            "did you mean `--help`? `fedpolicy pack --help` shows what it takes",
        ),
        (
            ["pack", "digest", "--debgu", "x"],
            "no option `--debgu`",
            "did you mean `--debug`? `fedpolicy pack digest --help` shows what it takes",
        ),
        (["check", "-z"], "no option `-z`", "`fedpolicy check --help` shows what it takes"),
    ],
)
def test_what_is_misspelt_is_recognised(arguments, message, advice, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here.yaml").touch()

    result = run(*arguments)

    said = " ".join(result.stderr.split())
    assert said.startswith(f"error: there is {message}")
    assert said.endswith(f"= help: {advice}")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("path", sorted(schemas_dir().glob("*.schema.json")), ids=lambda path: path.name)
def test_every_schema_is_printed_as_it_is(path, run):
    result = run("schema", path.name.removesuffix(".schema.json"))

    assert result.stdout == path.read_text(encoding="utf-8")
    assert json.loads(result.stdout)["$schema"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_our_variable(shell, run):
    result = run("completion", shell)

    assert result.exit_code == 0
    assert "_FEDPOLICY_COMPLETE" in result.stdout


def test_completion_offers_the_commands():
    done = subprocess.run(
        [sys.executable, "-m", "fedpolicy"],
        env={"_FEDPOLICY_COMPLETE": "bash_complete", "COMP_WORDS": "fedpolicy ch", "COMP_CWORD": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.stdout == "plain,check\n"


def test_a_bug_asks_for_a_report_without_a_traceback(run, monkeypatch):
    monkeypatch.setattr(schema_module, "schemas_dir", lambda: 1 // 0)

    result = run("schema", "report")

    assert result.exit_code == 3
    assert result.stderr.startswith("fedpolicy failed: ZeroDivisionError: ")
    assert "Please report it" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback_of_a_bug_and_keeps_the_exit_code(run, monkeypatch):
    monkeypatch.setattr(schema_module, "schemas_dir", lambda: 1 // 0)

    result = run("schema", "report", "--debug")

    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_no_room_for_what_click_prints_is_no_bug(run, monkeypatch):
    def full(*_):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(schema_module, "schemas_dir", full)
    result = run("schema", "deployment")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: nothing can be written: No space left on device\n")


def test_an_interruption_is_no_bug(run, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(schema_module, "schemas_dir", interrupted)

    assert run("schema", "report").exit_code == 130


def test_errors_found_together_are_shown_together(run, monkeypatch):
    def broken():
        raise Problems([FedPolicyError("one", help="mend it"), FedPolicyError("two", path="a.b")])

    monkeypatch.setattr(schema_module, "schemas_dir", broken)

    result = run("schema", "report")

    assert result.exit_code == 2
    assert result.stderr == "error: one\n  = help: mend it\n\nerror: a.b: two\n\n"
