"""Whoever runs a check may close its streams: the exit code is right, and nothing but a message is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LEAK = """
fedpolicy: 1
name: leak
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
flows: {f: {from: n, to: g, payload: records}}
"""
STDOUT = "error: standard output is closed\n  = help: open it, or write to a file with `--output FILE`\n"
STDIN = "error: standard input is closed\n  = help: name a file, or pipe one in\n"
MISSING = "error: `missing.yaml` does not exist"


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "leak.yaml").write_text(LEAK, encoding="utf-8")
    code = "import sys; from fedpolicy.__main__ import main; sys.exit(main())"

    def run(arguments: str, streams: str) -> tuple[int, str, str]:
        command = f'"{sys.executable}" -c "{code}" {arguments} {streams}'
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(
    ("arguments", "streams", "code", "said"),
    [
        ("check leak.yaml", ">&-", 2, STDOUT),
        ("facts leak.yaml", ">&-", 2, STDOUT),
        ("rules", ">&-", 2, STDOUT),
        ("--help", ">&-", 2, STDOUT),
        ("--version", ">&-", 2, STDOUT),
        ("check leak.yaml --format json", ">&- <&-", 2, STDOUT),
        ("check leak.yaml --output report.txt", ">&-", 1, ""),
        ("check missing.yaml", ">&-", 2, MISSING),
        ("check missing.yaml", "2>&-", 2, ""),
        ("check missing.yaml", ">&- 2>&-", 2, ""),
        ("check missing.yaml", ">&- 2>&- <&-", 2, ""),
        ("check missing.yaml", "2>/dev/full", 2, ""),
        ("check leak.yaml", "2>&-", 1, ""),
        ("check leak.yaml", ">&- 2>&-", 2, ""),
        ("check --no-such-option", "2>&-", 2, ""),
        ("check -", "<&-", 2, STDIN),
        ("facts -", "<&-", 2, STDIN),
        ("repair -", "<&- 2>&-", 2, ""),
        ("check leak.yaml", "<&-", 1, ""),
    ],
)
def test_a_closed_stream_never_changes_what_the_exit_code_says(shell, arguments, streams, code, said):
    found, _, messages = shell(arguments, streams)

    assert found == code
    assert messages.startswith(said)
    assert "Traceback" not in messages
    assert "bug" not in messages


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_file_never_takes_the_place_of_a_closed_stream(shell, tmp_path, streams):
    shell("check leak.yaml missing.yaml --output json:report.json", streams)

    assert Path(tmp_path / "leak.yaml").read_text(encoding="utf-8") == LEAK
    assert Path(tmp_path / "report.json").read_text(encoding="utf-8").startswith("{")
    assert Path(tmp_path / "report.json").read_text(encoding="utf-8").endswith("}\n")


def test_a_bug_is_told_by_the_exit_code_where_nothing_can_be_said():
    # A run that fails inside us, with a standard error that is full.
    code = "import sys; from fedpolicy.cli.errors import guard; sys.exit(guard(lambda: 1 / 0, []))"
    done = subprocess.run(["sh", "-c", f'"{sys.executable}" -c "{code}" 2>/dev/full'], check=False)

    assert done.returncode == 3
