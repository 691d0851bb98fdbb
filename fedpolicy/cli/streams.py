"""Standard streams that were closed before the program began, as `>&-` closes one."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

from fedpolicy.errors import InputError, OutputError

__all__ = ["replace_closed_streams"]


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
