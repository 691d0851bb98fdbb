"""Running fedpolicy as a user would, in a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fedpolicy.cli.commands import app

# Until 8.1, click mixed what goes to the two streams unless it was told not to.
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
EXAMPLE = Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml"


@pytest.fixture
def run(tmp_path, monkeypatch) -> Callable[..., Result]:
    """Run fedpolicy in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str, **more) -> Result:
        return CliRunner(**APART).invoke(app, list(arguments), **more)

    return invoke


@pytest.fixture
def example(run, tmp_path) -> Path:
    """The running example, in the current folder."""
    del run
    path = tmp_path / "deployment.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def git(tmp_path) -> Callable[..., None]:
    """Run git in the folder, as somebody who may commit."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]

    def invoke(*arguments: str) -> None:
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    return invoke
