"""A line that shows how far a long run is; only where somebody watches, and gone at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import TextIO

from fedpolicy.cli.terminal import look_of
from fedpolicy.report.style import Style

__all__ = ["Progress"]

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
