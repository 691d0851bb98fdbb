"""Read a file that somebody names: a plain one, of a size that people write."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["MOST_BYTES", "beginning", "content", "text_of"]

MOST_BYTES = 64 * 1024 * 1024
# A pipe that nobody writes to would be waited for, and a terminal would become ours.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def content(path: Path) -> bytes:
    """What a file holds. Raises OSError where it cannot be read, is no plain file, or holds more than 64 MiB."""
    found = beginning(path, MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 64 MiB")
    return found


def beginning(path: Path, most: int) -> bytes:
    """So many bytes of a file, where it has them. Raises OSError where it cannot be read or is no plain file."""
    _must_be_plain(os.stat(path).st_mode)  # noqa: PTH116  to open a device may do something already
    with open(os.open(path, _FLAGS), "rb") as handle:  # noqa: PTH123  by its number
        _must_be_plain(os.fstat(handle.fileno()).st_mode)
        return handle.read(most)


def text_of(path: Path) -> str:
    """The same as text, with line breaks as Python has them. Raises UnicodeDecodeError too."""
    return content(path).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _must_be_plain(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no plain file")
