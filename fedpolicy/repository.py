"""
Git, asked in one way, by the one module that starts it.

A repository is material under test: its settings may name commands, its objects may ask to be fetched, and a folder may
look like a repository of its own. So git is told which repository it is about, reads no settings but that repository's,
may use no protocol, and runs no hook, monitor, pager or filter; docs/decisions/0024 says what each of these is for.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.errors import InputError
from fedpolicy.files import root_of
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import CompletedProcess, Popen

PATIENCE = 120.0  # seconds for one answer
_ALWAYS = {
    "safe.bareRepository": "explicit",
    "protocol.allow": "never",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.excludesFile": "",
    "core.attributesFile": "",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.quotePath": "false",
    "core.warnAmbiguousRefs": "true",
    "credential.helper": "",
    "diff.external": "",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}
_SETTINGS = tuple(part for name, value in _ALWAYS.items() for part in ("-c", f"{name}={value}"))
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "",  # before git 2.44, this is what stops a lazy fetch
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ATTR_NOSYSTEM": "1",
}
_NOBODYS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_AMBIGUOUS = re.compile(r"refname '[^']*' is ambiguous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository by the folder that holds its `.git`."""

    root: Path

    def output(self, *arguments: str, folder: str | Path | None = None) -> bytes | None:
        """What git prints, run in a folder of the work tree; None where it refuses. Raises InputError without git."""
        done = _run([*self._start(folder), *arguments], _NOBODYS)
        return done.stdout if done.returncode == 0 else None

    def commit(self, revision: str) -> str:
        """The commit that a revision names. Raises InputError where there is none, or more than one."""
        done = None
        if not revision.startswith("-"):
            done = _run([*self._start(), "rev-parse", "--verify", f"{revision}^{{commit}}"], _NOBODYS)
        if done is None or done.returncode:
            advice = "name a branch, a tag or a commit of this git repository (a shallow clone may lack it)"
            raise InputError(f"git knows no revision `{revision}` here", help=advice)
        if _AMBIGUOUS.search(done.stderr.decode("utf-8", "replace")):
            advice = "name the commit, or write all of the name, as refs/remotes/origin/main"
            raise InputError(f"`{revision}` is the name of more than one revision", help=advice)
        return done.stdout.decode("ascii").strip()

    def talk(self, *arguments: str) -> Popen[bytes]:
        """Start git for questions on its input and answers on its output; whoever asks ends it."""
        from subprocess import DEVNULL, PIPE, Popen  # noqa: PLC0415  most runs need no git

        command = [_git(), *_SETTINGS, *self._start(), *arguments]
        return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment(_NOBODYS))  # noqa: S603

    def _start(self, folder: str | Path | None = None) -> list[str]:
        named = [f"--git-dir={self.root / '.git'}", f"--work-tree={self.root}"]
        return ["-C", os.path.realpath(folder or self.root), *named, "--no-pager"]


def repository_of(folder: str | Path) -> Repository | None:
    """
    The repository that a folder lies in: that of the nearest `.git`, whatever else looks like one.

    Raises InputError where git cannot be run or refuses, as it does where the files belong to another user.
    """
    root = root_of(folder)
    if root is None:
        return None
    # Whom to trust is for git to say, by the settings of the machine and of the user; a repository that is named with
    # --git-dir would be trusted unasked. Above the root, git must not look.
    ask = ["-C", str(root), "rev-parse", "--git-dir"]
    done = _run(ask, {"GIT_CEILING_DIRECTORIES": str(root.parent), "HOME": os.path.expanduser("~")})  # noqa: PTH111
    if done.returncode:
        raise _refused(done.stderr.decode("utf-8", "replace"), root)
    if done.stdout.strip() == b".":
        raise InputError("git takes another folder for the repository", help="look at `.git`")
    return Repository(root=root)


def _refused(said: str, root: Path) -> InputError:
    reason = said.strip().partition("\n")[0].removeprefix("fatal: ") or "git gives no reason"
    if "dubious ownership" not in reason:
        return InputError(f"git refuses: {reason}", help="`git status` may say more")
    advice = f"if you trust it: git config --global --add safe.directory '{root}'"
    return InputError("git refuses: the repository belongs to another user", help=advice)


def _run(arguments: Sequence[str], more: Mapping[str, str]) -> CompletedProcess[bytes]:
    import subprocess  # noqa: PLC0415  most runs need no git

    command = [_git(), *_SETTINGS, *arguments]
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": PATIENCE}
    try:
        return subprocess.run(command, check=False, env=_environment(more), **options)  # noqa: S603  arguments only
    except OSError as error:
        raise InputError(f"git cannot be run: {error.strerror}", help="install git") from error
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"git gives no answer in {PATIENCE:.0f} seconds", help="see whether `git status` does"
        ) from error


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """All that git gets to know of ours: nothing that whoever calls us has set about git reaches it."""
    found = {**_ENVIRONMENT, "PATH": os.pathsep.join(_folders()), **more}
    if os.name == "nt":
        found["SYSTEMROOT"] = os.path.expandvars("$SYSTEMROOT")  # without it, no program starts there
    return found


def _git() -> str:
    """Git's own path. Raises InputError without one; a relative entry of the search path would mean the repository."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in _folders():
        path = os.path.join(folder, name)  # noqa: PTH118  as the search path has it
        if os.access(path, os.X_OK):
            return path
    raise InputError("git cannot be run: it is not installed", help="install git")


def _folders() -> list[str]:
    return [folder for folder in os.get_exec_path() if os.path.isabs(folder)]  # noqa: PTH117  as above
