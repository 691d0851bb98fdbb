"""`--scheduler`: a real cluster of dask on this machine, and what is said where there is none."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from fedpolicy.batch.executors import scheduled
from fedpolicy.cli.commands import app
from fedpolicy.errors import SettingsError
from tests.batch.conftest import run_of, small

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_LOGGING__DISTRIBUTED": "critical",
}
needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask is in the extra `dask`")


@pytest.fixture(scope="module")
def address():
    """The scheduler of a cluster with two workers."""
    command = [sys.executable, str(Path(__file__).parent / "cluster.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, encoding="utf-8", cwd=ROOT
    ) as cluster:
        yield cluster.stdout.readline().strip()
        cluster.stdin.close()
        cluster.wait(timeout=30)


def fedpolicy(*arguments):
    command = [sys.executable, "-m", "fedpolicy", *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.slow
@needs_dask
def test_a_cluster_finds_what_one_process_finds(address, estate):
    del estate
    forms = ("text", "json", "sarif", "junit")
    outputs = [part for form in forms for part in ("--output", f"{form}:out.{form}")]
    here = fedpolicy("check", ".", "--jobs", "1", *outputs)
    found = [Path(f"out.{form}").read_bytes() for form in forms]
    there = fedpolicy("check", ".", "--scheduler", address, *outputs)

    assert here.returncode == 2
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert [Path(f"out.{form}").read_bytes() for form in forms] == found


@pytest.mark.slow
@needs_dask
def test_a_file_that_ends_its_worker_is_an_error_and_the_others_are_checked(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = small(5)
    Path(names[2]).rename("deadly.yaml")
    done = fedpolicy("check", ".", "--scheduler", address, "--format", "json")
    report = json.loads(done.stdout)

    assert done.returncode == 2
    assert [one["file"] for one in report["deployments"]] == ["n00.yaml", "n01.yaml", "n03.yaml", "n04.yaml"]
    assert [one["message"] for one in report["errors"]] == [
        "`deadly.yaml` was not checked: the process that checked it died"
    ]


class Client:
    """What dask offers, without a cluster; a test says what is missing."""

    missing = ""

    def __init__(self, address, **_more):
        if self.missing == "answer":
            message = f"Timed out trying to connect to {address}"
            raise OSError(message)
        self.closed = False

    def wait_for_workers(self, count, timeout):
        assert (count, timeout > 0) == (1, True)
        if self.missing == "workers":
            raise TimeoutError

    def nthreads(self):
        return {"one": 2, "other": 1}

    def get_executor(self, *, pure):
        assert pure is False
        return ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True


@pytest.fixture
def dask(monkeypatch):
    """A dask that takes everybody for a scheduler."""
    scheduler = SimpleNamespace(KilledWorker=RuntimeError)
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client, scheduler=scheduler))


@pytest.fixture
def listening(dask):
    """The address of a port at which somebody listens."""
    del dask
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def said(*arguments):
    done = CliRunner().invoke(app, ["check", *arguments])
    assert done.exit_code == 2
    return done.stderr


@pytest.mark.parametrize(
    "address", ["foo", "tcp://127.0.0.1", "http://127.0.0.1:8786", "tcp://a b:1", "tcp://127.0.0.1:x"]
)
def test_what_is_no_address_is_told(address, estate, dask):
    del estate, dask
    assert said("a", "--scheduler", address).startswith(f"error: `{address}` is not an address of a scheduler\n")


def test_a_scheduler_that_is_not_there_is_told_soon(estate, dask):
    del estate, dask
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        start = time.monotonic()
        stderr = said("a", "--scheduler", address)

    assert time.monotonic() - start < 20
    assert stderr == (
        f"error: no scheduler answers at `{address}`: Connection refused\n"
        "  = help: start it with `dask scheduler`, which prints its address\n\n"
    )


def test_without_the_extra_its_name_is_told(estate, monkeypatch):
    del estate
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert said("a", "--scheduler", "tcp://127.0.0.1:8786") == (
        "error: `--scheduler` needs dask\n  = help: install it: pip install 'fedpolicy[dask]'\n\n"
    )


def test_processes_and_a_scheduler_do_not_go_together(estate):
    del estate

    assert said("a", "--scheduler", "tcp://127.0.0.1:8786", "--jobs", "2").startswith(
        "error: `--jobs` and `--scheduler` do not go together\n"
    )


@pytest.mark.parametrize(
    ("missing", "message"), [("answer", "no scheduler answers at "), ("workers", "the scheduler at .* has no workers")]
)
def test_what_is_missing_is_told(missing, message, listening, estate, monkeypatch):
    del estate
    monkeypatch.setattr(Client, "missing", missing)

    with pytest.raises(SettingsError, match=message), scheduled(listening, run_of("a").judge, 0.5):
        pass


def test_a_scheduler_that_goes_away_is_noted_and_the_rest_is_checked_here(listening, estate, monkeypatch):
    del estate

    class Gone(ThreadPoolExecutor):
        def submit(self, *_arguments):
            future = Future()
            future.cancel()
            return future

    monkeypatch.setattr(Client, "get_executor", lambda *_, **__: Gone(1))
    done = CliRunner().invoke(app, ["check", "a", "--scheduler", listening])

    assert done.exit_code == 0
    assert done.stderr == f"note: the workers of `{listening}` are gone; what was left was checked here\n"
    assert "1 deployment, " in done.stdout


def test_as_many_chunks_are_under_way_as_there_are_threads_twice_over(listening, estate):
    del estate
    done = run_of("a")
    with scheduled(listening, done.judge, 0.5) as crew:
        assert crew.free == 6
        done.over(crew)

    assert done.done == 1
