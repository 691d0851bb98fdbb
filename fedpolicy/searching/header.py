"""Whether a file that a search comes across is one of ours: by its name, else by its top-level key."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

__all__ = ["MOST_BYTES", "has_name", "is_deployment", "looks_like", "may_have_key"]

MOST_BYTES = 64 * 1024 * 1024
_NAMED = re.compile(r"^(?:fedpolicy|.+\.fedpolicy)\.(?:yaml|yml)$|^.+\.fedpolicy\.json$")
_YAML = (".yaml", ".yml")
_WORD = b"fedpolicy"
_KEY = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:fedpolicy|"fedpolicy"|'fedpolicy')[ \t]*:(?:\s|$)""", re.MULTILINE)


def has_name(name: str) -> bool:
    """Whether the name alone says so."""
    return _NAMED.match(name) is not None


def may_have_key(name: str) -> bool:
    """Whether it is worth looking into a file of this name."""
    return name.endswith(_YAML) and not name.startswith(".")


def is_deployment(path: str, text: bytes) -> bool:
    """Whether a file with this path and text is one of ours."""
    name = PurePath(path).name
    return has_name(name) or (may_have_key(name) and _has_key(text))


def looks_like(path: str, name: str) -> bool:
    """The same for a file on the disk, of which no more is read than a deployment may have."""
    if has_name(name):
        return True
    if not may_have_key(name):
        return False
    try:
        with Path(path).open("rb") as handle:
            return _has_key(handle.read(MOST_BYTES))
    except OSError:
        return False


def _has_key(text: bytes) -> bool:
    # Most YAML of a repository is not ours: to look for the word takes a tenth of the time that the expression takes.
    return _WORD in text and _KEY.search(text) is not None
