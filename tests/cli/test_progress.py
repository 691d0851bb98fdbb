"""The line that shows how far a run is: on a terminal only, after a second only, and gone at the end."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from fedpolicy.cli import terminal
from fedpolicy.cli.terminal import Progress
from tests.cli.conftest import EXAMPLE

ROOT = Path(__file__).parents[2]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")


def shown(*steps, stream=None, total=1000, **more):
    """What is written for these (seconds, files)."""
    stream, clock = stream or Terminal(), Clock()
    line = Progress(stream, total, clock=clock, **more)
    for seconds, done in steps:
        clock.now = 100 + seconds
        line.tell(done)
    line.erase()
    return stream.getvalue()


def test_it_comes_after_a_second_and_goes_at_the_end():
    text = shown((0.5, 100), (1.5, 250), (1.55, 260), (2, 1000), no_color=True)

    assert text.split("\r") == [
        "",
        "checking [#######----------------------] 250 of 1,000 files",
        "checking [###########################] 1,000 of 1,000 files",
        " " * 59,
        "",
    ]


@pytest.mark.parametrize(
    ("environment", "stream", "total"),
    [
        ({}, io.StringIO, 1000),
        ({"CI": "true"}, Terminal, 1000),
        ({"TERM": "dumb"}, Terminal, 1000),
        ({}, Terminal, 5),
    ],
)
def test_where_nobody_watches_nothing_is_written(environment, stream, total, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert shown((5, 1), (9, 2), stream=stream(), total=total) == ""


def test_a_run_that_is_done_soon_shows_nothing():
    assert shown((0.2, 500), (0.9, 1000)) == ""


def test_colour_is_for_those_who_want_it(monkeypatch):
    assert "\x1b[32m" in shown((2, 500))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown((2, 500))


@pytest.mark.parametrize(("columns", "line"), [("24", "500 of 1,000 files"), ("8", "500 of ")])
def test_a_narrow_terminal_gets_what_fits(columns, line, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)

    assert shown((2, 500)).split("\r")[1] == line


def test_a_terminal_that_does_not_say_how_wide_it_is_has_80_columns(monkeypatch):
    monkeypatch.delenv("COLUMNS")

    assert shown((2, 500)).split("\r")[2] == " " * 79


def test_a_terminal_that_goes_away_stops_nothing():
    class Gone(Terminal):
        def write(self, _):
            raise OSError(5, "Input/output error")

    assert shown((2, 500), (3, 600), stream=Gone()) == ""


def in_a_terminal(arguments, folder, **environment):
    """Run fedpolicy with standard error on a terminal; both streams, and what came of it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    # A second is long for a test, so the line comes at once.
    patched = f"""
import sys
from fedpolicy.cli import main, terminal
terminal._AFTER = terminal._EVERY = 0.0
sys.exit(main({arguments!r}))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", patched],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
        stdout=subprocess.PIPE,
        stderr=theirs,
        encoding="utf-8",
    )
    os.close(theirs)
    stdout, _ = child.communicate(timeout=60)
    stderr = b""
    try:
        while part := os.read(ours, 65536):
            stderr += part
    except OSError:  # how a terminal says that nobody is at its other end
        pass
    finally:
        os.close(ours)
    return child.returncode, stdout, stderr.decode()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_on_a_real_terminal(jobs, tmp_path):
    for number in range(8):
        text = EXAMPLE.read_text(encoding="utf-8").replace("name: clinical-notes", f"name: clinical-notes-{number}", 1)
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    arguments = ["check", ".", "--jobs", jobs]
    code, stdout, stderr = in_a_terminal(arguments, tmp_path, NO_COLOR="1")
    quiet = in_a_terminal(arguments, tmp_path, CI="true")

    assert code == 1
    assert re.search(r"\rchecking \[#+-*\] [1-8] of 8 files", stderr)
    assert stderr.endswith("\r" + " " * 59 + "\r")
    assert "\x1b" not in stderr
    assert quiet == (1, stdout, "")
    assert "checking [" not in stdout


def test_it_waits_a_second():
    assert terminal._AFTER == 1.0  # noqa: SLF001  the tests above change it
