"""The kinds of changes, one file each, found by being there: each has a `KIND`."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from fedpolicy.files import modules_in
from fedpolicy.repair import ChangeKind

__all__ = ["kinds"]


@cache
def kinds() -> tuple[ChangeKind, ...]:
    """Every kind, by name."""
    return tuple(import_module(f"{__name__}.{name}").KIND for name in modules_in(__path__))
