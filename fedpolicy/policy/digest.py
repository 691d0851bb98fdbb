"""The digest by which an organisation pins a pack: whatever its rules say, it says."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from fedpolicy.errors import SettingsError

__all__ = ["digest_of"]


def digest_of(folder: Path) -> str:
    """
    SHA-256 over the names and contents of a pack's YAML files, in the order of their names, as hex.

    Raises SettingsError where there is no such folder or it has no YAML files.
    """
    files = sorted(folder.glob("*.yaml"), key=lambda path: path.name) if folder.is_dir() else []
    if not files:
        advice = "name the folder that holds `_pack.yaml` and the rules"
        raise SettingsError(f"`{folder.as_posix()}` is no pack: no YAML files are in it", help=advice)
    found = sha256()
    for path in files:
        content = path.read_bytes()
        found.update(f"{path.name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        found.update(content)
    return found.hexdigest()
