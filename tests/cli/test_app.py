"""The group of commands: finding them, helping with them, refusing what they do not take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fedpolicy.cli.commands.schema as schema_module
from fedpolicy import __version__
from fedpolicy.cli import commands, main
from fedpolicy.cli.app import app
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.resources import schemas_dir

COMMANDS = sorted(path.stem for path in Path(commands.__file__).parent.glob("[a-z]*.py"))


def test_every_command_is_listed_with_its_summary(run):
    result = run("--help")

    listed = re.findall(r"^  (\w+)  +\S", result.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == COMMANDS
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
        (["chek"], "No such command 'chek'"),
        (["check", "--fail-on", "hihg"], "'hihg' is not one of"),
        (["check", "--nonsense"], "No such option"),
        (["check", "--param", "threshold"], "'threshold' is not of the form rule.name=value"),
        (["check", "--param", "rule=3"], "'rule=3' is not of the form rule.name=value"),
        (["check", "--max-epsilon", "0"], "0.0 is not in the range"),
        (["check", "--max-epsilon", "nan"], "nan is not a positive number"),
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
        text=True,
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
