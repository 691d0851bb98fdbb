"""The stories of the pages on drift, sites and enforcement, told by running them."""

from __future__ import annotations

import re
import shutil
import subprocess
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.counts import uncounted
from tests.house.pages import ROOT, every_block

APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
CODES = {"drift.md": [0, 0, 1, 0, 0], "site-policy.md": [1], "enforce.md": [0, 0, 0, 0]}


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "tests" / "scan" / "consortium", tmp_path / "lungs")
    monkeypatch.chdir(tmp_path / "lungs")


def shown(block, codes):
    """The commands of a block, each with what it prints now."""
    lines = []
    for command in [line for line in block.splitlines() if line.startswith("$ ")]:
        lines.append(command)
        if not command.startswith("$ fedpolicy "):
            subprocess.run(command.removeprefix("$ "), shell=True, check=True)  # noqa: S602  the pages are ours
            continue
        day = ["--today", "2026-11-28"] if command.split()[2] in ("check", "drift") else []
        words = re.sub(r'"', "", command).split()[2:]
        done = CliRunner(**APART).invoke(app, [*words, *day])
        codes.append(done.exit_code)
        printed = [*done.stderr.splitlines(), *done.stdout.splitlines()]
        lines += [line for line in printed if not line.startswith("note: of ")]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", CODES)
@pytest.mark.usefixtures("copy")
def test_the_page_is_what_happens(name, request):
    page = ROOT / "docs" / name
    text = page.read_text(encoding="utf-8")
    codes = []
    for kind, block in every_block(text):
        if kind == "yaml":
            Path(block.split("\n", 1)[0].removeprefix("# ")).write_text(block, encoding="utf-8")
        elif kind == "console":
            current = shown(block, codes)
            if request.config.getoption("--update-golden"):
                text = text.replace(f"```console\n{block}", f"```console\n{current}")
                page.write_text(text, encoding="utf-8")
            else:
                assert uncounted(block) == uncounted(current)
    assert codes == CODES[name]
