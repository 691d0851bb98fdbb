"""The process that stays warm, see `warm`: it has loaded what a check needs, and a copy of it does each check."""

from __future__ import annotations

import fcntl
import gc
import os
import select
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from fedpolicy.archetypes import Answers, filled, names
from fedpolicy.cli import command_line
from fedpolicy.cli.warm import DENIED, FIRST, STREAMS, folder_of, key_of, path_of
from fedpolicy.cli.watchdog import watched
from fedpolicy.files import catalog_dir, policies_dir

__all__ = ["serve"]

_PATIENCE = 5.0  # seconds for a request that has been begun
_PEER = struct.Struct("3i")  # process, user, group


class _Request(NamedTuple):
    key: str
    folder: str
    mask: int
    words: list[str]
    environment: dict[str, str]
    handed: Sequence[int]


def serve(arguments: Sequence[str]) -> None:
    """Do checks until none has come for some minutes, or what this process is made of has changed."""
    *_, folder, path, minutes = arguments
    if folder != folder_of() or path != path_of(folder, key_of()):
        return
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # another one serves
        return
    sources = _sources()
    state = _state(sources)
    _load(Path(folder))
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208  a copy has no other threads, so none may be needed
        return
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108  of one that has ended: nobody has its lock
    os.umask(0o077)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.chdir("/")
        gc.collect()
        gc.freeze()
        while select.select([listener], [], [], int(minutes) * 60)[0] and _answered(listener, sources, state):
            pass
        os.unlink(path)  # noqa: PTH108


def _sources() -> list[str]:
    """All that this process is made of: files, and the folders in which others may come to be."""
    below = [Path(__file__).parents[1], policies_dir(), catalog_dir()]
    found = {path for folder in below for path in (folder, *folder.rglob("*"))}
    return sorted(str(path) for path in found if "__pycache__" not in path.parts)


def _state(sources: Sequence[str]) -> list[int]:
    """When each was changed: an update, or an edit in a checkout, ends this process."""
    try:
        return [os.stat(path).st_mtime_ns for path in sources]  # noqa: PTH116  a thousand files: no Path
    except OSError:  # one is gone
        return []


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


def _answered(listener: socket.socket, sources: Sequence[str], state: Sequence[int]) -> bool:
    """Let a copy do what one client asks for. Whether to go on."""
    line, _ = listener.accept()
    with line, suppress(OSError, ValueError):  # a client that ends in the middle
        line.settimeout(_PATIENCE)
        peer = _PEER.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        if peer[1] == os.getuid():
            request = _read(line)
            if state != _state(sources):
                line.sendall(DENIED)
                return False
            _served(request, line, listener)
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return True


def _served(request: _Request, line: socket.socket, listener: socket.socket) -> None:
    if request.key != key_of():
        line.sendall(DENIED)
    elif os.fork() == 0:
        listener.close()
        _become(request, line)
    for number in request.handed:
        os.close(number)


def _read(line: socket.socket) -> _Request:
    first, handed, *_ = socket.recv_fds(line, FIRST, STREAMS + 1)
    left = int.from_bytes(first, "big")
    text = b""
    while len(text) < left:
        more = line.recv(left - len(text))
        if not more:
            raise ValueError("the client has ended")
        text += more
    key, folder, mask, count, *others = map(os.fsdecode, text.split(b"\0"))
    words, environment = others[: int(count)], dict(one.split("=", 1) for one in others[int(count) :])
    return _Request(key, folder, int(mask), words, environment, handed)


def _become(request: _Request, line: socket.socket) -> None:
    """Be the process that the client would have been; it never returns."""
    code = 3
    try:
        *streams, life = request.handed
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        # Whoever ends the client ends the other end of this pipe, and so this process.
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
        os.chdir(request.folder)
        os.umask(request.mask)
        os.environ.clear()
        os.environ.update(request.environment)
        _streams()
        line.settimeout(None)
        line.sendall(f"{os.getpid()}\n".encode("ascii"))
        code = watched(request.words, lambda watch: command_line(request.words, watch))
    except KeyboardInterrupt:
        code = 130
    finally:
        with suppress(OSError):
            line.sendall(f"{code}\n".encode("ascii"))
        os._exit(code)


def _streams() -> None:
    """Streams as Python makes them when it starts; the variables that decide how are part of the key."""
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        mode, flushed = "r" if number == 0 else "w", os.isatty(number) or number == STREAMS - 1
        buffering = 1 if flushed and mode == "w" else -1
        made = open(number, mode, buffering, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
        setattr(sys, ("stdin", "stdout", "stderr")[number], made)
