"""Files that somebody names, of a size that people write; files that ship; and what a file is called anywhere."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from fedpolicy.records import dataclass, field

MOST_BYTES = 64 * 1024 * 1024
_PIECE = 1024 * 1024
# A pipe that nobody writes to would be waited for, and a terminal would become ours.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_PACKAGE = Path(__file__).resolve().parent


def content(path: Path) -> bytes:
    """What a file holds. Raises OSError where it cannot be read, is not a plain file, or holds more than 64 MiB."""
    found = beginning(path, MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 64 MiB")
    return found


def modules_in(paths: Iterable[str]) -> list[str]:
    """The modules of a package by its `__path__`, sorted; imports none of them."""
    names = {name.partition(".")[::2] for path in paths for name in os.listdir(path)}  # noqa: PTH208  no Path for each
    return sorted(stem for stem, ending in names if ending == "py" and not stem.startswith("_"))


def whole(stream: BinaryIO) -> bytes:
    """What a stream holds, which ends when it ends. Raises OSError where that is more than 64 MiB."""
    found = bytearray()
    while len(found) <= MOST_BYTES and (more := stream.read(_PIECE)):
        found += more
    if len(found) > MOST_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 64 MiB")
    return bytes(found)


def piped(path: str) -> bytes:
    """What a pipe holds until nobody writes to it any more, which may be at once. Raises OSError as `whole` does."""
    number = os.open(path, _FLAGS)
    if hasattr(os, "set_blocking"):
        os.set_blocking(number, True)
    with open(number, "rb") as stream:  # noqa: PTH123  by its number
        found = whole(stream)
    if not found:
        raise OSError(errno.EINVAL, "nothing was written to this pipe")
    return found


def beginning(path: Path, most: int) -> bytes:
    """So many bytes of a file, where it has them. Raises OSError where it cannot be read or is not a plain file."""
    _must_be_plain(os.stat(path).st_mode)  # noqa: PTH116  to open a device may do something already
    with open(os.open(path, _FLAGS), "rb") as handle:  # noqa: PTH123  by its number
        known = os.fstat(handle.fileno())
        _must_be_plain(known.st_mode)
        # To ask for 64 MiB would make room for them first.
        found = handle.read(min(most, known.st_size + 1))
        return found + handle.read(most - len(found)) if len(found) > known.st_size else found


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it once was, by the name that users see."""

    name: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """
    Files by path: as a trusted revision has them where it has been asked, else as they lie here.

    `kept` are files of the revision; of a folder that holds one of them, nothing that lies here counts.
    """

    kept: Mapping[str, Kept] = field(default_factory=dict)

    def content(self, path: Path, *, listed: bool = False) -> bytes:
        """What a file holds; one that was `listed`, not named, may be no link out of its folder. Raises OSError."""
        found = self.kept.get(path.as_posix())
        if found:
            return found.text
        if listed and path.is_symlink() and path.resolve().parent != path.parent.resolve():
            raise OSError(errno.EINVAL, "it is a link that leads out of its folder")
        return content(path)

    def name(self, path: Path) -> str:
        """What users see of a path."""
        found = self.kept.get(path.as_posix())
        return found.name if found else path.as_posix()

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file."""
        return path.as_posix() in self.kept or _is(path, Path.is_file)

    def is_folder(self, path: Path) -> bool:
        """Whether there is such a folder."""
        return bool(self._inside(path)) or _is(path, Path.is_dir)

    def yaml(self, folder: Path) -> list[Path]:
        """The YAML files in a folder, by name."""
        inside = [path for path in self._inside(folder) if path.suffix == ".yaml"]
        return sorted(inside or folder.glob("*.yaml"))

    def _inside(self, folder: Path) -> list[Path]:
        return [path for path in map(Path, self.kept) if path.parent == folder]


HERE = Files()


def _is(path: Path, what: Callable[[Path], bool]) -> bool:
    """Whether a path is something; a name that is too long for the system is nothing."""
    try:
        return what(path)
    except OSError:
        return False


def _must_be_plain(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a plain file")


def _shipped(name: str) -> Path:
    # A checkout wins: an editable install may leave a stale copy inside the package.
    checkout = _PACKAGE.parent / name
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    return _PACKAGE / "_data" / name


def policies_dir() -> Path:
    """The folder that holds one folder per shipped pack."""
    return _shipped("policies")


def bundles_dir() -> Path | None:
    """The folder with the compiled packs of a wheel; None in a checkout, where rules are read as they are written."""
    beside = policies_dir().parent
    return beside / "bundles" if beside == _PACKAGE / "_data" else None


def schemas_dir() -> Path:
    """The folder that holds the JSON schemas."""
    return _shipped("schemas")


def catalog_dir() -> Path:
    """The folder that holds the shipped catalogue."""
    return _PACKAGE / "catalog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """
    The folder from which files are named: that of the nearest `.git`, else of the configuration, else the current one.

    `path` is where it lies on this machine, which no report shows; `below` is the current folder as seen from there.
    """

    path: str = ""
    below: str = ""

    def file(self, name: str) -> str:
        """The name of a file, as a report has it, from the root; what lies elsewhere keeps its name."""
        if os.path.isabs(name):  # noqa: PTH117  once a file
            inside = os.path.relpath(name, self.path) if self.path else os.pardir
            return name if inside.startswith(os.pardir) else inside.replace(os.sep, "/")
        found = posixpath.normpath(posixpath.join(self.below, name))
        return name if found.startswith("..") else found


def root_of(folder: str | Path) -> Path | None:
    """The folder with the nearest `.git`, whatever else looks like a repository. Git is not asked."""
    here = Path(os.path.realpath(folder))
    return next((one for one in (here, *here.parents) if os.path.exists(one / ".git")), None)  # noqa: PTH110  no error
