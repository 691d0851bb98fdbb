"""One bad file is one bad file: it is named, the others are reported, whoever does the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy import api, check
from fedpolicy.batch import executors
from fedpolicy.batch.executors import Borrowed
from fedpolicy.batch.run import Batch
from fedpolicy.cli.commands import app
from fedpolicy.settings import Settings

ROOT = Path(__file__).parents[2]
LEAK = """\
fedpolicy: 1
name: {name}
parties: {{a: {{role: participant}}, b: {{role: coordinator}}}}
nodes: {{n: {{kind: client, party: a}}, g: {{kind: aggregator, party: b}}}}
datasets: {{d: {{at: n, categories: [health]}}}}
flows: {{f: {{from: n, to: g, payload: records}}}}
"""
NAMES = ["a.yaml", "bad.yaml", "c.yaml"]
LATE = "`bad.yaml` was not checked: it took longer than {} second{}"
DIED = "`bad.yaml` was not checked: the process that checked it died"
needs_copies = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched on Linux only")

# What bad.yaml does to the process that checks it; `sum(iter(int, 1))` never comes back from C to hear a signal.
DRIVER = """
import os, sys
from fedpolicy import check
from fedpolicy.cli import main

real, how = check.load_text, sys.argv.pop(1)

def bad(text, name, *others):
    if name == "bad.yaml" or (name == "<stdin>" and how == "input"):
        while how == "python":
            pass
        if how == "c":
            sum(iter(int, 1))
        if how == "dies":
            os.kill(os.getpid(), 9)
        if how == "raises":
            raise TypeError("unhashable type: 'dict'")
    return real(text, name, *others)

