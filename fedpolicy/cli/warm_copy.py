"""
A copy of the process that stays warm: it does what clients ask for from one folder, one check after the other.

The pages of memory that a copy writes to are copied, which costs half as much as a check does. So a copy goes on, as
long as each check leaves it as it found it; after anything else it ends, and another one is made.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import NamedTuple

from fedpolicy.cli import command_line
from fedpolicy.cli.warm import FIRST, STREAMS
from fedpolicy.cli.watchdog import Watch

__all__ = ["WarmRequest", "asked", "hand_on", "obey"]

_CHECKS = 100  # that one copy does
_LARGEST = 256 * 1024  # KiB of memory that a copy may have needed which waits for more
_PLAIN = {0, 1, 2}  # exit codes of a check that went as it should


class WarmRequest(NamedTuple):
    """What a client hands over, and the text in which it did so."""

    key: str
    folder: str
    mask: int
    words: list[str]
    environment: dict[str, str]
    handles: Sequence[int]
    text: bytes


def asked(line: socket.socket, handles: int = STREAMS) -> WarmRequest:
    """Read a request and the handles that come with it. Raises ValueError or OSError where it ends in the middle."""
    first, given, *_ = socket.recv_fds(line, FIRST, handles)
    left = int.from_bytes(first, "big")
    text = bytearray()
    while len(text) < left or not first:
        more = first and line.recv(left - len(text))
        if not more:
            raise ValueError("the client has ended")
        text += more
    key, folder, mask, count, *others = map(os.fsdecode, bytes(text).split(b"\0"))
    words, environment = others[: int(count)], dict(one.split("=", 1) for one in others[int(count) :])
    return WarmRequest(key, folder, int(mask), words, environment, given, bytes(text))


def hand_on(channel: socket.socket, request: WarmRequest, memory: int) -> None:
    """Give a request to a copy that waits for one, with a file for what can be read once."""
    socket.send_fds(channel, [len(request.text).to_bytes(FIRST, "big")], [*request.handles, memory])
    channel.sendall(request.text)


def obey(request: WarmRequest, channel: socket.socket, watch: Watch) -> int:
    """Do what a client asks for, and what others ask for after it; the exit code of the last one, which is not told."""
    done = 0
    while True:
        _become(request)
        found = _surroundings()
        code = command_line(request.words, watch)
        watch.rest()
        done += 1
        if done == _CHECKS or watch.lost or code not in _PLAIN or not _written() or _surroundings() != found:
            return code
        _let_go(watch.input)
        channel.sendall(bytes([code]))
        try:
            request = asked(channel, STREAMS + 1)
        except (OSError, ValueError):  # nobody will ask any more
            os._exit(code)
        watch.input = request.handles[STREAMS]


def _surroundings() -> Hashable:
    """What one check could leave behind for the next one, in Python or in the system, but for what is set anew."""
    return (
        tuple(sys.modules),
        tuple(sys.path),
        tuple(sorted(os.listdir("/proc/self/fd"))),  # noqa: PTH208  no Path here
        len(os.listdir("/proc/self/task")),  # noqa: PTH208
        _has_children(),
        tuple(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)),
        (sys.getrecursionlimit(), sys.get_int_max_str_digits(), gc.isenabled(), gc.get_threshold()),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < _LARGEST,
    )


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _written() -> bool:
    """Whether all that was said has been written."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        return True
    return False


def _let_go(memory: int) -> None:
    """Give back what belongs to the client: whoever reads what was written waits for its end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(STREAMS):
        os.dup2(nothing, stream)
    os.close(nothing)
    os.close(memory)
    os.chdir("/")


def _become(request: WarmRequest) -> None:
    """Be the process that the client would have been."""
    for number, stream in enumerate(request.handles[:STREAMS]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.folder)
    os.umask(request.mask)
    os.environ.clear()
    os.environ.update(request.environment)
    _open_streams()


def _open_streams() -> None:
    """Streams as Python makes them when it starts; the variables that decide how are part of the key."""
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        mode, flushed = "r" if number == 0 else "w", os.isatty(number) or number == STREAMS - 1
        buffering = 1 if flushed and mode == "w" else -1
        made = open(number, mode, buffering, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
        setattr(sys, ("stdin", "stdout", "stderr")[number], made)
