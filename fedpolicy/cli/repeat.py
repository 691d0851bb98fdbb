"""`fedpolicy check --watch`: the same check again whenever a file changes that it may depend on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fedpolicy.cli.errors import guard
from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import SettingsError

__all__ = ["repeated", "state_of"]

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
