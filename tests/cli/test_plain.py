"""What reads the words of a plain check from a table says the same as click, or leaves it to click."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from fedpolicy.cli.commands.check import command
from fedpolicy.cli.plain import plain_options, plain_words, words_source

ROOT = Path(__file__).parents[2]
TABLE = plain_words(command)
NAMES = sorted({name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")})
WORDS = (*NAMES, "a.yaml", "-", "--", "high", "json", "never", "1", "auto", "", "-qv", "--help", "--fail-on=low", "-ox")


def by_click(words):
    try:
        return command.make_context("check", list(words)).params
    except (click.ClickException, click.exceptions.Exit):
        return None


@settings(deadline=None)
@given(some.lists(some.sampled_from(WORDS), max_size=6))
def test_it_says_what_click_says(words):
    assert plain_options(TABLE, words, {}) in (None, by_click(words))


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a.yaml", "-"],
        ["--fail-on", "never", "a.yaml", "--format=json", "b.yaml"],
        ["-q", "--no-color", "--strict", "--no-strict", "--no-gitignore", "--fixes"],
        ["--pack", "a", "--pack=b", "-o", "json:x", "--output", "y", "--exclude", "drafts/**"],
        ["--isolated", "--no-waivers"],
        ["a.yaml", "--owner", "charite"],
    ],
    ids=" ".join,
)
def test_what_people_write_needs_no_click(words):
    found = plain_options(TABLE, words, {})

    assert found is not None
    assert found == by_click(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense"],
        ["--fail-on", "huge"],
        ["--fail-on"],
        ["--strict=yes"],
        ["--max-epsilon", "3"],
        ["--select", "a,b"],
        ["--waivers", "w.yaml"],
        ["--debug"],
        ["--help"],
        ["-qv"],
        ["-ox"],
        ["--", "a.yaml"],
        ["--pack", "--strict"],
        ["--owner", ""],
        ["--owner="],
    ],
    ids=" ".join,
)
def test_the_rest_is_left_to_click(words):
    assert plain_options(TABLE, words, {}) is None


def test_what_the_environment_says_is_left_to_click():
    assert plain_options(TABLE, ["a.yaml"], {"FEDPOLICY_LINKS": ""}) is None
    assert plain_options(TABLE, ["a.yaml"], {"HOME": "/"}) is not None


def test_the_table_is_a_module_that_says_the_same():
    known = {}
    exec(words_source(command), known)  # noqa: S102  our own text

    assert known["TABLE"] == TABLE


def undated(text):
    return re.sub(r"judged as on \S+;", "judged on some day;", text)


ASK = """
import sys
sys.path.insert(0, {folder!r})
import made
sys.modules["fedpolicy._data.words"] = made
from fedpolicy.cli import main
code = main({words!r})
print([code, *sorted({{"click", "dataclasses", "inspect", "json"}} & sys.modules.keys())])
"""


@pytest.mark.parametrize(
    ("words", "code"), [(["check", "deployment.yaml", "--isolated"], 1), (["check", "nowhere.yaml", "--isolated"], 2)]
)
@pytest.mark.usefixtures("example")
def test_with_a_table_no_check_waits_for_click(words, code, tmp_path, run):
    (tmp_path / "made.py").write_text(words_source(command), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(folder=str(tmp_path), words=words)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    shown, _, last = done.stdout.rstrip().rpartition("\n")
    by_hand = run(*words)

    assert last == f"[{code}]"
    assert (undated(shown), done.stderr) == (undated(by_hand.stdout.rstrip("\n")), by_hand.stderr)
