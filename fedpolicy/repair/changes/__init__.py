"""The kinds of changes, one file each, found by being there: each has a `KIND`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from fedpolicy.repair.change import Kind

__all__ = ["kinds"]


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").KIND for name in names)
