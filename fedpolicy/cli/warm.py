"""
A check by a process that is warm: `FEDPOLICY_WARM=10` keeps one for ten minutes after its last check.

What starts is this module alone. It hands the words, the folder, the environment and the three streams over a socket in
a folder of the user's own, and waits for the exit code. Where nobody answers, the check is done here, as always, and a
process is started for the next one. Only on Linux is a copy of a process that has loaded everything safe.

Python starts in 7 ms. Whatever is imported here costs each check its time once more, so it is what Python has loaded by
then, or what is compiled into it; `signal` would bring enumerations, regular expressions and much else.
"""

import _socket
import os
import stat
import sys

TYPE_CHECKING = False  # to import typing would cost as much as all the rest
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Sequence
else:
    import _signal

DENIED, TAKEN = b"no\n", b"yes\n"  # what a process says that must not do this check, and one that does it
STOP = b"!"  # what a client says that is to be stopped
STREAMS = 3
FIRST = 4  # bytes that say how long a request is
_LONGEST = 24 * 60  # minutes
_BUG = 3
_PRIME = 4294967291
# What Python itself reads when it starts, and what decides how text is written.
_OF_PYTHON = ("PYTHON", "LC_", "LANG")
_START = (
    "import sys; sys.path[:] = sys.argv[1].split(chr(10)); from fedpolicy.cli.warm_server import serve; serve(sys.argv)"
)


def _minutes(given: "Sequence[str]") -> int:
    """For how many minutes a process is to be kept for this; 0 where none is."""
    said = os.environ.get("FEDPOLICY_WARM", "")
    able = sys.platform == "linux" and bool(sys.executable) and given[:1] == ["check"] and "--watch" not in given
    return min(int(said), _LONGEST) if able and said.isascii() and said.isdecimal() else 0


def handed_over(given: "Sequence[str]") -> int | None:
    """The exit code of a warm process that has done this; None where none is asked for or there, or it must not."""
    minutes = _minutes(given)
    folder = folder_of() if minutes else None
    if folder is None or not all(map(_is_open, range(STREAMS))):
        return None
    key = key_of()
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        line.connect(socket_of(folder, key))
    except OSError:
        line.close()
        _start(folder, key, minutes)
        return None
    try:
        taken = _asked(line, given, key)
        return _awaited(line) if taken else None
    except OSError:  # it ended between two words
        return None
    finally:
        line.close()


def folder_of() -> str | None:
    """A folder that is ours alone; None where somebody else has put something in its place."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = f"{base}/fedpolicy" if base and _is_ours(base) else f"/tmp/fedpolicy-{os.getuid()}"  # noqa: S108  see below
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102  no Path here
    except FileExistsError:
        pass
    except OSError:
        return None
    return folder if _is_ours(folder) else None


def _is_ours(folder: str) -> bool:
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def key_of() -> str:
    """What must be the same where somebody else does the work: this fedpolicy, this Python, and how it writes text."""
    python = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(_OF_PYTHON))
    return "\n".join([__file__, sys.executable, sys.version, str(sys.flags.utf8_mode), *sys.path, *python])


def socket_of(folder: str, key: str) -> str:
    """Where a process listens that has this key. Two keys may share a path: the process compares them."""
    return f"{folder}/{int.from_bytes(os.fsencode(key), 'big') % _PRIME:08x}"


def _is_open(stream: int) -> bool:
    try:
        os.fstat(stream)
    except OSError:
        return False
    return True


def _start(folder: str, key: str, minutes: int) -> None:
    """Start a process that nobody waits for. Where several are started at once, one of them stays."""
    if not os.access(folder, os.W_OK | os.X_OK):  # it could not listen there
        return
    import time  # noqa: PLC0415  few starts start another one

    words = ["\n".join(sys.path), folder, socket_of(folder, key), str(minutes), str(time.time_ns())]
    command = [sys.executable, "-X", f"utf8={sys.flags.utf8_mode}", "-c", _START, *words]
    nothing = os.open(os.devnull, os.O_RDWR)
    streams = [(os.POSIX_SPAWN_DUP2, nothing, stream) for stream in range(STREAMS)]
    try:
        os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setsid=True)
    except OSError:  # no process can be had: then there is no warm one
        pass
    finally:
        os.close(nothing)


def _asked(line: _socket.socket, given: "Sequence[str]", key: str) -> bool:
    """Hand everything over. Whether the other process does it."""
    mask = os.umask(0)
    os.umask(mask)
    environment = (f"{name}={value}" for name, value in os.environ.items())
    words = [key, os.getcwd(), str(mask), str(len(given)), *given, *environment]  # noqa: PTH109  no Path here
    told = b"\0".join(map(os.fsencode, words))
    handed = b"".join(number.to_bytes(4, sys.byteorder) for number in range(STREAMS))
    line.sendmsg([len(told).to_bytes(FIRST, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handed)])
    line.sendall(told)
    return _line(line) == TAKEN


def _awaited(line: _socket.socket) -> int:
    """Wait for the exit code. Signals are passed on; whoever ends this process ends the work, too."""

    def stop(*_: object) -> None:
        try:
            line.send(STOP)
        except OSError:  # it has said how it ended, and hears nothing any more
            return

    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, stop)
    try:
        return int(_line(line))
    except (OSError, ValueError):  # what was done may have been shown: nobody does it again
        sys.stderr.write("fedpolicy failed: the warm process that did this has ended; try again\n")
        return _BUG


def _line(line: _socket.socket) -> bytes:
    """One line and no more: the exit code of a quick check comes together with the word that it is taken."""
    found = b""
    while not found.endswith(b"\n"):
        more = line.recv(1)
        if not more:
            return b""
        found += more
    return found
