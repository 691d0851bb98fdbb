"""The story of docs/tutorial-scan.md, told by running it."""

from __future__ import annotations

import re
import shutil
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.counts import uncounted
from tests.house.pages import ROOT, every_block

PAGE = ROOT / "docs" / "tutorial-scan.md"
PROMPT = "$ fedpolicy "
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


@pytest.fixture
def copy(tmp_path, monkeypatch):
    for part in ("consortium", "infrastructure"):
        shutil.copytree(ROOT / "tests" / "scan" / part, tmp_path / "lungs", dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "lungs")


def printed(command):
    words = command.removeprefix(PROMPT).split()
    day = ["--today", "2026-11-28"] if words[0] in ("scan", "check") else []
    done = CliRunner(**APART).invoke(app, [*words, *day])
    assert done.exit_code in (0, 1), done.stderr
    # An import says where it has written to on standard error.
    return (done.stdout if day else done.stderr).rstrip()


def settled(text):
    """The text without what a new rule changes: counts, and what it asks for."""
    return re.sub(r"(decides the rest): .*", r"\1", uncounted(text))


@pytest.mark.usefixtures("copy")
def test_the_tutorial_is_what_happens(request):
    text = PAGE.read_text(encoding="utf-8")
    ran = []
    for kind, block in every_block(text):
        if kind == "yaml":
            Path("fedpolicy.yaml").write_text(block, encoding="utf-8")
        elif kind == "console":
            command = block.splitlines()[0]
            current = f"{command}\n{printed(command)}\n"
            if request.config.getoption("--update-golden"):
                text = text.replace(f"```console\n{block}", f"```console\n{current}")
                PAGE.write_text(text, encoding="utf-8")
            else:
                assert settled(block) == settled(current)
            ran.append(command.split()[2])
    assert ran == ["scan", "import", "check"]
