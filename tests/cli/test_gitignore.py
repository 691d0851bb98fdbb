"""What git ignores is left out of a search, unless git tracks it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fedpolicy.sources import Search, find
from fedpolicy.sources.listing import listing_of

SPEC = "fedpolicy: 1\nname: x\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, and a git without settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    return tmp_path


@pytest.fixture
def repository(here):
    git("init", "--quiet")
    return here


def git(*arguments, folder="."):
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def write(*names, text=SPEC):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def found(*paths, **search):
    said: list[str] = []
    names = [source.name for source in find(paths or ["."], lambda: b"", Search(note=said.append, **search))]
    assert said == []
    return names


def test_nested_files_and_negations_count_as_git_counts_them(repository):
    del repository
    write("a.yaml", "build/b.yaml", "sub/c.yaml", "sub/kept.yaml", "sub/deep/d.yaml", "sub/deep/kept.yaml")
    write(".gitignore", text="build/\nkept.yaml\n")
    write("sub/.gitignore", text="*\n!*/\n!kept.yaml\n")

    assert found() == ["a.yaml", "sub/kept.yaml", "sub/deep/kept.yaml"]
    assert found("sub") == ["sub/kept.yaml", "sub/deep/kept.yaml"]
    assert found(gitignore=False) == [
        "a.yaml",
        "build/b.yaml",
        "sub/c.yaml",
        "sub/kept.yaml",
        "sub/deep/d.yaml",
        "sub/deep/kept.yaml",
    ]


def test_the_lists_of_the_repository_and_of_nobody_else_are_read(repository, monkeypatch):
    write("a.yaml", "mine.yaml", "everybody.yaml")
    write(".git/info/exclude", text="mine.yaml\n")
    write("ignore", text="everybody.yaml\n")
    write("config", text=f"[core]\n\texcludesFile = {repository / 'ignore'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(repository / "config"))

    assert found() == ["a.yaml", "everybody.yaml"]


def test_a_change_cannot_hide_a_deployment_that_is_tracked(repository):
    del repository
    write("infra/a.yaml", "infra/b.yaml", "infra/new.yaml")
    git("add", "infra/a.yaml", "infra/b.yaml")
    write(".gitignore", text="infra/\n*.yaml\n")

    assert found() == ["infra/a.yaml", "infra/b.yaml"]


def test_what_is_named_is_checked(repository):
    del repository
    write("out/a.yaml", "out/deep/b.yaml")
    write(".gitignore", text="out/\n")

    assert found("out/a.yaml") == ["out/a.yaml"]
    assert found("out") == ["out/a.yaml", "out/deep/b.yaml"]
    assert found("out/deep") == ["out/deep/b.yaml"]


def test_a_repository_in_a_repository_has_lists_of_its_own(repository):
    del repository
    write("a.yaml", "inner/a.yaml", "inner/b.yaml")
    write(".gitignore", text="/a.yaml\nb.yaml\n")
    git("init", "--quiet", folder="inner")
    write("inner/.gitignore", text="a.yaml\n")

    assert found() == ["inner/b.yaml"]


def test_outside_of_a_repository_nothing_is_ignored(here):
    del here
    write("a.yaml")
    write(".gitignore", text="*\n")

    assert found() == ["a.yaml"]


def test_odd_names(repository):
    del repository
    write("a b.yaml", "ä.yaml", "#x.yaml", "new\nline.yaml", 'quote".yaml')
    write(".gitignore", text='ä.yaml\n\\#x.yaml\nnew*\nquote".yaml\r\n')

    assert found() == ["a b.yaml"]


def test_where_everything_is_ignored_the_advice_says_so(repository):
    del repository
    write("a.yaml")
    write(".gitignore", text="*\n")

    (source,) = find(["."], lambda: b"")

    assert source.error.message == "no deployment found in the folder `.`"
    assert source.error.help == "git ignores what is there; `--no-gitignore` checks it all the same"


def test_without_an_answer_of_git_nothing_is_left_out_and_that_is_said(repository, monkeypatch):
    write("a.yaml", "b.yaml")
    write(".gitignore", text="a.yaml\n")
    said: list[str] = []
    monkeypatch.setenv("PATH", str(repository / "nowhere"))
    names = [source.name for source in find(["."], lambda: b"", Search(note=said.append))]

    assert names == ["a.yaml", "b.yaml"]
    assert said == ["nothing is left out of `.` for being ignored by git: git cannot be run: it is not installed"]


def test_a_git_that_refuses_is_quoted(repository, monkeypatch):
    script = repository / "bin" / "git"
    write("bin/git", text="#!/bin/sh\necho 'fatal: bad config line 1' >&2\necho more >&2\nexit 128\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")

    assert listing_of(".").why == "git refuses: bad config line 1"


def test_what_is_set_about_git_around_us_does_not_lead_it_elsewhere(repository, monkeypatch):
    write("infra/a.yaml", "infra/b.yaml")
    write(".gitignore", text="infra/a.yaml\n")
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))

    assert listing_of("infra").ignored == {"a.yaml"}


def test_the_command_line_and_the_configuration_switch_it_off(repository, run, example):
    write(".gitignore", text="deployment.yaml\n")
    left_out = run("check")

    assert left_out.exit_code == 2
    assert "git ignores what is there" in left_out.stderr
    assert run("check", "--no-gitignore").exit_code == 1
    assert run("check", str(example)).exit_code == 1
    write("fedpolicy.toml", text="gitignore = false\n")
    assert run("check").exit_code == 1
    assert run("check", "--gitignore").exit_code == 2
    (repository / ".gitignore").unlink()
    (repository / ".git" / "HEAD").unlink()
    assert "note: nothing is left out of `.` for being ignored by git: " in run("check", "--gitignore").stderr
