"""What a pack says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedpolicy.errors import Problems, SettingsError
from fedpolicy.files import content
from fedpolicy.findings import Reference
from fedpolicy.policy.load import PACK_FILE, shipped_packs
from fedpolicy.policy.rulefile import PACK
from fedpolicy.policy.sheet import read_sheet
from fedpolicy.resources import policies_dir

__all__ = ["Pack", "read_pack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack's own file; what it leaves out is empty."""

    name: str
    title: str
    version: str = ""
    about: str = ""
    scope: str = ""
    not_covered: str = ""
    references: tuple[Reference, ...] = ()


def read_pack(name: str | Path) -> Pack:
    """Read what a shipped pack, or the one in a folder, says of itself. Raises Problems."""
    shipped = str(name) in shipped_packs()
    path = (policies_dir() / str(name) if shipped else Path(name)) / PACK_FILE
    if not path.is_file():
        error = SettingsError(f"`{Path(name).as_posix()}` has no `{PACK_FILE}`", help="docs/writing-rules.md shows one")
        raise Problems([error])
    shown = f"policies/{name}/{PACK_FILE}" if shipped else path.as_posix()
    tree: Any = read_sheet(content(path), shown, PACK).tree
    return Pack(
        name=tree["pack"],
        title=tree["title"],
        version=tree.get("version", ""),
        **{key: _prose(tree.get(key, "")) for key in ("about", "scope", "not_covered")},
        references=tuple(Reference(**reference) for reference in tree.get("references", ())),
    )


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))
