"""Where something is missing: git, a home, Unix line endings, a network (docs/offline.md says what happens)."""

from __future__ import annotations

import ntpath
import os
import subprocess
import sys
from pathlib import PureWindowsPath
from types import SimpleNamespace

import pytest

from fedpolicy.sources import shown_path
from tests.ci.repositories import environment

LEAK = """\
fedpolicy: 1
name: leak
parties: {a: {role: participant, jurisdiction: DE}, openai: {role: provider, jurisdiction: US}}
nodes: {c: {kind: client, party: a}}
datasets: {d: {at: c, categories: [health]}}
models:
  own: {ref: Qwen/Qwen2.5-7B-Instruct, revision: a09a354, weights_at: [c]}
  vendor: {ref: openai/gpt-4o, revision: 2024-08-06, fallback: [own]}
tasks:
  ask: {method: llm_judge, model: vendor, data: [d], runs_on: c}
"""


def process(folder, *arguments, **more):
    """Run the tool as a process of its own: what is missing is missing there."""
    return subprocess.run(
        [sys.executable, "-m", "fedpolicy", *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        check=False,
    )


def test_without_git_files_and_folders_are_checked_and_revisions_are_refused(tmp_path):
    (tmp_path / "fedpolicy.yaml").write_text(LEAK, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / "empty").mkdir()
    alone = {"PATH": str(tmp_path / "empty")}
    found = process(tmp_path, "check", ".", **alone)
    refused = process(tmp_path, "diff", "main:fedpolicy.yaml", "fedpolicy.yaml", **alone)

    assert found.returncode == 1
    assert b"openai can learn d of a" in found.stdout
    assert refused.returncode == 2
    assert b"git" in refused.stderr


def test_a_home_that_cannot_be_written_changes_nothing(tmp_path):
    (tmp_path / "fedpolicy.yaml").write_text(LEAK, encoding="utf-8")
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR"), "/nonexistent")
    found = process(tmp_path, "check", "fedpolicy.yaml", **nowhere)

    assert found.returncode == 1
    assert found.stderr == b""


def test_windows_line_endings_are_read_at_the_same_places_and_kept(tmp_path, run):
    unix, windows = tmp_path / "unix.yaml", tmp_path / "windows.yaml"
    unix.write_bytes(LEAK.encode())
    windows.write_bytes(LEAK.replace("\n", "\r\n").encode())
    first = run("check", "unix.yaml", "--format", "concise").stdout
    second = run("check", "windows.yaml", "--format", "concise").stdout
    assert first.replace("unix.yaml", "windows.yaml") == second

    assert run("repair", "windows.yaml", "--write").exit_code == 0
    written = windows.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") > 5
    assert b"model: own" in written


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_report_is_utf_8_whatever_the_console_speaks(encoding, tmp_path):
    text = LEAK.replace("name: leak", "name: lübeck-Łódź").replace(
        "parties: {a:", "parties: {klinik-ü: {role: host}, a:"
    )
    (tmp_path / "fedpolicy.yaml").write_text(text.replace("klinik-ü", "klinik-u"), encoding="utf-8")
    found = process(tmp_path, "check", "fedpolicy.yaml", "--output", "text:report.txt", PYTHONIOENCODING=encoding)

    assert found.returncode == 1, found.stderr
    assert "lübeck-Łódź" in (tmp_path / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("infra\\ward.yaml", "infra/ward.yaml"),
        (".\\infra\\..\\ward.yaml", "ward.yaml"),
        ("D:\\infra\\ward.yaml", "D:/infra/ward.yaml"),  # another drive than that of the folder
    ],
)
def test_paths_of_windows_are_said_with_slashes(path, name, monkeypatch):
    monkeypatch.setattr("fedpolicy.sources.os", SimpleNamespace(path=ntpath, pardir=os.pardir))
    monkeypatch.setattr("fedpolicy.sources.PurePath", PureWindowsPath)

    assert shown_path(path) == name
