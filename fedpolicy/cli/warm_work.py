"""One client of the process that stays warm, and the copy of it that does what the client has asked for."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress

from fedpolicy.cli.warm_copy import WarmRequest, hand_on, obey
from fedpolicy.cli.watchdog import Ward, Watch, memory, take_over

__all__ = ["Copy", "Work"]

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
