"""
What git leaves out of a folder: untracked files that `.gitignore` files or `.git/info/exclude` name.

Git itself is asked, so the answer is git's own, and a file that is tracked is never left out: a change cannot hide a
deployment by adding it to `.gitignore`. The user's global list is not read, so that everybody gets the same answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from subprocess import CompletedProcess

__all__ = ["NOTHING", "Ignored", "ignored_in"]

_LIST = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
_SETTINGS = ("-c", "core.excludesFile=", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Paths below a folder, those of folders with a slash at the end; `why` says why git gave no answer."""

    paths: frozenset[str] = frozenset()
    why: str = ""

    def file(self, path: str) -> bool:
        """Whether a file is left out."""
        return path in self.paths

    def folder(self, path: str) -> bool:
        """Whether a folder is left out with everything in it."""
        return f"{path}/" in self.paths


NOTHING = Ignored()


def ignored_in(folder: str) -> Ignored:
    """Ask git about a folder. Outside of a repository, and in a folder that is itself ignored, nothing is left out."""
    root = _root(Path(os.path.realpath(folder)))
    if root is None:
        return NOTHING
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
        if top.returncode:
            return Ignored(why=_reason(top.stderr))
        if os.path.realpath(os.fsdecode(top.stdout.rstrip(b"\r\n"))) != str(root):
            return Ignored(why="git takes another folder for the repository")
        listed = _git(folder, *_LIST)
    except OSError as error:
        return Ignored(why=f"git cannot be run: {error.strerror}")
    # A folder that is itself ignored is searched because it was named; git fails there, or names the folder itself.
    paths = frozenset(_names(listed.stdout)) if listed.returncode == 0 else frozenset[str]()
    return NOTHING if "./" in paths else Ignored(paths=paths)


def _root(folder: Path) -> Path | None:
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _git(folder: str, *arguments: str) -> CompletedProcess[bytes]:
    import subprocess  # noqa: PLC0415  most runs search no repository

    command = ["git", "-C", folder, *_SETTINGS, *arguments]
    return subprocess.run(command, capture_output=True, check=False)  # noqa: S603  arguments only


def _reason(said: bytes) -> str:
    first = said.decode("utf-8", "replace").strip().partition("\n")[0]
    return first.removeprefix("fatal: ") or "git gives no reason"


def _names(output: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in output.split(b"\0") if name)
