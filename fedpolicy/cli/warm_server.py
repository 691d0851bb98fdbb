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
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

from fedpolicy.archetypes import Answers, filled, names
from fedpolicy.cli import command_line
from fedpolicy.cli.warm import DENIED, TAKEN, folder_of, key_of, socket_of
from fedpolicy.cli.warm_copy import Copy, Work, asked
from fedpolicy.files import catalog_dir, policies_dir

_PATIENCE = 5.0  # seconds for a request that has been begun
_MANY = 64  # clients at a time
_IDLE = 4  # copies that have nothing to do
_COLLECTIONS = (500_000, 50, 50)  # a copy does one check after another, and what they leave must not pile up
_WAYS = (["-q"], ["-v"], *([f"--format={name}"] for name in ("concise", "full", "github", "json", "sarif")))
_HOUSE = Path(__file__).parents[1]
_PEER = struct.Struct("3i")  # process, user, group


def serve(arguments: Sequence[str]) -> None:
    """Do checks until none has come for some minutes, or what this process is made of has changed."""
    *_, folder, path, minutes, started = arguments
    if folder != folder_of() or path != socket_of(folder, key_of()):
        return
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # another one serves
        return
    before = _contents()
    _load(Path(folder))
    files, folders = _sources()
    if before != _contents() or any(os.stat(file).st_ctime_ns > int(started) for file in files):  # noqa: PTH116
        return  # something has changed meanwhile
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208  a copy has no other threads, so none may be needed
        return
    with _listening(path) as listener:
        Server(listener, [*files, *folders], [lock]).serve(int(minutes) * 60)


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
        gc.set_threshold(*_COLLECTIONS)
        yield listener
        os.unlink(path)  # noqa: PTH108


def _check(*words: str) -> None:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        command_line(["check", "--isolated", *words])


def _load(folder: Path) -> None:
    """Check something in the ways that are usual, so that all that a check loads and remembers is there."""
    import subprocess  # noqa: F401, PLC0415  for git, which a search asks
    import tomllib  # noqa: F401, PLC0415  for settings

    from fedpolicy.catalog import extra  # noqa: F401, PLC0415  for facts of one's own
    from fedpolicy.cli.commands import check  # noqa: F401, PLC0415  for options that click reads
    from fedpolicy.config import load  # noqa: F401, PLC0415
    from fedpolicy.policy import compiler, packs  # noqa: F401, PLC0415  for rules of one's own

    place = folder / str(os.getpid())
    place.mkdir()
    example = place / "fedpolicy.yaml"
    participants = {"north": "DE", "south": "FR", "west": "NL"}
    try:
        for archetype in names():
            answers = Answers(archetype=archetype, participants=participants)
            example.write_text(filled(answers, modeline=""), encoding="utf-8")
            _check(str(example))
        for words in _WAYS:
            _check(str(place), *words)
        _check("--changed", str(example))
        example.write_text("fedpolicy: 1\nname: wrong\nodd: 1\n", encoding="utf-8")
        _check(str(example))
    finally:
        example.unlink(missing_ok=True)
        place.rmdir()


def _folders() -> list[Path]:
    """The folders that hold what a check reads, in which something may come to be."""
    tops = (_HOUSE, policies_dir(), catalog_dir())
    found = {path for top in tops for path in (top, *top.rglob("*")) if path.is_dir()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _contents() -> list[list[str]]:
    """What lies in each of them, by name."""
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


class Server:
    """Answers clients, and watches the copies that work for them."""

    def __init__(self, listener: socket.socket, made_of: Sequence[str], lock: Sequence[int] = ()) -> None:
        self._listener: socket.socket | None = listener
        self._sources, self._state = made_of, _state(made_of)
        self._key = key_of()
        self._life, alive = os.pipe()
        self._own = [*lock, alive, listener.fileno()]
        self._works: list[Work] = []
        self._idle: list[Copy] = []

    def serve(self, patience: float) -> None:
        """Until nobody has asked for so many seconds, or nothing may be answered any more."""
        while self._works or self._listener:
            lefts = [left for work in self._works if (left := work.copy.ward.left())]
            ready = select.select(self._ears(), [], [], min(lefts if self._works else [patience], default=None))[0]
            if not ready and not self._works:
                break
            for copy in [one for one in self._idle if one.ward.pipe in ready and not one.ward.hears()]:
                self._idle.remove(copy)
                copy.end()
            for work in list(self._works):
                self._look_after(work, ready)
            if self._listener and self._listener in ready and not self.answer(self._listener):
                self._listener = None
        for copy in self._idle:
            copy.end()

    def _ears(self) -> list[int | socket.socket]:
        pipes = [copy.ward.pipe for copy in (*self._idle, *(work.copy for work in self._works))]
        channels = [work.copy.channel for work in self._works]
        lines = [work.line for work in self._works if work.wanted]
        return [*pipes, *channels, *lines, *([self._listener] if self._listener else [])]

    def _look_after(self, work: Work, ready: Sequence[int | socket.socket]) -> None:
        copy = work.copy
        if work.line in ready:
            work.pass_on()
        ended = copy.ward.pipe in ready and not copy.ward.hears()
        if copy.channel in ready and (said := copy.says()):
            self._rest(copy)
            self._close(work, said[0])
            return
        if not ended and copy.ward.left() != 0:
            return
        code = work.end()
        if code is None:
            work.begin(self._life, self._handles(work))
        else:
            self._close(work, code)

    def _rest(self, copy: Copy) -> None:
        """Keep a copy for what is asked next from its folder, and no more of them than may be of use."""
        if copy.spent:
            copy.end()
            return
        self._idle.append(copy)
        if len(self._idle) > _IDLE:
            self._idle.pop(0).end()

    def _close(self, work: Work, code: int) -> None:
        self._works.remove(work)
        work.close(f"{code}\n".encode("ascii"))

    def _handles(self, work: Work) -> list[int]:
        """What is open here and is nothing to a copy that begins with this."""
        others = [one for one in self._works if one is not work]
        held: list[Work | Copy] = [*others, *self._idle, *(one.copy for one in others)]
        return [*self._own, *(handle for one in held for handle in one.handles())]

    def answer(self, listener: socket.socket) -> bool:
        """Let a copy do what one client asks for. Whether to go on."""
        line, _ = listener.accept()
        with suppress(OSError, ValueError):  # a client that ends in the middle
            line.settimeout(_PATIENCE)
            peer = _PEER.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
            if peer[1] == os.getuid():
                work = Work(asked(line), line)
                fresh = self._state == _state(self._sources)
                if not fresh or not self._begun(work):
                    work.close(DENIED)
                return fresh
        line.close()
        return True

    def _begun(self, work: Work) -> bool:
        """Whether a copy does this: only there could it be what the client would have been."""
        request = work.request
        if len(self._works) == _MANY or request.key != self._key or not os.access(request.folder, os.X_OK):
            return False
        if not self._taken_up(work):
            try:
                work.begin(self._life, self._handles(work))
            except OSError:  # no process can be had
                return False
        self._works.append(work)
        with suppress(OSError):
            work.line.sendall(TAKEN)
        return True

    def _taken_up(self, work: Work) -> bool:
        """Whether a copy goes on with this that has worked for the same folder."""
        for copy in reversed(self._idle):
            if copy.folder == work.request.folder:
                self._idle.remove(copy)
                return work.hand_to(copy)
        return False
