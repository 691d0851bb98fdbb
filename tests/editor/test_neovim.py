"""A real editor, Neovim without a screen, set up as docs/editors.md says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.pages import ROOT, blocks

NVIM = shutil.which("nvim")
EXAMPLE = ROOT / "examples" / "clinical-notes" / "deployment.yaml"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What Neovim heard of the running example."""
    if NVIM is None:
        pytest.skip("Neovim is not installed (Debian: apt install neovim)")
    pytest.importorskip("pygls", reason="the server's library is in the extra `lsp`")
    folder = tmp_path_factory.mktemp("neovim")
    (setup,) = blocks((ROOT / "docs" / "editors.md").read_text(encoding="utf-8"), "lua")
    program = json.dumps(str(Path(sys.executable).parent / "fedpolicy"))
    (folder / "setup.lua").write_text(setup.replace('"fedpolicy", "lsp"', f'{program}, "lsp"'), encoding="utf-8")
    deployment = folder / "deployment.yaml"
    shutil.copy(EXAMPLE, deployment)
    given = {"SETUP": str(folder / "setup.lua"), "DEPLOYMENT": str(deployment), "ANSWERS": str(folder / "answers.json")}
    homes = {
        name: str(folder / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    }
    command = [NVIM, "--headless", "--clean", "-u", "NONE", "-S", str(Path(__file__).parent / "neovim.lua")]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **given, **homes},
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answers.json").read_text(encoding="utf-8"))


def test_findings_stand_at_their_lines(answers):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    leak = next(one for one in answers["told"] if one.get("code") == "private-data-to-closed-model")

    assert leak["source"] == "fedpolicy"
    assert leak["severity"] == 1
    assert lines[leak["line"] - 1].strip().startswith("score:")


def test_a_word_is_explained(answers):
    assert answers["hover"].startswith("**llm_judge**: ")


def test_a_slip_is_told_before_it_is_saved(answers):
    assert "did you mean `llm_judge`?" in answers["typo"]
