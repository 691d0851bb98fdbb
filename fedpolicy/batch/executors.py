"""What a worker does, how its judge gets there, and a crew on any `concurrent.futures.Executor`, as that of dask."""

from __future__ import annotations

import copyreg
import io
import logging
import pickle
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib import import_module
from time import monotonic
from types import MappingProxyType
from typing import Any

from fedpolicy import __version__
from fedpolicy.batch import Answer, Chunk, Crew, Failed, Lost, Returned
from fedpolicy.check import Checked, Judge, check_file
from fedpolicy.errors import SettingsError
from fedpolicy.policy.expression import library_version, restored
from fedpolicy.sources import Source

ROOM = 16  # chunks at a time where nobody says how many workers there are


def mark() -> tuple[str, str]:
    """What has to be the same in every worker: this fedpolicy and its CEL library."""
    return __version__, library_version()


def packed(judge: Judge) -> bytes:
    """
    A judge as bytes: its rules compiled, the user's own catalogue rows, the settings.

    So a worker needs none of the user's files; what ships with fedpolicy it has itself.
    """
    text = io.BytesIO()
    pickler = pickle.Pickler(text, protocol=5)
    programs = {
        type(expression.program) for rule in judge.rules for expression in (rule.require, rule.match) if expression
    }
    pickler.dispatch_table = {
        **copyreg.dispatch_table,
        MappingProxyType: lambda mapping: (_proxy, (dict(mapping),)),
        **dict.fromkeys(programs, lambda program: (restored, (program.serialize(),))),
    }
    pickler.dump(judge)
    return text.getvalue()


def check_sources(sources: Sequence[Source], judge: bytes, made_by: tuple[str, str]) -> list[Checked]:
    """Check some files. Raises SettingsError where the judge comes from another version of fedpolicy."""
    here = mark()
    if here != made_by:
        versions = [f"fedpolicy {version} with cel-expr-python {library}" for version, library in (here, made_by)]
        message = f"a worker has {versions[0]}, and this is {versions[1]}"
        raise SettingsError(message, help="install the same versions where the workers run")
    ours = unpacked(judge)
    return [check_file(source, ours) for source in sources]


def _proxy(mapping: dict[str, object]) -> Mapping[str, object]:
    return MappingProxyType(mapping)  # the type itself has no name to be found by


@lru_cache(maxsize=1)
def unpacked(judge: bytes) -> Judge:
    """What `packed` has made; a worker does it once."""
    found: Judge = pickle.loads(judge)  # noqa: S301  it comes from whoever runs the workers
    return found


class Borrowed:
    """
    Workers of an executor that somebody else starts and stops.

    `room` chunks are under way at a time. `lost` are errors that mean that a worker died and others still work.

    Nobody can end what a foreign worker does. Where none has answered for as long as the files of one chunk may take,
    `timeout` seconds each, everything is taken back; so it is where `patience` seconds pass and `alive` says that there
    is no worker.
    """

    def __init__(
        self,
        executor: Executor,
        judge: Judge,
        room: int = ROOM,
        lost: tuple[type[BaseException], ...] = (),
        *,
        timeout: float = 0,
        alive: Callable[[], bool] | None = None,
        patience: float = 10.0,
    ) -> None:
        self.broken = False
        self.silent = False
        self._timeout = timeout
        self._alive = alive
        self._patience = patience
        self._since = self._seen = monotonic()
        self._executor = executor
        self._judge = packed(judge)
        self._mark = mark()
        self._room = room
        self._lost = lost
        self._out: dict[Future[list[Checked]], Chunk] = {}

    apart = False  # nobody says which worker has which chunk, or how many

    @property
    def free(self) -> int:
        """How many chunks may still be under way."""
        return 0 if self.broken else self._room - len(self._out)

    def give(self, chunk: Chunk) -> bool:
        """Submit a chunk; False where the executor is broken."""
        try:
            future = self._executor.submit(check_sources, chunk.sources, self._judge, self._mark)
        except BrokenExecutor:
            self.broken = True
            return False
        if not self._out:
            self._since = self._seen = monotonic()
        self._out[future] = chunk
        return True

    def take(self, seconds: float) -> Sequence[tuple[Chunk, Answer]]:
        """Wait for answers. Where somebody cancels a future, no more are submitted."""
        # Some executors cancel without telling those who wait, so it is looked at here as well.
        done = {future for future in self._out if future.done()} or wait(self._out, seconds, FIRST_COMPLETED).done
        if done:
            self._since = self._seen = monotonic()
        elif self._given_up():
            return self._taken_back()
        return [(chunk := self._out.pop(future), self._answer(future, chunk)) for future in done]

    def _given_up(self) -> bool:
        """Whether nothing is to be expected any more: no worker is left, or all of them take too long."""
        now = monotonic()
        most = max((len(chunk.sources) for chunk in self._out.values()), default=1)
        if self._timeout and now - self._since > self._timeout * most:
            return True
        if self._alive is None or now - self._seen < self._patience:
            return False
        if self._alive():
            self._seen = now
            return False
        return True

    def _taken_back(self) -> list[tuple[Chunk, Answer]]:
        self.broken = self.silent = True
        chunks = list(self._out.values())
        self.stop()
        return [(chunk, Returned()) for chunk in chunks]

    @property
    def running(self) -> Sequence[str]:
        """All files that are under way; nobody says which of them somebody works on."""
        return [source.name for chunk in self._out.values() for source in chunk.sources]

    def stop(self) -> None:
        """Cancel what has not begun."""
        for future in self._out:
            future.cancel()
        self._out.clear()

    def _answer(self, future: Future[list[Checked]], chunk: Chunk) -> Answer:
        if future.cancelled():
            self.broken = True
            return Returned()
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            self.broken = True
            return Lost()
        if error is None:
            return _whole(future.result(), chunk)
        # Memory that ends in a worker ends over a file; whatever else it says is about the worker.
        return Lost() if isinstance(error, (MemoryError, *self._lost)) else Failed(error)


