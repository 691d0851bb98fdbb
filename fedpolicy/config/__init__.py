"""
Settings that stand in a file: found here, read and checked in `load`. The command line has the last word.

Most runs have no such file and need nothing of what reads one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.files import content
from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.config.load import ConfigFile

NAMES = ("fedpolicy.toml", "pyproject.toml")
_TABLE = ("tool", "fedpolicy")
_OUR_TABLE = rb"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?fedpolicy\b"
# Whatever begins our table in TOML, without spaces and quotes; or letters of a key may be spelt with escapes.
_MAY_BE_OURS = (b"tool.fedpolicy", b"[tool]", b"tool=", b"\\x", b"\\u", b"\\U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    A configuration that was read: its file as users see it (None: there is none), and where its paths start.

    `revision` is the git revision that the run trusts instead of what lies here.
    """

    name: str = ""
    revision: str = ""
    folder: Path = field(default_factory=Path)
    file: ConfigFile | None = None


def discover(start: Path) -> Path | None:
    """
    The configuration nearest to a folder: its own `fedpolicy.toml`, else a `pyproject.toml` with our table, else above.

    The search ends at the root of a git repository.
    """
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if _is_ours(path):
                return path
        if (folder / ".git").exists():
            return None
    return None


def own_table(tree: Mapping[str, Any]) -> Any:  # noqa: ANN401  what TOML gives
    """Our table of a `pyproject.toml`; None where there is none."""
    found: Any = tree
    for key in _TABLE:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def has_table(text: bytes) -> bool:
    """
    Whether a `pyproject.toml` has our table.

    One that is not TOML, or that Python's reader gives up on, has it if it seems to: somebody else's file must not stop
    us, and ours must not go unread.
    """
    plain = text.translate(None, b" \t\"'")
    if not any(word in plain for word in _MAY_BE_OURS):
        return False
    import tomllib  # noqa: PLC0415  only for a file that may have our table

    try:
        return own_table(tomllib.loads(text.decode("utf-8"))) is not None
    except (ValueError, RecursionError):  # also a number of thousands of digits, and nesting
        return re.search(_OUR_TABLE, text) is not None


def _is_ours(path: Path) -> bool:
    try:
        if path.name == NAMES[0]:  # a link that leads nowhere is told where it is read
            return lexists(path) and not path.is_dir()
        return path.exists() and has_table(content(path))
    except OSError:
        return False
