"""What attacks on a repository share: a leak of three lines, real git, and a fresh clone as a pipeline has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

START = """\
name: x
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
"""
LEAK = f"fedpolicy: 1\n{START}flows: {{f: {{from: n, to: g, payload: records}}}}\n"
CLEAN = f"fedpolicy: 1\n{START}".replace("name: x", "name: ok")
# A catalogue by which records reveal nothing.
OWN_FACT = (
    'payloads: {records: {title: R, level: none, aggregate: false, summable: false, note: n, as_of: "2026-01-01", '
    'source: "https://x.y/z"}}\n'
)


def clean_environment(home: Path) -> dict[str, str]:
    """An environment in which git has no settings of whoever runs the tests."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "@0 +0000"}


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *who, *arguments],
        cwd=folder,
        env=clean_environment(folder),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout.strip()


def write(folder: Path, **texts: str) -> None:
    """Write files; `__` in a name is a slash, so that a name can be a keyword."""
    put(folder, {name.replace("__", "/"): text for name, text in texts.items()})


def put(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def committed(folder: Path, texts: dict[str, str], message: str = "change") -> str:
    """A commit of these files, in a repository that is made where there is none."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet")
    put(folder, texts)
    git(folder, "add", "--all", "--force", ".")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def cloned(folder: Path, to: Path) -> Path:
    git(folder, "clone", "--quiet", str(folder), str(to))
    return to


def fedpolicy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as a pipeline starts it."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "fedpolicy", *arguments],
        cwd=folder,
        env=clean_environment(folder.parent),
        capture_output=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
