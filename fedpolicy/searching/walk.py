"""
Walk a folder and find what looks like a deployment, in the same order everywhere.

Links to folders are not followed, so that a loop of links cannot trap us, and only plain files are opened, so that a
pipe cannot either. Of a file that cannot be ours, not even the size is asked for.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from fedpolicy.records import dataclass
from fedpolicy.searching.header import has_name, looks_like, may_have_key
from fedpolicy.searching.ignored import NOTHING, Ignored, ignored_in

__all__ = ["Search", "Unreadable", "walk", "worth_reading"]

Excluded = Callable[[str], bool]
_INSTALLED = {"node_modules", "__pycache__"}


def _quiet(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    How folders are searched.

    `exclude` are patterns of paths below a searched folder, as in `.gitignore`; `gitignore` leaves out what git
    ignores; `note` is told, once a repository, where git gives no answer.
    """

    exclude: Sequence[str] = ()
    gitignore: bool = True
    note: Callable[[str], None] = _quiet


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that could not be listed, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class _Folder:
    """`below` is its path below the searched folder, `inside` that below the folder that git was asked about."""

    path: str
    below: str
    inside: str
    ignored: Ignored


def worth_reading(path: str, search: Search) -> bool:
    """Whether a walk would look into a file at this path below the searched folder, as far as names say."""
    *folders, name = path.split("/")
    if any(map(_skipped_name, folders)) or not (has_name(name) or may_have_key(name)):
        return False
    excluded = _excluder(tuple(search.exclude))
    parts = [*folders, name]
    return not any(excluded("/".join(parts[: end + 1])) for end in range(len(parts)))


def walk(start: str, search: Search) -> Iterator[str | Unreadable]:
    """Paths of files that look like deployments, then the folders that could not be read."""
    excluded = _excluder(tuple(search.exclude))
    unreadable: list[Unreadable] = []
    waiting = [_Folder(start, "", "", _asked(start, search))]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here.path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            unreadable.append(Unreadable(here.path, error.strerror or str(error)))
            continue
        if here.below and any(entry.name == ".git" for entry in found):
            here = _Folder(here.path, here.below, "", _asked(here.path, search))
        folders = []
        for entry in found:
            if _is_folder(entry):
                folders.append(entry)
            elif _wanted(entry, here, excluded):
                yield entry.path
        waiting += reversed(list(_below(folders, here, excluded)))
    yield from unreadable


def _asked(folder: str, search: Search) -> Ignored:
    if not search.gitignore:
        return NOTHING
    found = ignored_in(folder)
    if found.why:
        search.note(f"nothing is left out of `{folder}` for being ignored by git: {found.why}")
    return found


def _wanted(entry: os.DirEntry[str], here: _Folder, excluded: Excluded) -> bool:
    name = entry.name
    if not (has_name(name) or may_have_key(name)) or here.ignored.file(here.inside + name):
        return False
    return not excluded(here.below + name) and _is_plain(entry) and looks_like(entry.path, name)


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


def _below(folders: Sequence[os.DirEntry[str]], here: _Folder, excluded: Excluded) -> Iterator[_Folder]:
    for entry in folders:
        below, inside = here.below + entry.name, here.inside + entry.name
        if not (_skipped(entry) or here.ignored.folder(inside) or excluded(below)):
            yield _Folder(entry.path, f"{below}/", f"{inside}/", here.ignored)


def _skipped(entry: os.DirEntry[str]) -> bool:
    return _skipped_name(entry.name) or entry.is_symlink() or os.path.lexists(f"{entry.path}/pyvenv.cfg")


def _skipped_name(name: str) -> bool:
    return name.startswith(".") or name in _INSTALLED


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
