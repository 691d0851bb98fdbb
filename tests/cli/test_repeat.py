"""`check --watch` checks again whenever a file changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.changed import state_of
from fedpolicy.cli.commands import app
from tests.cli.test_warm import wait_for

ROOT = Path(__file__).parents[2]
CLEAN = ROOT / "examples/clean-open-weight/deployment.yaml"
LEAK = """\
fedpolicy: 1
name: leak
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
flows: {f: {from: n, to: g, payload: records}}
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
def test_it_checks_again_after_a_change_and_ends_with_the_last_code(tmp_path):
    file, report, told = tmp_path / "d.yaml", tmp_path / "report.json", tmp_path / "told"
    file.write_bytes(CLEAN.read_bytes())
    command = [sys.executable, "-P", "-m", "fedpolicy", "check", "d.yaml", "--watch", "--timeout", "2", "-q"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with told.open("wb") as out:
        outputs = ["--output", "text:-", "--output", f"json:{report.name}"]
        process = subprocess.Popen([*command, *outputs], cwd=tmp_path, env=env, stdout=out, stderr=out)
    with process:
        wait_for(lambda: told.read_text(encoding="utf-8").count("\n") == 1)
        # What it writes itself is no change; and nobody takes it for stuck while it waits.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.5)
        assert told.read_text(encoding="utf-8").startswith("PASS")

        file.write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")
        wait_for(lambda: "nothing was evaluated" in told.read_text(encoding="utf-8"))
        file.write_text(LEAK, encoding="utf-8")
        wait_for(lambda: "\nFAIL" in told.read_text(encoding="utf-8"))
        wait_for(report.exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 1
    assert told.read_text(encoding="utf-8").count(f"{'-' * 20} d.yaml\n") == 2


def test_standard_input_cannot_be_watched():
    done = CliRunner().invoke(app, ["check", "-", "--watch"], input="fedpolicy: 1\n")

    assert done.exit_code == 2
    assert "error: standard input cannot be watched" in done.output
    assert "name a file or a folder" in done.output


def test_what_is_watched_is_below_the_folders_beside_the_files_and_beside_us(tmp_path, monkeypatch):
    for name in ("here.toml", "a/b/c.yaml", "a/.hidden/d.yaml", "a/e.txt", "f/g.yaml", "f/h.json", "f/i/j.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    assert set(state_of(["a", "f/g.yaml", "gone/k.yaml"], set())) == {"here.toml", "a/b/c.yaml", "f/g.yaml", "f/h.json"}
    written = {str(tmp_path.resolve() / "f/h.json")}
    assert set(state_of(["f/g.yaml"], written)) == {"here.toml", "f/g.yaml"}
