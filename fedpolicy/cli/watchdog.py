"""
How a run ends: by Ctrl-C, by a supervisor's SIGTERM, which means the same, or by a process that watches it.

A loop inside a library in C hears no signal and no timer, a crash in one raises nothing, and memory that runs out asks
nobody. So the process that the user starts copies itself before anything is loaded, and the copy does the work. It says
which file it begins with; where that takes too long, or the copy dies over it, it is killed, and another copy checks
everything else. Linux only: elsewhere there is no cheap copy.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field

from fedpolicy.records import dataclass

__all__ = ["Watch", "stoppable", "watched", "worth_watching"]


_COMMANDS = frozenset({"check", "baseline", "waive"})
_BUG = 3
_INTERRUPTED = 130
_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is, KeyboardInterrupt, so that everything is tidied up; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread() or _listens():
        # A thread hears no signals, and a process that is watched listens already.
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listens() -> bool:
    """Whether this is the process that a watchdog has started, which hears SIGUSR1; Windows has no such signal."""
    passed_on = getattr(signal, "SIGUSR1", None)
    return passed_on is not None and signal.getsignal(passed_on) not in {signal.SIG_DFL, signal.SIG_IGN}


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def worth_watching(arguments: list[str]) -> bool:
    """Whether this may check files, and whether a copy of this process can be made safely: it has no other thread."""
    return (
        sys.platform == "linux" and not _COMMANDS.isdisjoint(arguments) and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  nothing else is loaded yet
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """
    What the process that works has of the one that watches.

    `lost` are the files that an earlier one did not survive: True where it died, False where it took too long.
    """

    pipe: int
    parent: int
    input: int
    lost: Mapping[str, bool] = field(default_factory=dict)

    def begin(self, name: str, seconds: float) -> None:
        """Say that a file is begun, which may take so long (0: for ever)."""
        self._say(f"{seconds} {os.fsencode(name).hex()}\n")

    def rest(self) -> None:
        """Say that nothing has to be watched for now."""
        self._say("\n")

    def must_live(self) -> None:
        """End where nobody watches any more: whoever started us has been killed."""
        if os.getppid() != self.parent:
            os._exit(_INTERRUPTED)

    def stdin(self, read: Callable[[], bytes]) -> bytes:
        """Standard input, which can be read once, for every process that has to work with it."""
        if self.lost:
            os.lseek(self.input, 0, os.SEEK_SET)
            with os.fdopen(os.dup(self.input), "rb") as kept:
                return kept.read()
        text = read()
        with os.fdopen(os.dup(self.input), "wb") as keep:
            keep.write(text)
        return text

    def _say(self, line: str) -> None:
        self.must_live()
        with suppress(BrokenPipeError):
            os.write(self.pipe, line.encode("ascii"))


def watched(work: Callable[[Watch], int]) -> int:
    """Let a copy of this process do the work, and give its exit code."""
    lost: dict[str, bool] = {}
    kept = os.memfd_create("stdin")
    while True:
        ours, theirs = os.pipe()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            os.close(ours)
            _work(work, Watch(theirs, parent, kept, dict(lost)))
        os.close(theirs)
        with _forwarded(child):
            code, name, died = _followed(child, ours)
        os.close(ours)
        if name is None or name in lost:
            return code
        lost[name] = died


def _work(work: Callable[[Watch], int], watch: Watch) -> None:
    """What the copy does; it never returns."""
    code = _BUG
    try:
        _listen()
        code = work(watch)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        # There is nothing to tidy up, and to take everything apart would take longer than the copy took.
        os._exit(code)


def _listen() -> None:
    """
    Be stopped once by a signal that comes twice.

    A terminal sends it to both processes, a supervisor to the first one, which passes it on as SIGUSR1.
    """
    heard = {"own": 0, "passed on": 0, "obeyed": 0}

    def hear(number: int, _frame: object) -> None:
        heard["passed on" if number == signal.SIGUSR1 else "own"] += 1
        if max(heard["own"], heard["passed on"]) > heard["obeyed"]:
            heard["obeyed"] += 1
            raise KeyboardInterrupt

    for stop in (*_STOPS, signal.SIGUSR1):
        signal.signal(stop, hear)


class _forwarded:  # noqa: N801  used as a verb
    def __init__(self, child: int) -> None:
        self._child = child

    def __enter__(self) -> None:
        self._before = [(stop, signal.signal(stop, self._pass_on)) for stop in _STOPS]

    def __exit__(self, *_: object) -> None:
        for stop, before in self._before:
            signal.signal(stop, before)

    def _pass_on(self, _number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGUSR1)


def _followed(child: int, pipe: int) -> tuple[int, str | None, bool]:
    """The exit code of a copy, and the file that it did not survive, and whether it died over it by itself."""
    name: str | None = None
    until: float | None = None
    text = b""
    while True:
        left = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return _BUG, name, False
        read = os.read(pipe, 65536)
        if not read:
            break
        *lines, text = (text + read).split(b"\n")
        if lines:
            seconds, _, said = lines[-1].partition(b" ")
            name = os.fsdecode(bytes.fromhex(said.decode())) if said else None
            until = time.monotonic() + float(seconds) if said and float(seconds) else None
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code >= 0:
        return code, None, False
    if name is None:
        sys.stderr.write(f"fedpolicy failed: its process was killed by signal {-code}\n")
    return _BUG, name, True
