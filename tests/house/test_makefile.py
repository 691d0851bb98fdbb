"""`make` explains what is missing and cleans up after itself, in a path with spaces too. No network is used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.house.pages import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def make(tmp_path):
    folder = tmp_path / "a path with spaces"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")

    def run(*arguments):
        # What a surrounding make has set is none of this one's business.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        return subprocess.run(
            ["make", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False, env=environment
        )

    run.folder = folder
    return run


def python(folder, name, script):
    """A stand-in for an interpreter."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_help_lists_what_can_be_made(make):
    shown = make().stdout
    for target in ("demo", "test", "lint", "bench", "docs"):
        assert f"make {target} " in shown


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "docs"])
def test_a_missing_python_is_explained(make, target):
    done = make(target, "PYTHON=/nowhere/python3")
    assert done.returncode == 2
    assert "fedpolicy needs Python 3.11 or newer" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr
    assert not (make.folder / ".venv").exists()


def test_an_old_python_is_explained(make):
    old = python(make.folder, "python3.9", 'case "$1" in -V) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    done = make("demo", f"PYTHON={old}")
    assert done.returncode == 2
    assert "is Python 3.9.2." in done.stderr


def test_a_missing_venv_module_is_explained(make):
    bare = python(make.folder, "python3", 'case "$2" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')
    done = make("demo", f"PYTHON={bare}")
    assert done.returncode == 2
    assert "its venv module is missing" in done.stderr
    assert not (make.folder / ".venv").exists()


def test_a_failed_attempt_leaves_nothing_and_the_next_one_starts_anew(make):
    broken = python(make.folder, "python3", 'case "$2" in venv) mkdir -p .venv/bin; exit 1 ;; *) exit 0 ;; esac')
    assert make("demo", f"PYTHON={broken}").returncode == 2
    assert not (make.folder / ".venv").exists()
    (make.folder / ".venv" / "bin").mkdir(parents=True)
    planned = make("--dry-run", "demo", f"PYTHON={sys.executable}").stdout
    assert "-m venv .venv" in planned


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/run.txt"])
def test_a_finished_installation_is_not_repeated_until_what_it_needs_changes(make, changed):
    (make.folder / ".venv" / "bin").mkdir(parents=True)
    python(make.folder / ".venv" / "bin", "python", "exit 0")
    (make.folder / ".venv" / ".stamp-run").touch()
    assert "pip install" not in make("--dry-run", "demo").stdout
    later = (make.folder / ".venv" / ".stamp-run").stat().st_mtime + 10
    os.utime(make.folder / changed, (later, later))
    assert "pip install" in make("--dry-run", "demo").stdout


def test_the_demo_succeeds_with_findings_and_says_so(make):
    (make.folder / ".venv" / "bin").mkdir(parents=True)
    (make.folder / ".venv" / ".stamp-run").touch()
    for code, succeeds in ((0, True), (1, True), (2, False), (3, False)):
        python(make.folder / ".venv" / "bin", "python", f'case "$2" in fedpolicy) exit {code} ;; *) exit 0 ;; esac')
        done = make("demo")
        assert (done.returncode == 0) is succeeds
        assert ("The demo itself has worked." in done.stdout) is (code == 1)


def test_ci_is_a_script_that_bash_understands_and_that_uses_the_same_commands():
    ci = ROOT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    subprocess.run(["bash", "-n", str(ci)], check=True)
    text = ci.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert [name for name in ("demo", "test", "editor", "lint", "docs", "bench") if f"make {name}" not in text] == []
    assert ".ci/release build" in text


@pytest.mark.no_cover
def test_what_is_not_to_be_counted_is_not_traced():
    assert sys.gettrace() is None  # in a worker of pytest-xdist, too
