"""
What git says of a folder: which files it tracks there, and which untracked ones it ignores.

Git itself is asked, so the answer is git's own. What it tracks may never be left out of a search: a change cannot hide
a deployment by adding it to `.gitignore`, nor by making its folder look like something else. The user's global list is
not read, so that everybody gets the same answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath

from fedpolicy.errors import InputError
from fedpolicy.records import dataclass
from fedpolicy.repository import Repository, repository_of
from fedpolicy.sources.header import DEPLOYMENTS, Look

_IGNORED = ("--others", "--ignored", "--exclude-standard", "--directory")
_SUBMODULE = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """
    Paths below a folder, those of ignored folders with a slash at the end.

    `tracked` are files that may be looked for, `folders` those that hold one of them, or a submodule. `why` says
    why git gave no answer.
    """

    ignored: frozenset[str] = frozenset()
    tracked: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    why: str = ""

    def ignores(self, path: str, *, folder: bool = False) -> bool:
        """Whether git ignores a file, or a folder with everything in it."""
        return (f"{path}/" if folder else path) in self.ignored

    def tracks(self, path: str, *, folder: bool = False) -> bool:
        """Whether git tracks a file that may be looked for, or such a file below a folder; unknown counts as yes."""
        return bool(self.why) or path in (self.folders if folder else self.tracked)


NOTHING = Listing()


def listing_of(folder: str, look: Look = DEPLOYMENTS, *, ignored: bool = True) -> Listing:
    """Ask git about a folder. Outside of a repository, nothing is tracked and nothing ignored."""
    try:
        repository = repository_of(folder)
        if repository is None:
            return NOTHING
        # Git fails in a folder below one that is ignored, or names the folder itself: it is searched, as it was named.
        left_out = _names(repository, folder, *_IGNORED, must=False) if ignored else []
        tracked = [name for name in _names(repository, folder, "--", *look.patterns) if look.worth(name)]
        modules = list(_submodules(repository, folder))
    except InputError as error:
        return Listing(why=error.message)
    return Listing(
        ignored=frozenset() if "./" in left_out else frozenset(left_out),
        tracked=frozenset(tracked),
        folders=frozenset(above for name in (*tracked, *modules) for above in _above(name)) | frozenset(modules),
    )


def _submodules(repository: Repository, folder: str) -> Iterator[str]:
    """Folders that other repositories are checked out into; asked only where there may be some."""
    if (repository.root / ".gitmodules").is_file():
        for entry in _names(repository, folder, "--stage"):
            about, _, name = entry.partition("\t")
            if about.startswith(_SUBMODULE):
                yield name


def _names(repository: Repository, folder: str, *arguments: str, must: bool = True) -> list[str]:
    listed = repository.output("ls-files", "-z", *arguments, folder=folder)
    if listed is None and must:
        raise InputError("git cannot list what it tracks", help="`git status` may say why")
    return [name for name in os.fsdecode(listed or b"").split("\0") if name]


def _above(name: str) -> Iterator[str]:
    return (above.as_posix() for above in PurePath(name).parents[:-1])
