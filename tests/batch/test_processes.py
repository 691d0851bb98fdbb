"""Processes: what they find is what one process finds, also where some of them die."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from fedpolicy.batch import processes
from fedpolicy.batch.processes import Processes, forks
from fedpolicy.check import check_file
from tests.batch.conftest import errors_of, run_of, small


def through(jobs, done):
    with Processes(jobs, done.judge) as crew:
        done.over(crew)
    return done.report()


def deadly(word, *, kill=True):
    """A check that ends its process where a name has this word."""

    def check(source, judge):
        if word in source.name:
            if kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError(source.name)
        return check_file(source, judge)

    return check


@pytest.mark.parametrize("jobs", [1, 2, 20])
def test_the_report_is_the_same(jobs, estate, forked):
    del estate, forked
    here = run_of()
    here.here()

    assert repr(through(jobs, run_of())) == repr(here.report())


def test_the_report_is_the_same_where_processes_start_from_nothing(estate, monkeypatch):
    del estate
    monkeypatch.setattr(processes, "forks", lambda: False)
    here = run_of()
    here.here()

    assert repr(through(2, run_of())) == repr(here.report())


def test_there_is_no_process_left(tmp_path, monkeypatch, forked):
    del forked
    monkeypatch.chdir(tmp_path)
    small(4)
    done = run_of()
    with Processes(2, done.judge) as crew:
        done.over(crew)
        ids = [worker.process.pid for worker in crew._workers]  # noqa: SLF001  nobody else knows

    assert len(ids) == 2
    assert not any(Path(f"/proc/{one}").is_dir() for one in ids)


@pytest.mark.parametrize("count", [3, 70])
def test_a_file_that_takes_its_process_with_it_is_an_error_and_the_others_are_checked(
    count, tmp_path, monkeypatch, forked
):
    del forked
    monkeypatch.chdir(tmp_path)
    names = small(count)
    monkeypatch.setattr(processes, "check_file", deadly("n01"))
    report = through(2, run_of())

    assert [file.name for file in report.files] == names
    assert errors_of(report) == {
        "n01.yaml": ["`n01.yaml` was not checked: the process that checked it died"],
    }
    assert "`fedpolicy check n01.yaml` checks it alone" in str(report.files[1].errors[0])


def test_where_every_process_dies_every_file_is_an_error(tmp_path, monkeypatch, forked):
    del forked
    monkeypatch.chdir(tmp_path)
    names = small(5)
    monkeypatch.setattr(processes, "check_file", deadly("n"))

    assert list(errors_of(through(2, run_of()))) == names


def test_an_error_that_only_processes_have_is_none(tmp_path, monkeypatch, forked):
    del forked
    monkeypatch.chdir(tmp_path)
    names = small(6)
    monkeypatch.setattr(processes, "check_file", deadly("n02", kill=False))
    report = through(2, run_of())

    assert ([file.name for file in report.files], errors_of(report)) == (names, {})


def test_a_process_that_dies_while_it_waits_is_replaced(tmp_path, monkeypatch, forked):
    del forked
    monkeypatch.chdir(tmp_path)
    small(3)
    done = run_of()
    with Processes(1, done.judge) as crew:
        chunks = [done._next() for _ in range(3)]  # noqa: SLF001
        assert crew.give(chunks[0])
        assert not crew.give(chunks[1])
        ((chunk, answer),) = crew.take(10)
        assert (chunk, len(answer)) == (chunks[0], 1)
        (worker,) = crew._workers  # noqa: SLF001
        worker.process.kill()
        worker.process.join()
        assert crew.give(chunks[1])
        assert crew.take(10)[0][0] is chunks[1]


def test_where_no_process_can_be_started_the_work_is_done_here(tmp_path, monkeypatch, forked):
    del forked

    def refuse(*_arguments, **_more):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.chdir(tmp_path)
    names = small(4)
    monkeypatch.setattr(os, "fork", refuse)
    report = through(2, run_of())

    assert ([file.name for file in report.files], errors_of(report)) == (names, {})


def test_an_interrupt_ends_processes_at_once(tmp_path, monkeypatch, forked):
    del forked

    def forever(_source, _judge):
        time.sleep(600)

    monkeypatch.chdir(tmp_path)
    small(4)
    monkeypatch.setattr(processes, "check_file", forever)
    done = run_of()
    ids = []

    def stop(_):
        ids.extend(worker.process.pid for worker in crew._workers)  # noqa: SLF001
        raise KeyboardInterrupt

    done.progress = stop
    with pytest.raises(KeyboardInterrupt), Processes(2, done.judge) as crew:
        done.over(crew)

    assert len(ids) == 2
    assert not any(Path(f"/proc/{one}").is_dir() for one in ids)


def test_copies_are_made_of_a_single_thread_only():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert forks() is False
    finally:
        stop.set()
        thread.join()


def test_no_more_is_handed_out_than_is_worked_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small(40)
    done = run_of()
    crew = Slow(3, done.judge)
    done.over(crew)

    assert done.done == done.total == 40
    assert crew.most == 3


class Slow:
    """A crew that answers one chunk at a time, the last one first."""

    broken = False
    apart = True
    silent = False
    running = ()

    def __init__(self, room, judge):
        self.room, self.judge, self.most, self.out = room, judge, 0, []

    @property
    def free(self):
        return self.room - len(self.out)

    def give(self, chunk):
        self.out.append(chunk)
        self.most = max(self.most, len(self.out))
        return True

    def take(self, seconds):
        assert seconds < 1
        chunk = self.out.pop()
        return [(chunk, [check_file(source, self.judge) for source in chunk.sources])]
