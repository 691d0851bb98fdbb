"""What a hook has to check: the deployments that a commit changes; or all, where it changes what judges them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from fedpolicy.cli.choices import Choices
from fedpolicy.config import NAMES, has_table
from fedpolicy.files import beginning
from fedpolicy.policy.load import shipped_packs
from fedpolicy.searching.header import MOST_BYTES, looks_like

__all__ = ["of_changed"]


def of_changed(paths: Sequence[str], choices: Choices) -> list[str]:
    """
    The paths to check. None, where neither a deployment nor a setting is among what changed.

    A file that is gone from the disk was deleted: that is for `fedpolicy diff` to tell. A link to nothing is there, and
    so is what cannot be read: a check says so.
    """
    there = [path for path in paths if os.path.lexists(path)]
    judging = {os.path.realpath(path) for path in _judging(choices)}
    if any(_judges(path, judging) for path in there):
        from fedpolicy.searching.walk import walk  # noqa: PLC0415  a hook asks seldom

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
