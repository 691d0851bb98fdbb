"""Where results go: standard output or a file, in colour or not, and what happens when nobody listens."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from fedpolicy.cli.files import write_files
from fedpolicy.errors import OutputError
from fedpolicy.report.style import PLAIN, Style

__all__ = ["chatter", "emit", "look_for", "look_of", "stdin_bytes", "write"]

_NARROW, _WIDE = 60, 140


def look_of(stream: TextIO, *, no_color: bool = False) -> Style:
    """Decide width and colour for a stream: both are for terminals, and the user has the last word."""
    terminal = stream.isatty()
    colour = terminal and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        colour = True
    if no_color or os.environ.get("NO_COLOR"):
        colour = False
    width = min(max(shutil.get_terminal_size().columns, _NARROW), _WIDE) if terminal else PLAIN.width
    return Style(width=width, colour=colour)


def look_for(output: str | None, *, no_color: bool) -> Style:
    """How to write to a file or to standard output."""
    return PLAIN if output else look_of(sys.stdout, no_color=no_color)


def stdin_bytes() -> bytes:
    """Read standard input to its end."""
    return sys.stdin.buffer.read()


def chatter(text: str) -> None:
    """Say something about the run on standard error."""
    _say(sys.stderr, text)


def emit(text: str, output: str | None) -> None:
    """
    Write a result to the file the user named, or to standard output.

    A terminal gets what it can show. A pipe or a file gets the bytes that `--output` would write, whatever the locale.
    """
    if output is None:
        _say(sys.stdout, text)
    else:
        write(Path(output), text)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises OutputError."""
    write_files({path: text})


def _say(stream: TextIO, text: str) -> None:
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


def _put(stream: TextIO, text: str) -> None:
    raw = getattr(stream, "buffer", None)
    if stream is sys.stdout and raw is not None and not stream.isatty():
        stream.flush()
        raw.write(text.encode("utf-8", "replace"))
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
