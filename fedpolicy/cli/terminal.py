"""Standard streams, also those that were closed before the start; files, whole or not at all; a line of progress."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import NoReturn, TextIO

from fedpolicy.errors import InputError, OutputError
from fedpolicy.files import whole
from fedpolicy.report import PLAIN, Style


def write_files(files: Mapping[Path, str | bytes]) -> None:
    """
    Write every file or none: temporary files beside them take their places when all of them are there.

    What is not a plain file (a pipe, /dev/stdout) is written to as it is, at the end. Raises OutputError.
    """
    drafts: dict[Path, Path] = {}
    targets = [(path, Path(os.path.realpath(path)), _bytes(text)) for path, text in files.items()]
    try:
        for path, target, data in targets:
            with _explained(path, target):
                if target.is_file() or not target.exists():
                    drafts[path] = target.with_name(f".{target.name}.{os.getpid()}.tmp")
                    _draft(target, drafts[path], data)
        for path, target, data in targets:
            with _explained(path, target):
                _settle(target, drafts.get(path), data)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _draft(target: Path, draft: Path, data: bytes) -> None:
    draft.write_bytes(data)
    if target.exists():
        import shutil  # noqa: PLC0415  it brings three libraries of compression

        shutil.copymode(target, draft)


def _settle(target: Path, draft: Path | None, data: bytes) -> None:
    if draft is None:
        target.write_bytes(data)
    else:
        draft.replace(target)


@contextmanager
def _explained(path: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = f"there is no folder `{path.parent}`" if not target.parent.is_dir() else "nothing was written"
        raise OutputError(f"`{path}` cannot be written: {error.strerror}", help=advice) from error


class _NoInput(io.TextIOBase):
    @property
    def buffer(self) -> NoReturn:
        raise InputError("standard input is closed", help="name a file, or pipe one in")


class _NoOutput(io.TextIOBase):
    def write(self, _text: str) -> NoReturn:
        raise OutputError("standard output is closed", help="open it, or write to a file with `--output FILE`")


def replace_closed_streams() -> None:
    """
    Put something in the place of each stream that is closed.

    Python has None there, and the next file that is opened gets the number of the stream, so that what is meant for a
    person would be written into it. A result that nobody can read is an error; messages may go nowhere.
    """
    if sys.stdin is None:
        _occupy(0)
        sys.stdin = _NoInput()
    if sys.stdout is None:
        _occupy(1)
        sys.stdout = _NoOutput()
    if sys.stderr is None:
        _occupy(2)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as the process lives


def _occupy(number: int) -> None:
    handle = os.open(os.devnull, os.O_RDWR)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


_NARROW, _WIDE = 60, 140


def look_of(stream: TextIO, *, no_color: bool = False) -> Style:
    """Decide width and colour for a stream: both are for terminals, and the user has the last word."""
    terminal = stream.isatty()
    colour = terminal and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        colour = True
    if no_color or os.environ.get("NO_COLOR"):
        colour = False
    measured = terminal or os.environ.get("COLUMNS", "").isdigit()
    return Style(width=_columns() if measured else PLAIN.width, colour=colour)


def _columns() -> int:
    import shutil  # noqa: PLC0415  it brings three libraries of compression

    return min(max(shutil.get_terminal_size().columns, _NARROW), _WIDE)


def look_for(output: str | None, *, no_color: bool) -> Style:
    """How to write to a file or to standard output."""
    return PLAIN if output else look_of(sys.stdout, no_color=no_color)


def stdin_bytes() -> bytes:
    """Read standard input to its end. Raises OSError where it does not end in time."""
    return whole(sys.stdin.buffer)


def chatter(text: str) -> None:
    """Say something about the run on standard error."""
    _say(sys.stderr, text)


def emit(text: str | bytes, output: str | None) -> None:
    """
    Write a result, a text or a picture, to the file the user named, or to standard output.

    A terminal gets what it can show. A pipe or a file gets the bytes that `--output` would write, whatever the locale.
    """
    if output is None:
        _say(sys.stdout, text)
    else:
        write(Path(output), text)


def write(path: Path, text: str | bytes) -> None:
    """Write a file whole or not at all. Raises OutputError."""
    write_files({path: text})


def make_folder(folder: Path, advice: str) -> None:
    """Make a folder and those above it, where they are not there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"`{folder.as_posix()}` cannot be made: {error.strerror}", help=advice) from error


def _say(stream: TextIO, text: str | bytes) -> None:
    # `fedpolicy check | head` closes the pipe early; that is no reason to complain or to change the exit code.
    try:
        _put(stream, text)
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        if stream is sys.stdout:
            message = f"standard output cannot be written: {error.strerror}"
            raise OutputError(message, help="make room, or send it elsewhere") from error


def _put(stream: TextIO, text: str | bytes) -> None:
    raw = getattr(stream, "buffer", None)
    if isinstance(text, bytes) or (stream is sys.stdout and raw is not None and not stream.isatty()):
        stream.flush()
        stream.buffer.write(_bytes(text))
    else:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def _silence(stream: TextIO) -> None:
    """Let what is still to be written go nowhere: nobody listens any more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_FEW = 5  # files, of which nobody needs a count
_AFTER = 1.0  # seconds in which most runs are done
_EVERY = 0.1  # seconds between two lines
_MOST_CELLS = 30


class Progress:
    """
    One line on a terminal, written over and over.

    Nothing is shown for a few files, in the first second, on what is no terminal, or in a CI job.
    """

    def __init__(
        self, stream: TextIO, total: int, *, no_color: bool = False, clock: Callable[[], float] = monotonic
    ) -> None:
        self._stream = stream
        self._total = total
        self._clock = clock
        self._watched = total > _FEW and _is_watched(stream)
        self._look = look_of(stream, no_color=no_color) if self._watched else Style()
        self._next = clock() + _AFTER
        self._shown = False

    def tell(self, done: int) -> None:
        """So many files are done."""
        if not self._watched or self._clock() < self._next:
            return
        self._next = self._clock() + _EVERY
        self._shown = True
        self._write(f"\r{_line(done, self._total, self._look, _width(self._stream))}")

    def erase(self) -> None:
        """Leave nothing behind."""
        if self._shown:
            self._shown = False
            self._write(f"\r{' ' * _width(self._stream)}\r")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, UnicodeEncodeError):
            self._watched = self._shown = False  # the terminal has gone, which is no reason to stop


def _is_watched(stream: TextIO) -> bool:
    in_ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    return stream.isatty() and not in_ci and os.environ.get("TERM") != "dumb"


def _width(stream: TextIO) -> int:
    """The columns that can be written to without a line break; of this terminal, not of standard output's."""
    try:
        columns = int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            columns = 80
    return max(columns - 1, 1)


def _line(done: int, total: int, look: Style, width: int) -> str:
    """`checking [######------] 120 of 1,000 files`, as much of it as there is room for."""
    count = f"{done:,} of {total:,} files"
    room = min(width - len(f"checking [] {count}"), _MOST_CELLS)
    if room < 1:
        return count[:width]
    full = room * done // max(total, 1)
    return f"checking [{look.paint('pass', '#' * full)}{'-' * (room - full)}] {count}"
