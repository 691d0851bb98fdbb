"""Git repositories that tests make, and the environment in which tools see them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.pages import ROOT

EXAMPLES = ROOT / "examples"
CLEAN = (EXAMPLES / "clean-open-weight" / "deployment.yaml").read_text(encoding="utf-8")
LEAKING = (EXAMPLES / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
# Kubernetes calls its files so, too; ours must leave it alone.
FOREIGN = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
_NAME = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
_OURS = {"NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV", "PYTHONPATH"}
_IGNORED = shutil.ignore_patterns("__pycache__")


def tool(name: str) -> str | None:
    """A program beside the interpreter that runs the tests, or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else shutil.which(name)


def environment(**more: str) -> dict[str, str]:
    """The environment of tools: no settings of a git that may have started the tests, no paths of this checkout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "FEDPOLICY_"))}
    bare = {key: value for key, value in kept.items() if key not in _OURS}
    committer = {key.replace("AUTHOR", "COMMITTER"): value for key, value in _NAME.items()}
    # An environment that a test makes is used once or twice: what it loads is compiled then, and nothing else.
    return (
        bare
        | _NAME
        | committer
        | {"PIP_NO_COMPILE": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        | more
    )


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder; what it writes to both streams is in `stdout`."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed."""
    done = run(folder, "git", *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> Path:
    """Make a git repository with one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, files)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Begin", "--no-verify")
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files, with the folders they need."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def copy_of_ourselves(folder: Path) -> Path:
    """What this repository would be at a tag: everything that an installation or an action needs."""
    for name in ("fedpolicy", "policies", "schemas", "action", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=_IGNORED)
    names = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "action.yml")
    for path in (*(ROOT / name for name in names), *ROOT.glob("*.py")):
        shutil.copy(path, folder / path.name)
    return folder
