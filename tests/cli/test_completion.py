"""What completes a word at once says the same as click, or leaves it to click."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from fedpolicy.cli.commands import app
from fedpolicy.cli.completions import completion, table_of, table_source

ROOT = Path(__file__).parents[2]
TABLE = table_of(app)
SHELLS = ("bash", "zsh", "fish")


def asked(shell, words, word=""):
    """What the script of a shell puts into the environment for `fedpolicy WORDS... WORD`."""
    line = " ".join(["fedpolicy", *words, *([word] if word else [])])
    last = word if shell == "fish" else str(len(words) + 1)
    return {"_FEDPOLICY_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": last}


def by_click(shell, environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return get_completion_class(shell)(app, {}, "fedpolicy", "_FEDPOLICY_COMPLETE").complete() + "\n"


LINES = [
    [],
    ["check"],
    ["check", "a.yaml", "b.yaml"],
    ["check", "--format"],
    ["check", "--format", "json", "--select", "a", "--strict"],
    ["check", "--no-strict", "-o"],
    ["diff", "a.yaml"],
    ["why", "a.yaml", "tum"],
    ["explain"],
    ["completion"],
    ["pack"],
    ["pack", "digest"],
    ["config", "show", "--config"],
    ["schema", "-"],
    ["--debug"],
    ["--help", "check"],
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_it_says_what_click_says(words, shell, monkeypatch):
    for word in ("", "-", "--", "--f", "-o", "c", "j", "ex/", ".", "zz"):
        environment = asked(shell, words, word)
        found = completion(TABLE, environment)
        if word != "--":
            assert found is not None
        assert found in (None, by_click(shell, environment, monkeypatch)), environment


@pytest.mark.parametrize("path", sorted(TABLE), ids=lambda path: path or "fedpolicy")
def test_every_option_of_every_command_is_completed_as_click_completes_it(path, monkeypatch):
    options = [names[0] for names, *_ in TABLE[path][1]]
    for option, word in product([None, *options], ("", "--", "-", "a", "s")):
        environment = asked("zsh", [*path.split(), *([option] if option else [])], word)
        found = completion(TABLE, environment)
        assert found in (None, by_click("zsh", environment, monkeypatch)), environment


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--", "a"],
        ["check", "--format=json"],
        ["check", "'a", "b'"],
        ["check", "--nonsense"],
        ["nonsense"],
        ["pack", "nonsense"],
    ],
)
def test_what_is_not_plain_is_left_to_click(words):
    assert completion(TABLE, asked("bash", words)) is None


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"_FEDPOLICY_COMPLETE": "bash_source"},
        {"_FEDPOLICY_COMPLETE": "powershell_complete", "COMP_WORDS": "fedpolicy c", "COMP_CWORD": "1"},
        {"_FEDPOLICY_COMPLETE": "bash_complete", "COMP_WORDS": "fedpolicy c", "COMP_CWORD": "x"},
    ],
)
def test_other_questions_are_left_to_click(environment):
    assert completion(TABLE, environment) is None


@pytest.mark.parametrize(
    "words", [["check"], ["check", "a.yaml"], ["why"], ["diff", "a.yaml"], ["waive", "1f"], ["scan"]]
)
def test_names_of_files_are_completed_by_the_shell(words):
    assert completion(TABLE, asked("bash", words, "dep")) == "file,dep\n"


def test_the_table_is_a_module_that_says_the_same():
    known = {}
    exec(table_source(app), known)  # noqa: S102  our own text

    assert known["TABLE"] == TABLE


def test_with_a_table_no_word_waits_for_click(tmp_path):
    (tmp_path / "made.py").write_text(table_source(app), encoding="utf-8")
    shown = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import made;"
        "sys.modules['fedpolicy._data.completions'] = made; sys.argv = ['fedpolicy'];"
        "import os; os._exit = lambda code: print(code, *sys.modules, file=sys.stderr);"  # so an answer ends
        "from fedpolicy.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", shown],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **asked("bash", [], "ch")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    code, *modules = done.stderr.split()

    assert (code, done.stdout) == ("0", "plain,check\n")
    assert {"click", "re", "yaml", "fedpolicy.cli.commands"}.isdisjoint(modules)
