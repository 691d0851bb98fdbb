"""
Which files of a folder are deployments: walk it, leave out what is excluded or ignored, look at what is left.

Here is how folders are searched, and what a search leaves out; whoever names files needs no more than this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from fedpolicy.records import dataclass

__all__ = ["EXCLUDED", "HIDDEN", "IGNORED", "INSTALLED", "LINK", "Search", "Skipped", "skipped_words"]
EXCLUDED = "excluded"
HIDDEN = "hidden"
IGNORED = "ignored by git"
INSTALLED = "installed packages"
LINK = "a link out of the searched folder"
_COUNTED = {
    HIDDEN: ("hidden folder", "hidden folders"),
    INSTALLED: ("folder of installed packages", "folders of installed packages"),
    IGNORED: ("entry that git ignores", "entries that git ignores"),
    EXCLUDED: ("excluded deployment", "excluded deployments"),
    LINK: ("link that leads out", "links that lead out"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A folder or file that a search left out with everything in it."""

    path: str
    why: str

    @property
    def excluded(self) -> bool:
        """Whether it is a deployment that a pattern of the settings excludes."""
        return self.why == EXCLUDED


def skipped_words(skipped: Iterable[Skipped]) -> str:
    """How much was left out for which reason, in words; empty where nothing was."""
    counts = Counter(one.why for one in skipped)
    said = [f"{counts[why]:,} {words[counts[why] > 1]}" for why, words in _COUNTED.items() if counts[why]]
    return ", ".join(said)


def _quiet(_: object) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    How folders are searched.

    `exclude` are patterns of paths below a searched folder, as in `.gitignore`; `gitignore` leaves out what git
    ignores; `note` is told, once a repository, where git gives no answer; `skip` is told what is left out.
    """

    exclude: Sequence[str] = ()
    gitignore: bool = True
    note: Callable[[str], None] = _quiet
    skip: Callable[[Skipped], None] = _quiet
