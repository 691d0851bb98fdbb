"""Files as a git revision has them: `main:deployments/` or `HEAD~1:fedpolicy.yaml`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from threading import Timer
from typing import IO, cast

from fedpolicy.cli.inputs import input_bytes
from fedpolicy.cli.inputs import named as given
from fedpolicy.errors import InputError
from fedpolicy.files import MOST_BYTES
from fedpolicy.records import dataclass, replace
from fedpolicy.repository import PATIENCE, Repository, repository_of
from fedpolicy.sources import Search, Source, find, read
from fedpolicy.sources.header import is_deployment
from fedpolicy.sources.walk import worth_reading

_NAMED = re.compile(r"^(?P<revision>[^:]+):(?P<path>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit of the repository that we are in, by the name that the user gave it."""

    name: str
    commit: str
    repository: Repository

    def names(self, path: str | Path) -> list[str]:
        """
        The files at a path from here and below it, as git names them, from the root of the repository.

        Submodules are none. Raises InputError where this clone does not hold all of the revision.
        """
        wanted = self.inside(path)
        if wanted is None:
            return []
        below = () if wanted == "." else ("--", wanted)
        listed = self.repository.output(
            "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", self.commit, *below
        )
        if listed is None:
            raise self._incomplete("folders")
        found = (one.partition("\t") for one in os.fsdecode(listed).split("\0") if one)
        return sorted(name for about, _, name in found if about.split(" ")[1] == "blob")

    def texts(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """
        The files by git's names, by one process for all; links that lead nowhere are left out.

        Raises InputError where this clone does not hold a file: it is never fetched.
        """
        names = [name for name in names if "\n" not in name]  # it asks line by line
        if not names:
            return
        with self.repository.talk("cat-file", "--batch", "--follow-symlinks") as git:
            asks, answers = cast("IO[bytes]", git.stdin), cast("IO[bytes]", git.stdout)
            late = Timer(PATIENCE, git.kill)
            late.start()
            try:
                for name in names:
                    asks.write(os.fsencode(f"{self.commit}:{name}\n"))
                    asks.flush()
                    kind, text = _answer(answers)
                    if kind == b"missing":
                        raise self._incomplete(f"`{name}`")
                    if kind == b"blob":
                        yield name, text
            finally:
                late.cancel()
                git.kill()

    def file(self, path: str | Path) -> Source | None:
        """One file by its path from here; None where the revision has none. Raises as `texts` does."""
        wanted = self.inside(path)
        there = [name for name in self.names(path) if name == wanted]
        found = next(self.texts(there), None)
        return None if found is None else self.source(*found)

    def source(self, name: str, text: bytes) -> Source:
        """A file of the revision as something to check."""
        shown = f"{self.name}:{name}"
        if len(text) <= MOST_BYTES:
            return Source(name=shown, text=text, inside=name)
        return Source(name=shown, error=InputError(f"`{shown}` is larger than 64 MiB", help="split it"))

    def inside(self, path: str | Path) -> str | None:
        """
        The path as git counts it; None outside of the repository.

        Links are not resolved: where they lead is for the revision to say, not for what lies here now.
        """
        found = PurePath(os.path.relpath(path, self.repository.root)).as_posix()
        return None if found.split("/")[0] == os.pardir else found

    def _incomplete(self, what: str) -> InputError:
        message = f"this clone lacks {what} of the revision `{self.name}`"
        return InputError(message, help="clone all of it: without `--filter`, and deep enough (`fetch-depth: 0`)")


def sources_of(named: str, search: Search) -> list[Source]:
    """
    Read a file, a folder, or either of them at a git revision (`REV:path`).

    Raises InputError where the revision is not there, or has no such path.
    """
    found = _parted(named)
    return list(_searched(*found, search) if found else find([given(named)], input_bytes, search))


def revision_in(named: str) -> Revision | None:
    """The revision that a path names, as `main:deployments` does. Raises InputError where it is neither."""
    found = _parted(named)
    return found[0] if found else None


def _parted(named: str) -> tuple[Revision, str] | None:
    """A revision and a path; None for what lies here. Raises InputError where it is neither."""
    found = _NAMED.match(named)
    if found is None:
        return None
    try:
        return revision_of(found["revision"]), found["path"] or "."
    except InputError:
        # A file may have a colon in its name. Where git knows the revision, no such file may stand in for it.
        if os.path.lexists(named):
            return None
        raise


def revision_of(name: str) -> Revision:
    """A revision of the repository that we are in. Raises InputError where it is not there."""
    repository = repository_of(".")
    if repository is None:
        raise InputError(f"git knows no revision `{name}` here", help="this folder is in no git repository")
    return Revision(name=name, commit=repository.commit(name), repository=repository)


def overlooked(old: str, before: Iterable[Source], new: str, after: Iterable[Source]) -> Iterator[Source]:
    """
    Files that a search of the old folder has found and that one of the new folder has not, though they are there.

    A few characters make a search pass over a file; that does not make the file gone.
    """
    were, are = _parted(old), _parted(new)
    found = {_within(new, are, source) for source in after}
    for inside in (_within(old, were, source) for source in before if not source.error):
        if not inside or inside in found:
            continue
        if are:
            with suppress(InputError):
                yield from _searched(are[0], f"{are[1]}/{inside}", Search())
        else:
            there = Path(new, inside)
            yield from (read(str(there)),) if there.is_file() and not there.is_symlink() else ()


def _within(named: str, parted: tuple[Revision, str] | None, source: Source) -> str:
    """The path of a source inside the folder that was searched; empty where it was named itself."""
    if parted is None:
        return Path(os.path.relpath(source.name, named)).as_posix() if Path(named).is_dir() else ""
    revision, path = parted
    name = source.name.removeprefix(f"{revision.name}:")
    wanted = revision.inside(path) or "."
    return name if wanted == "." else name[len(wanted) + 1 :]


def file_at(revision: str, path: str | Path) -> Source | None:
    """
    Read one file as a revision has it; None where it has none.

    Raises InputError where the revision is not there.
    """
    return revision_of(revision).file(path)


def absent(path: str, revision: str) -> InputError:
    """Why nothing comes from there."""
    return InputError(f"`{path}` is not in the revision `{revision}`", help="check the path, as it was then")


def _searched(revision: Revision, path: str, search: Search) -> Iterator[Source]:
    names = revision.names(path)
    if not names:
        raise absent(path, revision.name)
    wanted = revision.inside(path) or "."
    single = names == [wanted]
    start = 0 if wanted == "." else len(wanted) + 1
    searched = names if single else [name for name in names if worth_reading(name[start:], search)]
    for name, text in revision.texts(searched):
        if single or is_deployment(name, text):
            yield replace(revision.source(name, text), found=not single)


def _answer(answers: IO[bytes]) -> tuple[bytes, bytes]:
    """What kind of thing git has found, and its text, of which no more is kept than a deployment may have."""
    *_, kind, size = (b"", b"", *answers.readline().split())
    if not size.isdigit():  # or nothing at all: git ends where it would have to fetch
        return b"missing", b""
    left = int(size) + 1  # a line break follows
    text = answers.read(min(left, MOST_BYTES + 2))
    left -= len(text)
    while left and (more := answers.read(min(left, MOST_BYTES))):
        left -= len(more)
    return kind, text[: int(size)]
