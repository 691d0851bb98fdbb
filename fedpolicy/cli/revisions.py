"""Files as a git revision has them: `main:deployments/` or `HEAD~1:fedpolicy.yaml`."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from fedpolicy.cli.terminal import stdin_bytes
from fedpolicy.errors import InputError
from fedpolicy.searching.walk import worth_reading
from fedpolicy.sources import Search, Source, find, is_deployment, read

__all__ = ["file_at", "overlooked", "sources_of"]

_REVISION = re.compile(r"^(?P<revision>[^:]+):(?P<path>.*)$")


def sources_of(named: str, search: Search) -> list[Source]:
    """
    Read a file, a folder, or either of them at a git revision (`REV:path`).

    Raises InputError where the revision is not there, or has no such path.
    """
    found = _REVISION.match(named)
    if found is None or Path(named).exists():
        return list(find([named], stdin_bytes, search))
    return list(_at_revision(found["revision"], found["path"] or ".", search))


def overlooked(old: str, before: Iterable[Source], new: str, after: Iterable[Source]) -> Iterator[Source]:
    """
    Files that a search of the old folder has found and that one of the new folder has not, though they are there.

    A few characters make a search pass over a file; that does not make the file gone.
    """
    found = {_within(new, source) for source in after}
    for inside in (_within(old, source) for source in before if not source.error):
        if inside and inside not in found:
            there = f"{new.rstrip('/')}/{inside}"
            if _REVISION.match(new) is None or Path(new).exists():
                yield from (read(str(Path(there))),) if Path(there).is_file() else ()
            else:
                with suppress(InputError):
                    yield from sources_of(there, Search())


def _within(named: str, source: Source) -> str:
    """The path of a source inside the folder that was searched; empty where it was named itself."""
    match = _REVISION.match(named)
    if match is None or Path(named).exists():
        return Path(os.path.relpath(source.name, named)).as_posix() if Path(named).is_dir() else ""
    wanted = _in_repository(match["path"] or ".")
    path = source.name.removeprefix(f"{match['revision']}:")
    return path if wanted == "." else path[len(wanted) + 1 :]


def file_at(revision: str, path: str | Path) -> Source | None:
    """
    Read one file as a revision has it; None where it has none.

    Raises InputError where the revision is not there.
    """
    _must_exist(revision)
    name = _in_repository(Path(os.path.relpath(path)).as_posix())
    text = _git("cat-file", "blob", f"{revision}:{name}")
    return None if text is None else Source(name=f"{revision}:{name}", text=text)


def _must_exist(revision: str) -> None:
    if revision.startswith("-") or _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is None:
        advice = "name a branch, a tag or a commit of this git repository (a shallow clone may lack it)"
        raise InputError(f"git knows no revision `{revision}` here", help=advice)


def _in_repository(path: str) -> str:
    """A path from here as git counts it, from the root of the repository."""
    prefix = (_git("rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    return _normal(prefix + path)


def _at_revision(revision: str, path: str, search: Search) -> Iterator[Source]:
    _must_exist(revision)
    wanted = _in_repository(path)
    below = () if wanted == "." else ("--", wanted)
    listed = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", revision, *below) or b""
    names = sorted(name for name in os.fsdecode(listed).split("\0") if name)
    if not names:
        raise InputError(f"`{path}` is not in the revision `{revision}`", help="check the path, as it was then")
    single = names == [wanted]
    start = 0 if wanted == "." else len(wanted) + 1
    searched = names if single else [name for name in names if worth_reading(name[start:], search)]
    for name, text in _texts(revision, searched):
        if single or is_deployment(name, text):
            yield Source(name=f"{revision}:{name}", text=text)


def _texts(revision: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The files as a revision has them, by one process for all; what is no file, such as a submodule, is left out."""
    if not names:
        return
    with subprocess.Popen(["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:  # noqa: S607
        asks, answers = cast("IO[bytes]", git.stdin), cast("IO[bytes]", git.stdout)
        for name in names:
            if "\n" in name:
                continue  # it asks line by line
            asks.write(os.fsencode(f"{revision}:{name}\n"))
            asks.flush()
            kind, _, size = answers.readline().partition(b" ")[2].rstrip().partition(b" ")
            if size.isdigit():
                text = answers.read(int(size) + 1)[:-1]
                if kind == b"blob":
                    yield name, text


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."


def _git(*arguments: str) -> bytes | None:
    """What git prints, or None where it refuses. Raises InputError where there is no git."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S603, S607  arguments only
    except OSError as error:
        raise InputError("git cannot be run", help="install git, or compare files") from error
    return done.stdout if done.returncode == 0 else None
