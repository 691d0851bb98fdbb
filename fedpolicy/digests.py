"""SHA-256 of what a verdict rests on: a pack, a catalogue, the facts that ship, and the program itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.errors import SettingsError
from fedpolicy.files import HERE, Files, catalog_dir, policies_dir
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from hashlib import _Hash

# What a wheel carries precomputed counts only where it says what its sources say.
_MADE = ("_data", "__pycache__")


def pack_path(pack: str) -> Path:
    """Where a pack lies: the shipped one of this name, or the path itself."""
    shipped = policies_dir() / pack
    return shipped if Path(pack).name == pack and (shipped / "_pack.yaml").is_file() else Path(pack)


def digest_of(path: Path, files: Files = HERE) -> str:
    """
    SHA-256 as hex: of a file's content, or over the names and contents of a folder's YAML files, by name.

    `files` has packs as a trusted revision has them. Raises SettingsError where there is neither.
    """
    try:
        if files.is_folder(path):
            return digest_of_folder(path, files.yaml(path), files.content)
        return sha256(files.content(path)).hexdigest()
    except OSError as error:
        advice = "name a pack, or a file of rules or of a catalogue"
        raise SettingsError(f"`{path.as_posix()}` cannot be read: {error.strerror}", help=advice) from error


def digest_of_folder(folder: Path, paths: Iterable[Path], read: Callable[[Path], bytes]) -> str:
    """The same of a folder that is one. Raises SettingsError where it has no such files, OSError as `read` does."""
    found = sorted(paths, key=lambda path: path.name)
    if not found:
        advice = "name the folder that holds `_pack.yaml` and the rules"
        raise SettingsError(f"`{folder.as_posix()}` is not a pack: no YAML files are in it", help=advice)
    return _over((path.name, read(path)) for path in found)


def digest_of_facts() -> str:
    """SHA-256 over the catalogue that ships, with what is generated for it."""
    return _below(str(catalog_dir()), (".yaml",))


def digest_of_tool() -> str:
    """SHA-256 over the code of this package; what it depends on is not in it."""
    return _below(os.path.dirname(os.path.realpath(__file__)), (".py", ".css", ".js"))  # noqa: PTH120  500 files: no Path


def _below(folder: str, endings: tuple[str, ...]) -> str:
    """Over the files of the package with these endings, by their names; they are ours, so they are what they are."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _MADE]
        inside = place[len(folder) + 1 :].replace(os.sep, "/")
        found += [(f"{inside}/{name}", f"{place}/{name}") for name in names if name.endswith(endings)]
    return _over(((name, _bytes(path)) for name, path in sorted(found)), _of_megabytes)


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  see above
        return file.read()


def _over(files: Iterable[tuple[str, bytes]], begin: Callable[[], _Hash] = sha256) -> str:
    found = begin()
    for name, text in files:
        found.update(f"{name}\0{len(text)}\0".encode("utf-8", "surrogateescape"))
        found.update(text)
    return found.hexdigest()


def _of_megabytes() -> _Hash:
    """For megabytes it pays to load OpenSSL, which for a pack it does not."""
    from hashlib import sha256 as quick  # noqa: PLC0415

    return quick()
