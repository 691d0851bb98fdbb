"""What changes: the files that a hook names, and those for which `fedpolicy check --watch` checks again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fedpolicy.cli.choices import Choices
from fedpolicy.cli.errors import guard
from fedpolicy.cli.terminal import chatter
from fedpolicy.config import NAMES, has_table
from fedpolicy.errors import SettingsError
from fedpolicy.files import MOST_BYTES, beginning
from fedpolicy.policy.load import shipped_packs
from fedpolicy.sources.header import looks_like


def of_changed(paths: Sequence[str], choices: Choices) -> list[str]:
    """
    The paths to check. None, where neither a deployment nor a setting is among what changed.

    A file that is gone from the disk was deleted: that is for `fedpolicy diff` to tell. A link to nothing is there, and
    so is what cannot be read: a check says so.
    """
    there = [path for path in paths if os.path.lexists(path)]
    judging = {os.path.realpath(path) for path in _judging(choices)}
    if any(_judges(path, judging) for path in there):
        from fedpolicy.sources.walk import walk  # noqa: PLC0415  a hook asks seldom

        return ["."] if next(walk(".", choices.search), None) is not None else []
    return [path for path in there if looks_like(path, Path(path).name)]


def _judging(choices: Choices) -> Iterator[str]:
    """Files and folders that settings name."""
    for name in ("waivers", "baseline"):
        if path := choices.origins[name][0]:
            yield str(path)
    shipped = set(shipped_packs())
    for name in ("packs", "catalogs"):
        yield from (one.path for one in choices.origins[name][0] if one.path not in shipped)


def _judges(path: str, judging: set[str]) -> bool:
    """Whether a file is a setting, or lies in a folder that is one."""
    from fedpolicy.policy.waivers import NAME  # noqa: PLC0415  a hook asks seldom

    name = Path(path).name
    if name in (NAMES[0], NAME):
        return True
    if name == NAMES[1]:
        return Path(path).is_file() and has_table(beginning(Path(path), MOST_BYTES))
    real = Path(os.path.realpath(path))
    return any(str(place) in judging for place in (real, *real.parents))


_PAUSE = 0.3  # seconds between two looks
_KINDS = (".yaml", ".yml", ".json", ".toml")
_NAMES = ("packs", "catalogs", "waivers", "baseline", "config", "sites")  # options that name files
State = Mapping[str, tuple[int, int]]


def repeated(check: Callable[[], int], paths: Sequence[str], outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    """
    Check, wait until something changes, and begin again; Ctrl-C ends it with the last exit code.

    Raises SettingsError where there is nothing that could change.
    """
    if "-" in paths:
        raise SettingsError("standard input cannot be watched", help="name a file or a folder")
    named = [str(one) for name in _NAMES for one in _several(options.get(name))]
    written = {os.path.realpath(one.partition(":")[2] or one) for one in outputs}
    while True:
        before = state_of([*(paths or ["."]), *named], written)
        code = guard(check, [])
        try:
            changed = _changed(before, lambda: state_of([*(paths or ["."]), *named], written))
        except KeyboardInterrupt:
            return code
        chatter(f"\n{'-' * 20} {', '.join(changed)}\n")


def _several(value: object) -> Sequence[object]:
    return [] if value is None else value if isinstance(value, (list, tuple)) else [value]


def state_of(paths: Sequence[str], written: set[str]) -> State:
    """When each file was changed, and its size: below the folders, beside the files, and beside where we are."""
    found = {}
    for path in {file for one in [*paths, "fedpolicy.toml"] for file in _files(one)}:
        if os.path.realpath(path) not in written:
            try:
                about = os.stat(path)  # noqa: PTH116  many files: no Path
            except OSError:  # it has gone between two looks
                continue
            found[path] = about.st_mtime_ns, about.st_size
    return found


def _files(path: str) -> Iterator[str]:
    if not Path(path).is_dir():
        parent = Path(path).parent
        yield from (str(one) for one in sorted(parent.glob("*")) if one.suffix in _KINDS)
        return
    for place, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        yield from (os.path.normpath(f"{place}/{name}") for name in names if name.endswith(_KINDS))


def _changed(before: State, now: Callable[[], State]) -> list[str]:
    """Wait for a change that has settled, so that no half of a file is read; the names of what changed."""
    last = before
    while True:
        time.sleep(_PAUSE)
        seen = now()
        if seen == last != before:
            return sorted(path for path in {*seen, *before} if seen.get(path) != before.get(path))
        last = seen
