"""
Walk a folder and find what looks like a deployment, in the same order everywhere.

What git tracks is never left out by what a folder is called or looks like. Links to folders are not followed, so that
a loop of links cannot trap us, nor links to files elsewhere, so that nobody's files are read for somebody who cannot
read them. Only plain files are opened. Of a file that cannot be ours, not even the size is asked for.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from fedpolicy.records import dataclass, replace
from fedpolicy.sources import EXCLUDED, HIDDEN, IGNORED, INSTALLED, LINK, Search, Skipped
from fedpolicy.sources.header import DEPLOYMENTS, Look, may_be_ours
from fedpolicy.sources.listing import Listing, listing_of

Excluded = Callable[[str], bool]
_COMPILED = "__pycache__"
_INSTALLED = {"node_modules", _COMPILED}
_PYTHONS = ("bin/python", "Scripts/python.exe")
_GIT = ".git"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that could not be searched: what is wrong with it, and what to do."""

    path: str
    why: str
    link: bool = False


@dataclass(frozen=True, slots=True)
class _View:
    """What one repository says; its paths begin after `start` characters of those below the searched folder."""

    listing: Listing
    start: int


@dataclass(frozen=True, slots=True)
class _Folder:
    """
    One folder to look into; `below` is its path below the searched one, with a slash at the end.

    `views` are those of the repositories around it, the innermost last. `why` says why all but what git tracks is left
    out, `excluded` that everything is, and only counted.
    """

    path: str
    below: str = ""
    views: tuple[_View, ...] = ()
    why: str = ""
    excluded: bool = False

    def tracks(self, path: str, *, folder: bool = False) -> bool:
        return any(view.listing.tracks(path[view.start :], folder=folder) for view in self.views)

    def ignores(self, path: str, *, folder: bool = False) -> bool:
        view = self.views[-1]
        return view.listing.ignores(path[view.start :], folder=folder) and not self.tracks(path, folder=folder)


def worth_reading(path: str, search: Search) -> bool:
    """Whether a walk would look into a tracked file at this path below the searched folder, as far as names say."""
    return may_be_ours(path) and not is_excluded(path, search)


def is_excluded(path: str, search: Search) -> bool:
    """Whether a file at this path below the searched folder is left out, or a folder above it."""
    excluded = _excluder(tuple(search.exclude))
    parts = path.split("/")
    return any(excluded("/".join(parts[: end + 1])) for end in range(len(parts)))


def walk(start: str, search: Search, look: Look = DEPLOYMENTS) -> Iterator[str | Unreadable]:
    """Paths of files that are looked for, then what could not be searched."""
    return _Walk(start, search, look).found()


@dataclass(slots=True, kw_only=True)
class _Place:
    """What a link may lead to."""

    root: str

    def holds(self, path: str) -> bool:
        try:
            inside = Path(os.path.relpath(os.path.realpath(path), self.root)).parts
        except ValueError:  # another drive
            return False
        return os.pardir not in inside and _GIT not in inside


class _Walk:
    """One search of one folder."""

    def __init__(self, start: str, search: Search, look: Look) -> None:
        self._start = start
        self._look = look
        self._search = search
        self._place = _Place(root=os.path.realpath(start))
        self._excluded = _excluder(tuple(search.exclude))
        self._unreadable: list[Unreadable] = []

    def found(self) -> Iterator[str | Unreadable]:
        waiting = [self._with_view(_Folder(self._start))]
        while waiting:
            here = waiting.pop()
            try:
                with os.scandir(here.path) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._unreadable.append(Unreadable(here.path, error.strerror or str(error)))
                continue
            if here.below and any(entry.name == _GIT for entry in listed):
                here = self._with_view(here)
            folders = []
            for entry in listed:
                if _is_folder(entry):
                    folders.append(entry)
                elif self._wanted(entry, here):
                    yield entry.path
            waiting += reversed([found for entry in folders if (found := self._below(entry, here))])
        yield from self._unreadable

    def _with_view(self, here: _Folder) -> _Folder:
        found = listing_of(here.path, self._look, ignored=self._search.gitignore)
        if found.why:
            self._search.note(f"nothing is left out of `{here.path}` for being ignored by git: {found.why}")
        return replace(here, views=(*here.views, _View(found, len(here.below))))

    def _wanted(self, entry: os.DirEntry[str], here: _Folder) -> bool:
        name, below = entry.name, here.below + entry.name
        if not self._look.worth(name):
            return False
        if (here.why or (name.startswith(".") and not self._look.named(name))) and not here.tracks(below):
            return False
        if here.ignores(below):
            return self._skip(entry, IGNORED)
        if entry.is_symlink() and not self._place.holds(entry.path):
            return self._leads_out(entry)
        if not (_is_plain(entry) and self._look.found(entry.path, name)):
            return False
        return not (here.excluded or self._excluded(below)) or self._skip(entry, EXCLUDED)

    def _leads_out(self, entry: os.DirEntry[str]) -> bool:
        # A name that says it is a deployment is a promise, and a file that goes unread in silence breaks it.
        if self._look.named(entry.name):
            self._unreadable.append(Unreadable(entry.path, "", link=True))
            return False
        return self._skip(entry, LINK)

    def _below(self, entry: os.DirEntry[str], here: _Folder) -> _Folder | None:
        below = here.below + entry.name
        if entry.is_symlink():
            if not self._place.holds(entry.path):
                self._skip(entry, LINK)
            return None
        if entry.name == _GIT:
            return None
        why = here.why or _why(entry)
        tracked = here.tracks(below, folder=True)
        if not tracked and (why or here.ignores(below, folder=True)):
            # What lies in a folder that is left out already is counted with it.
            if not here.why:
                self._skip(entry, why or IGNORED)
            return None
        return _Folder(entry.path, f"{below}/", here.views, why, here.excluded or self._excluded(below))

    def _skip(self, entry: os.DirEntry[str], why: str) -> bool:
        if entry.name != _COMPILED:  # nobody wants to hear of these
            self._search.skip(Skipped(path=entry.path, why=why))
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself, say


def _is_plain(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True  # a broken link, say; whoever reads it says so


def _why(entry: os.DirEntry[str]) -> str:
    """Why nobody looks into a folder for what people have written; empty where there is no reason."""
    if entry.name.startswith("."):
        return HIDDEN
    # The file alone is easily added to any folder; without a Python there is no environment.
    environment = os.path.lexists(f"{entry.path}/pyvenv.cfg") and any(
        os.path.lexists(f"{entry.path}/{python}") for python in _PYTHONS
    )
    return INSTALLED if environment or entry.name in _INSTALLED else ""


@cache
def _excluder(patterns: tuple[str, ...]) -> Excluded:
    """Whether a path below the searched folder is excluded, where no folder above it is."""
    compiled = tuple(map(_compiled, patterns))
    return lambda path: any(one.fullmatch(path) for one in compiled)


def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stays within a name, `**` crosses folders; a pattern without a slash is about a name at any depth."""
    wanted = pattern.strip("/")
    inside = wanted if "/" in wanted else f"**/{wanted}"
    expression = re.escape(inside).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "(?:/.*)?")
    return re.compile(expression.replace(r"\*", "[^/]*").replace(r"\?", "[^/]"))
