"""
Holds the sources of the catalogue against the repositories that they name.

Does the commit have the file, and is the row as old as its oldest commit?

    python -m tools.sources CLONES     clones are CLONES/owner/name, with their history
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ROWS, Row
from fedpolicy.catalog.section import Section

_SOURCE = re.compile(r"https://github\.com/(?P<repo>[^/ ]+/[^/ ]+) @(?P<commit>[0-9a-f]+)(?: (?P<path>.+))?")


def main() -> None:
    """Write what does not hold, and which repositories were not looked at."""
    clones = Path(sys.argv[1])
    wrong: list[str] = []
    unseen: set[str] = set()
    catalog = load_catalog()
    for name in ROWS:
        section: Section[Row] = getattr(catalog, name)
        for row in section.values():
            wrong += [f"{name}.{row.id}: {said}" for said in _wrong(row, clones)]
            unseen |= {repo for repo, *_ in _named(row) if not (clones / repo).is_dir()}
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.write(f"{len(wrong)} sources do not hold; no clone of {', '.join(sorted(unseen)) or 'nothing else'}\n")
    sys.exit(1 if wrong else 0)


def _named(row: Row) -> Iterator[tuple[str, str, str]]:
    for source in row.source:
        if found := _SOURCE.fullmatch(source):
            yield found["repo"], found["commit"], found["path"] or ""


def _wrong(row: Row, clones: Path) -> Iterator[str]:
    for repo, commit, path in _named(row):
        clone = clones / repo
        if not clone.is_dir():
            continue
        day = _git(clone, "log", "-1", "--format=%cs", commit)
        if not day:
            yield f"{repo} has no commit {commit}"
        elif path and not _git(clone, "cat-file", "-t", f"{commit}:{path}"):
            yield f"{repo} @{commit} has no {path}"
        elif day < row.as_of:
            yield f"as_of {row.as_of} is later than {repo} @{commit} of {day}"


@cache
def _git(clone: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607  our own words
    return done.stdout.strip()


if __name__ == "__main__":
    main()
