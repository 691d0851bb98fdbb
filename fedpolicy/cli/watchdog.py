"""
A process that watches a run, and ends it where it takes too long.

A loop inside a library in C hears no signal and no timer, a crash in one raises nothing, and memory that runs out asks
nobody. So the process that the user starts copies itself before anything is loaded, and the copy does the work. It says
which file it begins with; where that takes too long, or the copy dies over it, it is killed, and another copy does
everything else. Only on Linux is a copy safe as well as cheap; other systems of its family start Python once more.
Windows has neither the signals nor pipes with a time limit, so nobody watches there.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

COMMANDS = frozenset(
    {
        "baseline",
        "budget",
        "check",
        "control",
        "diff",
        "drift",
        "enforce",
        "facts",
        "graph",
        "import",
        "repair",
        "scan",
        "site",
        "test",
        "waive",
        "whatif",
        "why",
    }
)
# A process that is started anew finds its modules where this one does, and nowhere else.
_START = (
    "import json, sys; about = json.loads(sys.argv[1]); sys.path[:] = about.pop('path');"
    "from fedpolicy.cli import taken_over; taken_over(sys.argv[2:], about)"
)
_BUG = 3
_INTERRUPTED = 130
_STOPS = (signal.SIGINT, signal.SIGTERM)


def worth_watching(arguments: list[str]) -> bool:
    """Whether this may evaluate files, on a system where one process can watch another."""
    return os.name == "posix" and bool(sys.executable) and not COMMANDS.isdisjoint(arguments)


def _copies() -> bool:
    """Whether a copy of this process can be made safely: there is no other thread, as a library may have started."""
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  nothing else is loaded yet


class Watch:
    """
    What the process that works has of the one that watches.

    `lost` are the files that an earlier one did not survive: True where it died, False where it took too long. `life`
    is the end of a pipe to which nobody writes: it ends when whoever watches does.
    """

    __slots__ = ("input", "life", "lost", "parent", "pipe")

    def __init__(
        self,
        pipe: int,
        parent: int,
        input: int,  # noqa: A002  what it is
        lost: Mapping[str, bool] | None = None,
        life: int = -1,
    ) -> None:
        # No dataclass: what is loaded before the copy is made is copied, page by page, when it is used.
        self.pipe, self.parent, self.input, self.lost, self.life = pipe, parent, input, lost or {}, life

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

    def die_with(self) -> None:
        """Let the system end this process when whoever watches is killed, also in a loop that hears nobody."""
        import fcntl  # noqa: PLC0415  not on Windows

        with suppress(OSError):  # a system that sends no such signal for pipes: then the next file notices
            fcntl.fcntl(self.life, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(self.life, fcntl.F_SETFL, fcntl.fcntl(self.life, fcntl.F_GETFL) | os.O_ASYNC)
        self.must_live()

    def once(self, name: str, read: Callable[[], bytes]) -> bytes:
        """What can be read once, as standard input can, for every process that has to work with it."""
        found = self._kept().get(name) if self.lost else None
        if found is None:
            found = read()
            os.write(self.input, f"{len(os.fsencode(name))} {len(found)}\n".encode("ascii"))
            with os.fdopen(os.dup(self.input), "wb") as keep:
                keep.write(os.fsencode(name) + found)
        return found

    def _kept(self) -> dict[str, bytes]:
        os.lseek(self.input, 0, os.SEEK_SET)
        found: dict[str, bytes] = {}
        with os.fdopen(os.dup(self.input), "rb") as kept:
            while line := kept.readline():
                name, text = (kept.read(int(size)) for size in line.split())
                found[os.fsdecode(name)] = text
        return found

    def _say(self, line: str) -> None:
        self.must_live()
        with suppress(BrokenPipeError):
            os.write(self.pipe, line.encode("ascii"))


def watched(arguments: Sequence[str], work: Callable[[Watch], int]) -> int:
    """Let a copy of this process, or another one with these arguments, do the work, and give its exit code."""
    lost: dict[str, bool] = {}
    begin = _copied if _copies() else _started
    kept = memory()
    life, alive = os.pipe()
    while True:
        ours, theirs = os.pipe()
        child = begin(arguments, work, Watch(theirs, os.getpid(), kept, dict(lost), life), (ours, alive))
        os.close(theirs)
        ward = Ward(child, ours)
        with _forwarded(child):
            while select.select([ours], [], [], ward.left())[0] and ward.hears():
                pass
            code, name, died = ward.end(lambda text: sys.stderr and sys.stderr.write(text))
        if name is None or name in lost:
            return code
        lost[name] = died


def memory() -> int:
    """Make a file without a name, for what can be read once."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("input")
    from tempfile import TemporaryFile  # noqa: PLC0415  not on Linux

    with TemporaryFile() as file:
        return os.dup(file.fileno())


def _copied(_: Sequence[str], work: Callable[[Watch], int], watch: Watch, ours: Sequence[int]) -> int:
    child = os.fork()
    if child == 0:
        for end in ours:
            os.close(end)
        take_over(work, watch)
    return child


def _started(arguments: Sequence[str], _: Callable[[Watch], int], watch: Watch, _ours: Sequence[int]) -> int:
    import json  # noqa: PLC0415  not on Linux

    handed = {"pipe": watch.pipe, "input": watch.input, "life": watch.life}
    for kept in handed.values():
        os.set_inheritable(kept, True)
    about = {"path": sys.path, "parent": watch.parent, "lost": watch.lost, **handed}
    options = ["-P", *(["-I"] if sys.flags.isolated else []), "-X", f"utf8={sys.flags.utf8_mode}"]
    command = [sys.executable, *options, "-c", _START, json.dumps(about), *arguments]
    return os.posix_spawn(sys.executable, command, os.environ)


def take_over(work: Callable[[Watch], int], watch: Watch) -> None:
    """What the process does that is watched; it never returns."""
    code = _BUG
    try:
        watch.die_with()
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


class Ward:
    """A process that works, and what it has said of its work: which file it is at, and how long that may take."""

    __slots__ = ("_name", "_text", "_until", "child", "pipe")

    def __init__(self, child: int, pipe: int) -> None:
        self.child, self.pipe = child, pipe
        self._name: str | None = None
        self._until: float | None = None
        self._text = b""

    def left(self) -> float | None:
        """How many seconds it still has; None where it may take as long as it likes."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def hears(self) -> bool:
        """Listen to what it says; False where it says nothing any more."""
        read = os.read(self.pipe, 65536)
        *lines, self._text = (self._text + read).split(b"\n")
        if lines:
            seconds, _, said = lines[-1].partition(b" ")
            self._name = os.fsdecode(bytes.fromhex(said.decode())) if said else None
            self._until = time.monotonic() + float(seconds) if said and float(seconds) else None
        return bool(read)

    def end(self, tell: Callable[[str], object]) -> tuple[int, str | None, bool]:
        """Kill it where it has no time left. Its exit code; the file that it did not survive; whether it just died."""
        late = self.left() == 0
        if late:
            os.kill(self.child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        os.close(self.pipe)
        if late:
            return _BUG, self._name, False
        if code >= 0:
            return code, None, False
        if code == -signal.SIGUSR1:  # it was told to stop before it listened
            tell("\ninterrupted\n")
            return _INTERRUPTED, None, False
        if self._name is None:
            tell(f"fedpolicy failed: its process was killed by signal {-code}\n")
        return _BUG, self._name, True
