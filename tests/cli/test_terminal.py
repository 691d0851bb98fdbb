"""Where results go, and how errors look."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fedpolicy.cli.messages import message
from fedpolicy.cli.terminal import emit, look_of, write
from fedpolicy.errors import FedPolicyError, OutputError, PolicyError, Problems, SpecError
from fedpolicy.findings import Span
from fedpolicy.report import Style


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.parametrize(
    ("stream", "environment", "no_color", "colour"),
    [
        (Terminal, {}, False, True),
        (io.StringIO, {}, False, False),
        (Terminal, {}, True, False),
        (Terminal, {"NO_COLOR": "1"}, False, False),
        (Terminal, {"NO_COLOR": ""}, False, True),
        (Terminal, {"TERM": "dumb"}, False, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, False, True),
        (io.StringIO, {"FORCE_COLOR": "1"}, True, False),
        (io.StringIO, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_is_for_terminals_and_the_user_has_the_last_word(stream, environment, no_color, colour, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert look_of(stream(), no_color=no_color).colour is colour


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("20", 60), ("400", 140)])
def test_a_terminal_decides_the_width_within_reason(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)

    assert look_of(Terminal()).width == width
    assert look_of(io.StringIO()).width == width

    monkeypatch.delenv("COLUMNS")
    assert look_of(io.StringIO()).width == 100


def test_a_file_is_written_whole():
    write(Path("out.txt"), "ä\n")

    assert Path("out.txt").read_bytes() == "ä\n".encode()
    assert [path.name for path in Path().iterdir()] == ["out.txt"]


def test_a_file_that_exists_keeps_its_permissions_and_a_link_stays_a_link():
    Path("real.txt").write_text("old", encoding="utf-8")
    Path("real.txt").chmod(0o640)
    Path("link.txt").symlink_to("real.txt")

    write(Path("link.txt"), "new")

    assert Path("link.txt").is_symlink()
    assert Path("real.txt").read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(Path("real.txt").stat().st_mode) == 0o640


def test_a_device_is_written_to_and_not_replaced():
    write(Path("/dev/null"), "text")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    ("path", "said", "advice"),
    [
        ("no/out.txt", "`no/out.txt` cannot be written: No such file or directory", "there is no folder `no`"),
        ("folder", "`folder` cannot be written: Is a directory", "nothing was written"),
        ("file/out.txt", "`file/out.txt` cannot be written: Not a directory", "there is no folder `file`"),
    ],
)
def test_what_cannot_be_written_is_said(path, said, advice):
    Path("folder").mkdir()
    Path("file").touch()

    with pytest.raises(OutputError) as caught:
        write(Path(path), "text")

    assert (caught.value.message, caught.value.help) == (said, advice)


def test_nothing_is_half_written_when_the_disk_is_full(monkeypatch):
    Path("out.txt").write_text("old", encoding="utf-8")
    real = Path.write_bytes

    def full(self, data):
        real(self, data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write(Path("out.txt"), "new text")

    assert Path("out.txt").read_text(encoding="utf-8") == "old"
    assert [path.name for path in Path().iterdir()] == ["out.txt"]


def test_a_terminal_without_unicode_gets_what_it_can_show(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", stream)

    emit("ε of 8\n", None)

    assert stream.buffer.getvalue() == b"? of 8\n"


def test_a_pipe_gets_utf8_whatever_the_locale(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    stream.write("before ")

    emit("ε of 8\n", None)

    assert stream.buffer.getvalue() == "before ε of 8\n".encode()


@pytest.mark.parametrize("early", [True, False])
def test_a_closed_pipe_is_quiet_and_changes_no_exit_code(early):
    read, wrote = os.pipe()
    if early:
        os.close(read)
    code = "import sys; from fedpolicy.cli.terminal import emit; emit('x' * 100, None); sys.exit(1)"
    done = subprocess.run([sys.executable, "-c", code], stdout=wrote, stderr=subprocess.PIPE, check=False)
    os.close(wrote)
    if not early:
        os.close(read)

    assert (done.returncode, done.stderr) == (1, b"")


def place(line, start, end):
    return Span(file="d.yaml", line=line, column=start, end_line=line, end_column=end)


def test_an_error_shows_its_place_and_what_to_do_next():
    error = SpecError("unknown key `metod`", span=place(2, 3, 8), help="did you mean `method`?", path="tasks.metod")

    assert message(error, {"d.yaml": ["tasks:", "  metod: lora"]}).splitlines() == [
        "error: tasks.metod: unknown key `metod`",
        " --> d.yaml:2:3",
        "  |",
        "2 |   metod: lora",
        "  |   ^^^^^",
        "  |",
        "  = help: did you mean `method`?",
    ]


def test_an_error_that_names_its_element_does_not_say_it_twice():
    error = SpecError("tasks.adapt has no method", path="tasks.adapt")

    assert message(error, {}) == "error: tasks.adapt has no method\n"


def test_the_line_of_a_rule_is_read_from_the_disk():
    Path("rule.yaml").write_text("id: x\nrequire: oops\n", encoding="utf-8")
    span = Span(file="rule.yaml", line=2, column=10, end_line=2, end_column=14)

    assert "2 | require: oops" in message(PolicyError("not a field", span=span), {})


def test_a_place_in_a_file_that_is_gone_is_still_said():
    span = Span(file="gone.yaml", line=2, column=10, end_line=2, end_column=14)

    assert message(PolicyError("odd", span=span, help="look"), {}).splitlines() == [
        "error: odd",
        " --> gone.yaml:2:10",
        "  = help: look",
    ]


def test_several_problems_are_shown_one_after_the_other():
    both = Problems([FedPolicyError("one"), FedPolicyError("two")])

    assert message(both, {}) == "error: one\n\nerror: two\n"


def test_errors_are_coloured_on_a_terminal():
    shown = message(FedPolicyError("odd", help="look"), {}, Style(colour=True))

    assert shown.startswith("\x1b[1;31merror\x1b[0m\x1b[1m: odd\x1b[0m\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_no_bug(here):
    (here / "d.yaml").write_text("fedpolicy: 1\nname: d\n", encoding="utf-8")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fedpolicy", "facts", "d.yaml"], stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: standard output cannot be written: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("result", ["text", b"\x89PNG"])
def test_a_text_and_a_picture_meet_a_full_disk_alike(result, monkeypatch):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        with pytest.raises(OutputError, match="standard output cannot be written: No space left on device"):
            emit(result, None)
