"""
The process that stays warm, see `warm`: it has loaded what a check needs, and a copy of it does each check.

It watches its copies as `watchdog` watches one: a copy that dies over a file, or takes too long, is followed by another
one that does everything else.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from fedpolicy.archetypes import Answers, filled, names
from fedpolicy.cli import COLLECTIONS, command_line
from fedpolicy.cli.warm import DENIED, FIRST, STREAMS, TAKEN, folder_of, key_of, path_of
from fedpolicy.cli.watchdog import Ward, Watch, memory, take_over
from fedpolicy.files import catalog_dir, policies_dir

__all__ = ["Server", "serve"]

_PATIENCE = 5.0  # seconds for a request that has been begun
_MANY = 64  # clients at a time
_PEER = struct.Struct("3i")  # process, user, group
_HOUSE = Path(__file__).parents[1]


class _Request(NamedTuple):
    key: str
    folder: str
    mask: int
    words: list[str]
    environment: dict[str, str]
    streams: Sequence[int]


def serve(arguments: Sequence[str]) -> None:
    """Do checks until none has come for some minutes, or what this process is made of has changed."""
    *_, folder, path, minutes, started = arguments
    if folder != folder_of() or path != path_of(folder, key_of()):
        return
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # another one serves
        return
    contents = _contents()
    _load(Path(folder))
    sources = _sources()
    if contents != _contents() or any(os.stat(file).st_ctime_ns > int(started) for file in sources[0]):  # noqa: PTH116
        return  # something has changed meanwhile
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208  a copy has no other threads, so none may be needed
        return
    with _listening(path) as listener:
        Server(listener, [*sources[0], *sources[1]]).serve(int(minutes) * 60)


@contextmanager
def _listening(path: str) -> Iterator[socket.socket]:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108  of one that has ended: nobody has its lock
    os.umask(0o077)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.chdir("/")
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECTIONS)
        yield listener
        os.unlink(path)  # noqa: PTH108


def _load(folder: Path) -> None:
    """Check something, so that all that a check loads and remembers is there."""
    import tomllib  # noqa: F401, PLC0415  for what is found beside a file

    example = folder / f"{os.getpid()}.yaml"
    participants = {"north": "DE", "south": "FR", "west": "NL"}
    try:
        for archetype in names():
            answers = Answers(archetype=archetype, participants=participants)
            example.write_text(filled(answers, modeline=""), encoding="utf-8")
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                command_line(["check", "--isolated", str(example)])
    finally:
        example.unlink(missing_ok=True)


def _folders() -> list[Path]:
    """The folders that hold what a check reads, in which something may come to be."""
    tops = (_HOUSE, policies_dir(), catalog_dir())
    found = {path for top in tops for path in (top, *top.rglob("*")) if path.is_dir()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _contents() -> list[list[str]]:
    return [sorted(name for name in os.listdir(folder) if name != "__pycache__") for folder in _folders()]  # noqa: PTH208


def _sources() -> tuple[list[str], list[str]]:
    """
    What this process is made of: files, and folders.

    Files are modules that are loaded, also those of others, and whatever lies beside rules and facts. A module that is
    not loaded yet is read when it is needed, and so is never an old one. Python itself is part of the key.
    """
    data = {path for top in (policies_dir(), catalog_dir()) for path in top.rglob("*") if path.is_file()}
    origins = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    python = str(Path(os.__file__).parent)
    modules = {one for one in origins if one and (not one.startswith(python) or "-packages" in one)}
    files = {*map(str, data), *modules}
    return sorted(one for one in files if "__pycache__" not in one), list(map(str, _folders()))


def _state(sources: Sequence[str]) -> list[tuple[int, int]]:
    """Which file each is, and when it was changed: an update, or an edit in a checkout, ends this process."""
    try:
        return [(found.st_ino, found.st_ctime_ns) for found in map(os.stat, sources)]
    except OSError:  # one is gone
        return []


class _Work:
    """What one client has asked for, and the copy that does it."""

    __slots__ = ("_alive", "_life", "_lost", "_memory", "_request", "line", "wanted", "ward")

    def __init__(self, request: _Request, line: socket.socket) -> None:
        self._request, self.line, self.wanted = request, line, True
        self._lost: dict[str, bool] = {}
        self._memory = memory()
        self._life, self._alive = os.pipe()
        self.ward: Ward

    def handles(self) -> list[int]:
        """What the copies for other clients must not keep open: somebody waits for its end."""
        return [*self._own(), self.line.fileno(), self.ward.pipe]

    def possible(self) -> bool:
        """Whether a copy of this process would be what the client would have been."""
        return self._request.key == key_of() and os.access(self._request.folder, os.X_OK)

    def _own(self) -> list[int]:
        return [*self._request.streams, self._memory, self._life, self._alive]

    def begin(self, others: Sequence[int]) -> None:
        """Let a copy of this process begin, or go on where an earlier one was lost."""
        ours, theirs = os.pipe()
        watch = Watch(theirs, os.getpid(), self._memory, dict(self._lost), self._life)
        child = os.fork()
        if child == 0:
            for handle in (*others, ours, self._alive, self.line.fileno()):
                os.close(handle)
            take_over(lambda watch: _become(self._request, watch), watch)
        os.close(theirs)
        self.ward = Ward(child, ours)

    def pass_on(self) -> None:
        """Tell the copy that it is to stop; kill it where nobody waits for it any more."""
        with suppress(OSError):
            self.wanted = bool(self.line.recv(64))
        with suppress(ProcessLookupError):
            os.kill(self.ward.child, signal.SIGUSR1 if self.wanted else signal.SIGKILL)

    def end(self) -> int | None:
        """The exit code; None where a file was lost, and others may be left."""
        code, name, died = self.ward.end(self._tell)
        if name is None or name in self._lost or not self.wanted:
            return code
        self._lost[name] = died
        return None

    def _tell(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._request.streams[-1], text.encode("utf-8"))

    def close(self, said: bytes) -> None:
        """Tell the client how it ended, and forget it."""
        for handle in self._own():
            os.close(handle)
        with self.line, suppress(OSError):
            self.line.sendall(said)


class Server:
    """Answers clients, and watches the copies that work for them."""

    def __init__(self, listener: socket.socket, sources: Sequence[str]) -> None:
        self._listener: socket.socket | None = listener
        self._sources, self._state = sources, _state(sources)
        self._works: list[_Work] = []

    def serve(self, patience: float) -> None:
        """Until nobody has asked for so many seconds, or nothing may be answered any more."""
        while self._works or self._listener:
            limits = [patience] if not self._works else [left for work in self._works if (left := work.ward.left())]
            ready = select.select(self._ears(), [], [], min(limits, default=None))[0]
            if not ready and not self._works:
                return
            for work in list(self._works):
                self._look_after(work, ready)
            if self._listener and self._listener in ready and not self.answer(self._listener):
                self._listener = None

    def _ears(self) -> list[int | socket.socket]:
        pipes = [work.ward.pipe for work in self._works]
        lines = [work.line for work in self._works if work.wanted]
        return [*pipes, *lines, *([self._listener] if self._listener else [])]

    def _look_after(self, work: _Work, ready: Sequence[int | socket.socket]) -> None:
        if work.line in ready:
            work.pass_on()
        ended = work.ward.pipe in ready and not work.ward.hears()
        if not ended and work.ward.left() != 0:
            return
        code = work.end()
        if code is None:
            work.begin(self._handles(work))
        else:
            self._works.remove(work)
            work.close(f"{code}\n".encode("ascii"))

    def _handles(self, work: _Work) -> list[int]:
        others = [handle for one in self._works if one is not work for handle in one.handles()]
        return [*others, *([self._listener.fileno()] if self._listener else [])]

    def answer(self, listener: socket.socket) -> bool:
        """Let a copy do what one client asks for. Whether to go on."""
        line, _ = listener.accept()
        with suppress(OSError, ValueError):  # a client that ends in the middle
            line.settimeout(_PATIENCE)
            peer = _PEER.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
            if peer[1] == os.getuid():
                work = _Work(_read(line), line)
                fresh = self._state == _state(self._sources)
                if not fresh or not self._begun(work):
                    work.close(DENIED)
                return fresh
        line.close()
        return True

    def _begun(self, work: _Work) -> bool:
        """Whether a copy does this."""
        if len(self._works) == _MANY or not work.possible():
            return False
        try:
            work.begin(self._handles(work))
        except OSError:  # no process can be had
            return False
        self._works.append(work)
        with suppress(OSError):
            work.line.sendall(TAKEN)
        return True


def _read(line: socket.socket) -> _Request:
    first, streams, *_ = socket.recv_fds(line, FIRST, STREAMS)
    left = int.from_bytes(first, "big")
    text = b""
    while len(text) < left:
        more = line.recv(left - len(text))
        if not more:
            raise ValueError("the client has ended")
        text += more
    key, folder, mask, count, *others = map(os.fsdecode, text.split(b"\0"))
    words, environment = others[: int(count)], dict(one.split("=", 1) for one in others[int(count) :])
    return _Request(key, folder, int(mask), words, environment, streams)


def _become(request: _Request, watch: Watch) -> int:
    """Be the process that the client would have been."""
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.folder)
    os.umask(request.mask)
    os.environ.clear()
    os.environ.update(request.environment)
    _open_streams()
    return command_line(request.words, watch)


def _open_streams() -> None:
    """Streams as Python makes them when it starts; the variables that decide how are part of the key."""
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        mode, flushed = "r" if number == 0 else "w", os.isatty(number) or number == STREAMS - 1
        buffering = 1 if flushed and mode == "w" else -1
        made = open(number, mode, buffering, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
        setattr(sys, ("stdin", "stdout", "stderr")[number], made)
