"""The digest by which an organisation pins a pack or a catalogue: what was read and agreed on, and nothing else."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from fedpolicy.errors import SettingsError
from fedpolicy.files import content

__all__ = ["digest_of"]


def digest_of(path: Path) -> str:
    """
    SHA-256 as hex: of a file's content, or over the names and contents of a folder's YAML files, by name.

    Raises SettingsError where there is neither.
    """
    try:
        return _of_folder(path) if path.is_dir() else sha256(content(path)).hexdigest()
    except OSError as error:
        advice = "name a pack, or a file of rules or of a catalogue"
        raise SettingsError(f"`{path.as_posix()}` cannot be read: {error.strerror}", help=advice) from error


def _of_folder(folder: Path) -> str:
    files = sorted(folder.glob("*.yaml"), key=lambda path: path.name)
    if not files:
        advice = "name the folder that holds `_pack.yaml` and the rules"
        raise SettingsError(f"`{folder.as_posix()}` is no pack: no YAML files are in it", help=advice)
    found = sha256()
    for path in files:
        text = content(path)
        found.update(f"{path.name}\0{len(text)}\0".encode("utf-8", "surrogateescape"))
        found.update(text)
    return found.hexdigest()
