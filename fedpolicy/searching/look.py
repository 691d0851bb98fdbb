"""What a search is for: deployments, unless somebody looks for other files."""

from __future__ import annotations

from collections.abc import Callable

from fedpolicy.records import dataclass
from fedpolicy.searching.header import has_name, looks_like, may_be_ours

__all__ = ["DEPLOYMENTS", "Look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How files are told from others, the cheapest question first.

    `worth` asks whether a name is worth opening the file, `named` whether the name alone promises what is looked for,
    `found` whether path and name hold it. `patterns` are the same for git.
    """

    worth: Callable[[str], bool]
    named: Callable[[str], bool]
    found: Callable[[str, str], bool]
    patterns: tuple[str, ...]


DEPLOYMENTS = Look(
    worth=may_be_ours,
    named=has_name,
    found=looks_like,
    patterns=tuple(f":(icase,glob)**/*.{ending}" for ending in ("yaml", "yml", "json")),
)
