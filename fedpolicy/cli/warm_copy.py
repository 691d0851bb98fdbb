"""A copy of the process that stays warm: what it does for a client, and how it is watched and spoken to."""

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
from fedpolicy.cli.watchdog import Ward, Watch, memory, take_over

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


_PATIENCE = 5.0  # seconds for a copy to hear what it is asked


class Copy:
    """A copy of this process that works for one folder, as it is watched and spoken to from here."""

    __slots__ = ("channel", "folder", "spent", "ward")

    def __init__(self, ward: Ward, channel: socket.socket, folder: str) -> None:
        channel.settimeout(_PATIENCE)
        self.ward, self.channel, self.folder = ward, channel, folder
        self.spent = False  # a signal is on its way to it: whatever it does next might be stopped by it

    def handles(self) -> list[int]:
        """What other copies must not keep open: somebody waits for its end."""
        return [self.channel.fileno(), self.ward.pipe]

    def signal(self, number: int) -> None:
        """Stop it; it does nothing more after that."""
        self.spent = True
        with suppress(ProcessLookupError):
            os.kill(self.ward.child, number)

    def says(self) -> bytes:
        """The exit code, as one byte, where it has done what it was asked for and is as it was before."""
        with suppress(OSError):
            return self.channel.recv(1)
        return b""

    def end(self) -> None:
        """Take leave of one that has nothing to do, or has ended."""
        self.signal(signal.SIGKILL)
        self.channel.close()
        self.ward.end(lambda _: None)


class Work:
    """What one client has asked for, and the copy that does it."""

    __slots__ = ("_lost", "_memory", "copy", "line", "request", "wanted")

    def __init__(self, request: WarmRequest, line: socket.socket) -> None:
        self.request, self.line, self.wanted = request, line, True
        self._lost: dict[str, bool] = {}
        self._memory = memory()
        self.copy: Copy

    def handles(self) -> list[int]:
        """What is open for this client alone."""
        return [*self.request.handles, self._memory, self.line.fileno()]

    def hand_to(self, copy: Copy) -> bool:
        """Let a copy that has nothing to do go on with this. Whether it can."""
        try:
            hand_on(copy.channel, self.request, self._memory)
        except OSError:  # it has ended, or hears nobody
            copy.end()
            return False
        copy.ward = Ward(copy.ward.child, copy.ward.pipe)
        self.copy = copy
        return True

    def begin(self, life: int, others: Sequence[int]) -> None:
        """Let a copy of this process begin, or go on where an earlier one was lost; it closes what is for others."""
        ours, theirs = os.pipe()
        channel, end = socket.socketpair()
        watch = Watch(theirs, os.getpid(), self._memory, dict(self._lost), life)
        child = os.fork()
        if child == 0:
            for handle in {*others, ours, channel.fileno(), self.line.fileno()} - {*self.request.handles, self._memory}:
                os.close(handle)
            take_over(lambda watch: obey(self.request, end, watch), watch)
        os.close(theirs)
        end.close()
        self.copy = Copy(Ward(child, ours), channel, self.request.folder)

    def pass_on(self) -> None:
        """Tell the copy that it is to stop; kill it where nobody waits for it any more."""
        with suppress(OSError):
            self.wanted = bool(self.line.recv(64))
        self.copy.signal(signal.SIGUSR1 if self.wanted else signal.SIGKILL)

    def end(self) -> int | None:
        """The exit code of a copy that has ended or has to; None where it lost a file, and others may be left."""
        self.copy.channel.close()
        code, name, died = self.copy.ward.end(self._tell)
        if name is None or name in self._lost or not self.wanted:
            return code
        self._lost[name] = died
        return None

    def _tell(self, text: str) -> None:
        with suppress(OSError):
            os.write(self.request.handles[-1], text.encode("utf-8"))

    def close(self, said: bytes) -> None:
        """Tell the client how it ended, and forget it."""
        for handle in [*self.request.handles, self._memory]:
            os.close(handle)
        with self.line, suppress(OSError):
            self.line.sendall(said)
