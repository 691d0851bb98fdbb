"""
A crew of processes on this machine, each at the end of a pipe of its own.

`concurrent.futures.ProcessPoolExecutor` is not enough here: a process that dies breaks all of it, and one that is
killed while it answers can leave it waiting for ever. With a pipe for each process, the end of the pipe says which one
is gone and over which files; and a process whose parent is gone reads the end of its pipe and ends too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from fedpolicy.batch import Answer, Chunk, Failed, Lost, Overdue
from fedpolicy.batch.executors import packed, unpacked
from fedpolicy.check import Checked, Judge, check_file
from fedpolicy.sources import Source

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

_PATIENCE = 2.0  # seconds for a process that has nothing to do to end by itself
_STOPS = (signal.SIGINT, signal.SIGTERM)


def forks() -> bool:
    """
    Whether processes are copies of this one, which is quick and takes all that is loaded along.

    Only where that is safe: on Linux, while there is no other thread.
    """
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


class _Worker:
    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.chunk: Chunk | None = None
        self.done: list[Checked] = []
        self.since = 0.0

    def begin(self, chunk: Chunk | None) -> None:
        """Turn to a chunk, or to nothing."""
        self.chunk = chunk
        self.done = []
        self.since = monotonic()

    def end(self) -> int:
        """Let it end, and say how it did."""
        self.pipe.close()
        self.process.join(_PATIENCE)
        self.process.kill()
        self.process.join()
        return self.process.exitcode or 0


class Processes:
    """
    At most `jobs` processes, started when there is something to do; use it in a `with`.

    A process that works on one file for more than `timeout` seconds is killed; 0 waits for ever.
    """

    def __init__(self, jobs: int, judge: Judge, timeout: float = 0) -> None:
        self._jobs = jobs
        self._timeout = timeout
        self._workers: list[_Worker] = []
        self._context: ForkContext | SpawnContext = get_context("fork") if forks() else get_context("spawn")
        self._judge: Judge | bytes = judge if self._context.get_start_method() == "fork" else packed(judge)

    apart = True
    silent = False  # a process that says nothing is killed

    @property
    def broken(self) -> bool:
        """Whether no process can be started any more."""
        return self._jobs == 0

    @property
    def free(self) -> int:
        """How many processes have nothing to do, or are not started yet."""
        return self._jobs - sum(worker.chunk is not None for worker in self._workers)

    @property
    def running(self) -> Sequence[str]:
        """Each process knows which of its files it is at."""
        busy = [(worker.chunk, len(worker.done)) for worker in self._workers]
        return [chunk.sources[done].name for chunk, done in busy if chunk and done < len(chunk.sources)]

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes; at once, where something is wrong or somebody interrupts."""
        for worker in self._workers:
            if kind is not None:
                worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def give(self, chunk: Chunk) -> bool:
        """Hand a chunk to a process that has nothing to do; False where there is none and none can be started."""
        while worker := self._idle() or self._hired():
            try:
                worker.pipe.send(chunk.sources)
            except OSError:
                self._dismissed(worker)  # it died while it had nothing to do
            else:
                worker.begin(chunk)
                return True
        return False

    def take(self, seconds: float) -> Sequence[tuple[Chunk, Answer]]:
        """Wait for answers, and for processes that take too long."""
        busy = {worker.pipe: worker for worker in self._workers if worker.chunk is not None}
        ready = [busy[pipe] for pipe in wait(list(busy), seconds) if isinstance(pipe, Connection)]
        answers = [answer for worker in ready if (answer := self._answered(worker))]
        late = [worker for worker in busy.values() if self._timeout and worker.chunk and self._late(worker)]
        return [*answers, *(self._stopped(worker) for worker in late)]

    def _late(self, worker: _Worker) -> bool:
        return monotonic() - worker.since > self._timeout

    def _stopped(self, worker: _Worker) -> tuple[Chunk, Answer]:
        worker.process.kill()
        self._dismissed(worker)
        return cast("Chunk", worker.chunk), Overdue(tuple(worker.done))

    def _answered(self, worker: _Worker) -> tuple[Chunk, Answer] | None:
        """One file more is done; the answer is whole with the last one of the chunk."""
        chunk = cast("Chunk", worker.chunk)
        try:
            worker.done.append(worker.pipe.recv())
        except (EOFError, OSError):
            worker.chunk = None
            # Python ends with a positive code where an error is ours; it is then raised where everybody sees it.
            return chunk, Failed() if self._dismissed(worker) > 0 else Lost()
        worker.since = monotonic()
        if len(worker.done) < len(chunk.sources):
            return None
        answer = worker.done
        worker.begin(None)
        return chunk, answer

    def _idle(self) -> _Worker | None:
        return next((worker for worker in self._workers if worker.chunk is None), None)

    def _hired(self) -> _Worker | None:
        if len(self._workers) >= self._jobs:
            return None
        ours, theirs = Pipe()
        # A copy of this process holds copies of all pipes; it must not keep those of others open.
        foreign = [ours, *(worker.pipe for worker in self._workers)] if isinstance(self._judge, Judge) else []
        process = self._context.Process(target=_serve, args=(theirs, self._judge, foreign), daemon=True)
        try:
            with _undisturbed():
                process.start()
        except OSError:
            ours.close()
            self._jobs = len(self._workers)  # no room for another one
            return None
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _dismissed(self, worker: _Worker) -> int:
        self._workers.remove(worker)
        return worker.end()


def _hear_nothing() -> None:
    for stop in _STOPS:
        signal.signal(stop, signal.SIG_IGN)
    _mask(signal.SIG_UNBLOCK)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # an error of ours is told by who started it


def _serve(pipe: Connection, judge: Judge | bytes, foreign: Sequence[Connection]) -> None:
    """What a process does until its pipe ends. Who started it decides when to stop, so it hears no signals itself."""
    for other in foreign:
        other.close()
    _hear_nothing()
    ours = unpacked(judge) if isinstance(judge, bytes) else judge
    while True:
        try:
            sources: Sequence[Source] = pipe.recv()
        except (EOFError, OSError):
            return
        for source in sources:
            pipe.send(check_file(source, ours))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Between its start and its first line, a process would take a signal for its own and complain."""
    _mask(signal.SIG_BLOCK)
    try:
        yield
    finally:
        _mask(signal.SIG_UNBLOCK)


def _mask(how: int) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(how, _STOPS)
