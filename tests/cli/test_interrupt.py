"""Ctrl-C and SIGTERM, sent to a real process: what is done is reported, and nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fedpolicy.cli import main
from fedpolicy.cli import run as cli_run
from fedpolicy.cli.errors import stoppable
from fedpolicy.cli.watchdog import Ward
from fedpolicy.overview import Interruption
from tests.cli.conftest import EXAMPLE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks into /proc for processes")


# A signal that comes just before somebody waits for a pipe is heard when the wait is over: so each wait is short.
SLOW = """
import select
import sys
from fedpolicy import check
from fedpolicy.cli import main

real = check.load_text

def slow(text, name, *others):
    if name == "slow.yaml":
        with open("gate") as gate:
            while not select.select([gate], [], [], 0.05)[0]:
                pass
            gate.read()
    return real(text, name, *others)

check.load_text = slow
sys.exit(main())
"""


@pytest.fixture
def start(tmp_path):
    """Start fedpolicy with processes of its own group; whatever is left of it in the end is killed."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "slow.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    os.mkfifo(tmp_path / "gate")  # whoever checks slow.yaml waits there
    running = []

    def begin(*arguments):
        child = subprocess.Popen(
            [sys.executable, "-c", SLOW, *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        running.append(child)
        return child

    yield begin
    for child in running:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def opened(fifo):
    """Wait until somebody reads it; not for ever, as who should may have died."""
    for _ in range(6_000):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    pytest.fail("nobody came to read")


def children(process):
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()]


def workers_of(child):
    """The process that works, a child of the one that watches it, and its processes."""
    (works,) = children(child.pid)
    return works, children(works)


def gone(ids):
    """Whether these processes end within some seconds."""
    for _ in range(500):
        if not any(map(alive, ids)):
            return True
        time.sleep(0.01)
    return False


def alive(process):
    """Whether a process runs; one that has ended and that nobody has asked about yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_what_is_done_is_reported_and_says_that_it_is_not_all(jobs, stop, start, tmp_path):
    outputs = ("--output", "json:out.json", "--output", "sarif:out.sarif", "--output", "text:-")
    child = start("check", "a.yaml", "b.yaml", "slow.yaml", "a.yaml", "gone.yaml", "--jobs", jobs, *outputs)
    writer = opened(tmp_path / "gate")
    works, workers = workers_of(child)
    os.killpg(child.pid, stop)  # as a terminal does: all of them get it
    stdout, stderr = child.communicate(timeout=30)
    os.close(writer)
    done = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (run,) = json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8"))["runs"]
    checked, running = done["interrupted"]["checked"], done["interrupted"]["running"]
    said = str(Interruption(checked=checked, files=4, running=tuple(running)))

    assert child.returncode == 130
    assert stderr.startswith(f"{said}\n")
    assert f" {said} " in f" {' '.join(stdout.split())} "
    assert (checked, running) == (2, ["slow.yaml"]) if jobs == "1" else checked <= 3
    assert "slow.yaml" in running
    assert len(done["deployments"]) <= checked
    assert done["interrupted"]["files"] == 4
    assert run["invocations"][0]["executionSuccessful"] is False
    assert len(workers) == (0 if jobs == "1" else 3)
    assert gone([works, *workers])


def test_a_second_one_ends_at_once_and_leaves_no_half_of_a_file(start, tmp_path):
    os.mkfifo(tmp_path / "report")  # nobody reads it, so whoever writes it waits
    (tmp_path / "old.json").write_text("old", encoding="utf-8")
    child = start("check", "a.yaml", "slow.yaml", "--output", "json:old.json", "--output", "json:report")
    writer = opened(tmp_path / "gate")
    child.send_signal(signal.SIGINT)
    while not (tmp_path / "old.json").read_text(encoding="utf-8").startswith("{"):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=30)
    os.close(writer)

    assert child.returncode == 130
    assert stderr == "interrupted: 1 of 2 files checked; slow.yaml was running\n\ninterrupted\n"
    assert {path.name for path in tmp_path.iterdir()} == {"a.yaml", "b.yaml", "slow.yaml", "gate", "report", "old.json"}


def test_processes_of_a_run_that_is_killed_end_by_themselves(start, tmp_path):
    child = start("check", "a.yaml", "b.yaml", "slow.yaml", "--jobs", "3")
    writer = opened(tmp_path / "gate")
    works, workers = workers_of(child)
    child.kill()
    os.close(writer)

    assert len(workers) == 3
    assert gone([works, *workers])


def test_a_baseline_of_half_a_run_is_not_written(start, tmp_path):
    child = start("baseline", "a.yaml", "slow.yaml")
    writer = opened(tmp_path / "gate")
    child.send_signal(signal.SIGTERM)
    _, stderr = child.communicate(timeout=30)
    os.close(writer)

    assert child.returncode == 130
    assert stderr == "\ninterrupted\n"
    assert not (tmp_path / "fedpolicy.baseline.json").exists()


def test_before_anything_is_checked_there_is_nothing_to_report(run, example, monkeypatch):
    del example

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_run.sources, "candidates", stop)
    done = run("check", "--output", "json:out.json")

    assert (done.exit_code, done.stderr) == (130, "\ninterrupted\n")
    assert not Path("out.json").exists()


def test_sigterm_is_what_ctrl_c_is_and_only_meanwhile():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stoppable():
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_thread_that_runs_a_command_leaves_signals_alone():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def inside():
        with stoppable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()

    assert seen == [before]


def test_an_interrupt_while_modules_load_is_no_traceback(monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("fedpolicy.cli.commands.run", stop)

    assert main(["check"]) == 130
    assert capsys.readouterr().err == "\ninterrupted\n"


def test_waivers_are_not_called_unused_by_half_a_run(run, example, monkeypatch, tmp_path):
    other = example.read_text(encoding="utf-8").replace("name: clinical-notes", "name: other")
    (tmp_path / "b.yaml").write_text(other, encoding="utf-8")
    (tmp_path / "fedpolicy.waivers.yaml").write_text(
        "fedpolicy_waivers: 1\nwaivers:\n  one: {rule: single-provider, element: parties.x, reason: R, owner: a,"
        " approved_by: b, expires: 2999-01-01}\n",
        encoding="utf-8",
    )
    real = cli_run.sources.read
    assert "waiver-unused" in run("check").stdout

    def stopped(place):
        if str(place).endswith("deployment.yaml"):
            raise KeyboardInterrupt
        return real(place)

    monkeypatch.setattr("fedpolicy.batch.run.read", stopped)
    done = run("check")

    assert done.exit_code == 130
    assert "interrupted: 1 of 2 files checked; deployment.yaml was running\n" in done.stdout
    assert "waiver-unused" not in done.stdout


def test_stopped_before_the_first_file_every_format_can_say_so(run, example, monkeypatch):
    del example

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("fedpolicy.batch.run.read", stop)
    done = run("check", "--output", "text:-", "--output", "json:out.json", "--output", "markdown:out.md")

    assert done.exit_code == 130
    assert (
        done.stdout == "STOPPED  nothing was evaluated\ninterrupted: 0 of 1 file checked; deployment.yaml was running\n"
    )
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["interrupted"] == {
        "checked": 0,
        "files": 1,
        "running": ["deployment.yaml"],
    }
    assert (
        Path("out.md")
        .read_text(encoding="utf-8")
        .startswith("## fedpolicy: interrupted: 0 of 1 file checked; deployment.yaml was running\n")
    )


def test_a_process_that_is_stopped_before_it_listens_was_interrupted():
    pipe, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(pipe)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.pause()
    os.close(theirs)
    os.kill(child, signal.SIGUSR1)
    told = []
    assert Ward(child, pipe).end(told.append) == (130, None, False)
    assert told == ["\ninterrupted\n"]
