"""No command waits for ever for one file, whoever watches; what others wrote is answered all the same."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli import watchdog
from fedpolicy.cli.commands import app
from fedpolicy.cli.inputs import watching
from fedpolicy.cli.watchdog import Watch
from fedpolicy.files import MOST_BYTES, whole
from fedpolicy.sources import STDIN, candidates
from tests.attacks.test_one_bad_file import LATE, LEAK, NAMES, ROOT, estate, fedpolicy, needs_copies, reported

__all__ = ["estate"]

posix = pytest.mark.skipif(os.name != "posix", reason="nobody watches on Windows, which docs/limits.md says")
ABOUT_ONE_FILE = {
    "budget": (),
    "control": (),
    "enforce": ("--target", "egress-allowlist"),
    "facts": (),
    "graph": (),
    "repair": (),
    "site": ("a",),
    "whatif": ("--compromise", "b"),
    "why": ("b", "d"),
}
# A module that Python loads by itself, also in a process that is started anew. `bad.yaml` never ends; nothing copies.
STARTED = """
from fedpolicy import check
from fedpolicy.cli import watchdog

watchdog._copies = lambda: False
real = check.load_text
check.load_text = lambda text, name, *more: sum(iter(int, 1)) if name == "bad.yaml" else real(text, name, *more)
"""


class Heard(Watch):
    """Somebody who watches, and kills nobody."""

    begun: list[tuple[str, float]] = []  # noqa: RUF012  emptied by each test

    def begin(self, name, seconds):
        self.begun.append((name, seconds))

    def rest(self):
        pass


@pytest.fixture
def heard():
    Heard.begun.clear()
    return Heard(pipe=-1, parent=os.getppid(), input=-1)


def asked(watch, *arguments):
    with watching(watch):
        return CliRunner().invoke(app, list(arguments))


def test_every_command_that_evaluates_is_watched_and_takes_a_limit():
    commands = {name: app.get_command(None, name) for name in app.list_commands(None)}
    limited = {name for name, one in commands.items() if any("--timeout" in option.opts for option in one.params)}

    assert limited == watchdog.COMMANDS
    assert limited == {*ABOUT_ONE_FILE, "baseline", "check", "diff", "drift", "import", "scan", "test", "waive"}


@pytest.mark.parametrize("command", ABOUT_ONE_FILE)
def test_who_watches_hears_of_the_file_and_the_limit(command, estate, heard):
    del estate
    for given, seconds in (((), 300), (("--timeout", "7"), 7), (("--timeout", "0"), 0)):
        done = asked(heard, command, "a.yaml", *ABOUT_ONE_FILE[command], *given)
        assert done.exit_code in {0, 1}, done.output
        assert heard.begun.pop() == ("a.yaml", seconds)


@pytest.mark.parametrize("command", ABOUT_ONE_FILE)
@pytest.mark.parametrize(
    ("died", "why"), [(True, "the process that checked it died"), (False, "it took longer than 7 seconds")]
)
def test_what_an_earlier_process_did_not_survive_is_not_tried_again(command, died, why, estate):
    del estate
    watch = Heard(pipe=-1, parent=os.getppid(), input=-1, lost={"a.yaml": died})
    done = asked(watch, command, "a.yaml", *ABOUT_ONE_FILE[command], "--timeout", "7")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: `a.yaml` gave no answer: {why}\n  = help: ")


@needs_copies
def test_a_question_that_never_ends_is_ended(estate):
    (estate / "driver.py").write_text(
        "import sys\nfrom fedpolicy.cli import main\nsys.exit(main())\n", encoding="utf-8"
    )
    (estate / "sitecustomize.py").write_text(STARTED.replace("watchdog._copies", "unused"), encoding="utf-8")
    done = started(estate, "facts", "bad.yaml", "--timeout", "0.5")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: `bad.yaml` gave no answer: it took longer than 0.5 seconds\n")


@needs_copies
def test_a_comparison_names_the_file_and_compares_the_others(estate):
    for name in ("old", "new"):
        (estate / name).mkdir()
        (estate / name / "c.fedpolicy.yaml").write_text(LEAK.format(name="c"), encoding="utf-8")
    (estate / "new" / "d.fedpolicy.yaml").write_text(LEAK.format(name="d"), encoding="utf-8")
    (estate / "sitecustomize.py").write_text(
        STARTED.replace("watchdog._copies", "unused").replace("bad.yaml", "new/d.fedpolicy.yaml"), encoding="utf-8"
    )
    done = started(estate, "diff", "old", "new", "--timeout", "1")

    assert done.returncode == 2
    assert done.stderr.startswith("error: `new/d.fedpolicy.yaml` was not checked: it took longer than 1 second\n")
    assert done.stdout == "no difference in 1 deployment\n"


def test_a_limit_counts_for_each_file_of_both_states_and_for_each_pack(estate, heard):
    del estate
    asked(heard, "diff", "a.yaml", "c.yaml", "--timeout", "9")
    asked(heard, "test", str(ROOT / "policies" / "openness-strict"), "--no-mutants", "--timeout", "8")

    assert heard.begun[:2] == [("a.yaml", 9), ("c.yaml", 9)]
    assert {seconds for _, seconds in heard.begun[:-1]} == {9}
    assert heard.begun[-1] == (str(ROOT / "policies" / "openness-strict"), 8)


def test_a_pack_that_never_ends_is_named(heard):
    del heard
    watch = Heard(pipe=-1, parent=os.getppid(), input=-1, lost={"gdpr": False})
    done = asked(watch, "test", "gdpr", "--timeout", "8")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: `gdpr` was not tried: it took longer than 8 seconds\n")


def started(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "fedpolicy", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        **more,
    )


@needs_copies
@pytest.mark.parametrize("copies", [True, False])
def test_whoever_is_not_watched_any_more_ends_also_in_a_loop_in_c(copies, estate):
    """As where a supervisor loses its patience with the process that it has started."""
    (estate / "sitecustomize.py").write_text(
        STARTED.replace("watchdog._copies", "unused") if copies else STARTED, encoding="utf-8"
    )
    first = subprocess.Popen(
        [sys.executable, "-m", "fedpolicy", "check", "bad.yaml"],
        cwd=estate,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{estate}{os.pathsep}{ROOT}"},
        stderr=subprocess.PIPE,
    )
    second = eventually(lambda: child(first.pid))
    time.sleep(0.6)  # until it is in its loop; where it is not yet, it ends all the more
    first.kill()
    first.communicate(timeout=10)  # which waits for the second one too, as it holds the same standard error

    assert eventually(lambda: not Path(f"/proc/{second}").exists() or "State:\tZ" in state(second))


def child(process):
    known = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return int(known[0]) if known else None


def state(process):
    try:
        return Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return "State:\tZ"


def eventually(found, seconds=20):
    until = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return value


@posix
def test_where_no_copy_is_safe_another_process_is_watched(estate):
    """As on macOS, where libraries do not survive a copy."""
    (estate / "sitecustomize.py").write_text(STARTED, encoding="utf-8")
    done = started(estate, "check", *NAMES, "-", "--timeout", "1", "--format", "json", input=LEAK.format(name="input"))

    assert done.returncode == 2
    assert "`bad.yaml` was not checked: it took longer than 1 second" in done.stderr
    assert reported(json.loads(done.stdout)) == ["a", "c", "input"]


@needs_copies
def test_a_pipe_is_read_and_is_there_for_the_second_process_too(estate):
    del estate
    reader, writer = os.pipe()
    os.write(writer, LEAK.format(name="piped").encode())
    os.close(writer)
    code, report, _ = fedpolicy("c", "check", "bad.yaml", f"/dev/fd/{reader}", "--timeout", "1", pass_fds=(reader,))
    os.close(reader)

    assert (code, reported(report)) == (2, ["piped"])
    assert [error["message"] for error in report["errors"]] == [LATE.format(1, "")]


@posix
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(estate):
    os.mkfifo(estate / "pipe")
    for command, *more in (("check",), ("facts",), ("repair",), ("diff", "a.yaml")):
        done = asked(None, command, *more, "pipe")
        assert done.exit_code == 2
        assert done.stderr.startswith("error: `pipe` cannot be read: nothing was written to this pipe\n")


@posix
def test_a_search_reads_no_pipe(estate):
    (estate / "folder").mkdir()
    os.mkfifo(estate / "folder" / "x.fedpolicy.yaml")
    (source,) = candidates(["folder"], lambda: b"")

    assert source.error.message == "no deployment found in the folder `folder`"


class Endless(BytesIO):
    """What `yes` writes."""

    taken = 0

    def read(self, size=-1):
        assert size > 0
        Endless.taken += size
        return b"y\n" * (size // 2)


def test_what_never_ends_on_standard_input_is_too_large():
    (source,) = candidates(["-"], lambda: whole(Endless()))

    assert source.name == STDIN
    assert source.error.message == "`<stdin>` cannot be read: it is larger than 64 MiB"
    assert Endless.taken <= MOST_BYTES + 2 * 1024 * 1024


def test_what_ends_on_standard_input_is_read_whole():
    text = b"x" * (3 * 1024 * 1024 + 1)
    (source,) = candidates(["-"], lambda: whole(BytesIO(text)))

    assert source.text == text
    assert Path(source.name).name == STDIN


@posix
def test_where_the_system_sends_no_signal_for_pipes_the_work_is_done_all_the_same(monkeypatch):
    asked_for = []

    def refused(*_):
        raise OSError(errno.ENOTTY, "not for pipes")

    monkeypatch.setattr("fcntl.fcntl", refused)
    monkeypatch.setattr(os, "getppid", lambda: asked_for.append("parent") or 7)
    Watch(pipe=-1, parent=7, input=-1, life=-1).die_with()

    assert asked_for == ["parent"]


def test_changes_that_take_too_long_to_try_take_no_finding_along(estate, heard):
    del estate
    tried = asked(heard, "check", "a.yaml", "--fixes", "--timeout", "6")
    late = Heard(pipe=-1, parent=os.getppid(), input=-1, lost={"--fixes": False})
    given_up = asked(late, "check", "a.yaml", "--fixes", "--timeout", "6")

    assert ("--fixes", 6) in heard.begun
    assert (tried.exit_code, given_up.exit_code) == (1, 1)
    assert given_up.stderr == "note: no changes are shown: to try them took longer than 6 seconds\n"
    assert "raw-data-leaves-silo" in given_up.stdout