check.load_text = bad
sys.exit(main())
"""


@pytest.fixture
def estate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        Path(name).write_text(LEAK.format(name=name.removesuffix(".yaml")), encoding="utf-8")
    return tmp_path


def fedpolicy(how, *arguments, **more):
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, how, *arguments, "--format", "json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        **more,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def never_ends(monkeypatch):
    real = check.load_text

    def bad(text, name, *others):
        return sum(iter(int, 1)) if name == "bad.yaml" else real(text, name, *others)

    monkeypatch.setattr(check, "load_text", bad)


def reported(report):
    return sorted({finding["deployment"] for finding in report["findings"]})


@needs_copies
@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "jobs", "code", "said"),
    [
        ("python", "1", 2, LATE.format(1, "")),  # who kills a process need not know what it is at: C is the harder case
        *(("c", jobs, 2, LATE.format(1, "")) for jobs in ("1", "auto", "2")),
        *(("dies", jobs, 2, DIED) for jobs in ("1", "auto", "2")),
        *(
            ("raises", jobs, 3, "a bug in fedpolicy, in `bad.yaml`: TypeError: unhashable type: 'dict'")
            for jobs in ("1", "2")
        ),
    ],
)
def test_the_others_are_reported(how, jobs, code, said, estate):
    del estate
    found, report, stderr = fedpolicy(how, "check", *NAMES, "--jobs", jobs, "--timeout", "1")

    assert found == code
    assert [error["message"] for error in report["errors"]] == [said]
    assert stderr.startswith(f"error: {said}\n")
    assert reported(report) == ["a", "c"]


@needs_copies
@pytest.mark.slow
def test_standard_input_is_there_for_the_second_process_too(estate):
    del estate
    code, report, _ = fedpolicy("c", "check", "bad.yaml", "-", "--timeout", "1", input=LEAK.format(name="input"))

    assert (code, reported(report)) == (2, ["input"])


@needs_copies
@pytest.mark.slow
def test_the_configuration_sets_it_and_the_command_line_has_the_last_word(estate):
    (estate / "fedpolicy.toml").write_text("timeout = 0.5\n", encoding="utf-8")
    late = [fedpolicy("c", "check", *NAMES, *more)[1]["errors"] for more in ((), ("--timeout", "1.5"))]

    assert [[error["message"] for error in errors] for errors in late] == [
        [LATE.format(0.5, "s")],
        [LATE.format(1.5, "s")],
    ]


def test_debug_shows_where(estate, monkeypatch):
    del estate
    monkeypatch.setattr(check, "load_text", lambda *_: {}[{}])
    runner = CliRunner()

    assert "Traceback" not in runner.invoke(app, ["check", "a.yaml"]).stderr
    for arguments in (["check", "a.yaml", "--debug"], ["--debug", "check", "a.yaml"]):
        done = runner.invoke(app, arguments)
        assert (done.exit_code, "Traceback (most recent call last):\n" in done.stderr) == (3, True)


def test_without_a_watching_process_a_limit_that_is_set_needs_processes(estate, monkeypatch, forked):
    del estate, forked
    never_ends(monkeypatch)
    done = CliRunner().invoke(app, ["check", *NAMES, "--timeout", "0.5", "--format", "json"])

    assert done.exit_code == 2
    assert reported(json.loads(done.stdout)) == ["a", "c"]


@pytest.mark.parametrize(
    ("given", "why"), [("-1", "is not in the range x>=0"), ("nan", "is not"), ("ten", "is not a valid float")]
)
def test_what_is_no_time_is_told(given, why):
    done = CliRunner().invoke(app, ["check", f"--timeout={given}"])

    assert done.exit_code == 2
    assert why in " ".join(done.stderr.split())


# Executors of others.


class Executor(ThreadPoolExecutor):
    """Works at once; a test changes the answer."""

    def __init__(self, change):
        super().__init__(1)
        self.change = change

    def submit(self, fn, /, *arguments):
        future = Future()
        self.change(future, lambda: fn(*arguments))
        return future


ANSWERS = {
    "one too few": lambda future, work: future.set_result(work()[:-1]),
    "one too many": lambda future, work: future.set_result(work() * 2),
    "others": lambda future, work: future.set_result([check.unchecked("x", ValueError()) for _ in work()]),
    "nothing": lambda future, _: future.set_result(None),
    "an empty list": lambda future, _: future.set_result([]),
    "a text": lambda future, _: future.set_result("fine"),
    "an error": lambda future, _: future.set_exception(RuntimeError("odd")),
}


@pytest.mark.parametrize("change", ANSWERS.values(), ids=ANSWERS)
def test_what_an_executor_leaves_out_is_checked_here_and_told(change, estate):
    del estate
    report = api.check(NAMES, executor=Executor(change))

    assert {finding.deployment for finding in report.findings} == {"a", "bad", "c"}
    assert len(report.errors) == 1
    assert str(report.errors[0]).startswith("the workers cannot check files: ")


def test_memory_that_ends_in_a_worker_is_no_matter_of_versions(estate):
    del estate
    report = api.check(NAMES, executor=Executor(lambda future, _: future.set_exception(MemoryError())))

    assert not report.errors
    assert [str(error).partition(" (")[0] for file in report.files for error in file.errors] == [
        f"`{name}` was not checked: the process that checked it died" for name in NAMES
    ]


def test_an_executor_that_never_answers_is_left_and_a_file_that_never_ends_is_named(estate, monkeypatch, forked):
    del estate, forked
    never_ends(monkeypatch)
    report = api.check(NAMES, executor=Executor(lambda *_: None), timeout=0.5)

    assert {finding.deployment for finding in report.findings} == {"a", "c"}
    assert [str(error).partition(" (")[0] for file in report.files for error in file.errors] == [LATE.format(0.5, "s")]


def test_where_all_workers_are_gone_the_rest_is_checked_here(estate, forked):
    del estate, forked
    run = Batch(NAMES, Settings())
    crew = Borrowed(Executor(lambda *_: None), run.judge, alive=lambda: False, patience=0.1)
    run.over(crew)

    assert (run.done, crew.broken, crew.silent) == (3, True, True)


def test_where_a_worker_is_alive_it_is_waited_for(estate, monkeypatch):
    del estate
    late = []
    crew = Borrowed(Executor(lambda future, work: late.append((future, work))), Batch(NAMES, Settings()).judge,
                    alive=lambda: True, patience=0.1)  # fmt: skip
    run = Batch(NAMES, Settings())
    monkeypatch.setattr(executors, "wait", lambda futures, _seconds, _when: answered(late, futures))
    run.over(crew)

    assert (run.done, crew.silent) == (3, False)


def answered(late, futures):
    """Answer when everything has been asked for."""
    from concurrent.futures import wait  # noqa: PLC0415  the real one

    for future, work in late:
        if not future.done():
            future.set_result(work())
    return wait(futures, 0)