def _whole(answer: object, chunk: Chunk) -> Answer:
    """What a foreign executor gives back, if it is an answer for each file."""
    if isinstance(answer, (list, tuple)) and all(isinstance(one, Checked) for one in answer):
        found = [one.file.name for one in answer]
        if found == [source.name for source in chunk.sources]:
            return answer
        return Failed(ValueError(f"{len(found)} answers for {len(chunk.sources)} files"))
    return Failed(TypeError(f"{type(answer).__name__} is not an answer"))


_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})")
_PATIENCE = 10.0  # seconds for the scheduler, and again for its first worker


@contextmanager
def scheduled(address: str, judge: Judge, patience: float = _PATIENCE, timeout: float = 0) -> Iterator[Crew]:
    """
    Workers of the dask scheduler at an address such as tcp://10.0.0.5:8786.

    Where all workers go, or none has answered for as long as files may take (`timeout` seconds each), everything is
    given back. Raises SettingsError where dask is not installed, nothing answers within `patience` seconds, or no
    worker is there.
    """
    try:
        distributed: Any = import_module("distributed")  # a second, and optional
    except ImportError as error:
        advice = "install it: pip install 'fedpolicy[dask]'"
        raise SettingsError("`--scheduler` needs dask", help=advice) from error
    _knock(address, patience)
    # What dask logs, down to tracebacks when its scheduler goes away, is not for users of fedpolicy.
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield from _crew(distributed, address, judge, patience, timeout)
    finally:
        logging.disable(before)


def _crew(distributed: Any, address: str, judge: Judge, patience: float, timeout: float) -> Iterator[Crew]:  # noqa: ANN401  dask has no types
    try:
        client = distributed.Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _silent(address, str(error)) from error
    with client:
        room = 2 * _workers(client, address, patience)
        lost = (distributed.scheduler.KilledWorker,)
        executor = client.get_executor(pure=False)
        alive = partial(_alive, client)
        crew = Borrowed(executor, judge, room, lost, timeout=timeout, alive=alive, patience=patience)
        try:
            yield crew
        finally:
            crew.stop()


def _knock(address: str, patience: float) -> None:
    """Ask the port first: to learn from dask that nobody is there takes long, and its words help nobody."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        advice = "write it as dask prints it, such as tcp://10.0.0.5:8786"
        raise SettingsError(f"`{address}` is not an address of a scheduler", help=advice)
    try:
        socket.create_connection((match["six"] or match["host"], int(match["port"])), patience).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _silent(address, getattr(error, "strerror", None) or str(error)) from error


def _workers(client: Any, address: str, patience: float) -> int:  # noqa: ANN401  dask has no types
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        message = f"the scheduler at `{address}` has no workers"
        raise SettingsError(
            message, help="start some: dask worker ADDRESS, with the same fedpolicy installed"
        ) from error
    return sum(client.nthreads().values())


def _alive(client: Any) -> bool:  # noqa: ANN401  dask has no types
    """Whether the scheduler has a worker; where it is gone itself, dask says so by other means."""
    try:
        return bool(client.nthreads())
    except (OSError, TimeoutError):
        return True


def _silent(address: str, why: str) -> SettingsError:
    advice = "start it with `dask scheduler`, which prints its address"
    return SettingsError(f"no scheduler answers at `{address}`: {why}", help=advice)
