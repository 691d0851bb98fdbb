"""
What foreign files say: one importer a file, found by its name.

An importer has `wants(file)`, a cheap look at name and bytes, and `read(file)`, which tells the evidence or raises
Unread. It knows no other importer, and runs nothing that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from fedpolicy.files import modules_in
from fedpolicy.scan import Evidence
from fedpolicy.scan.reading import File


class Importer(Protocol):
    """What a module in this folder offers."""

    def wants(self, file: File) -> bool:
        """Whether it is worth parsing this file."""

    def read(self, file: File) -> Iterable[Evidence]:
        """What the file says. Raises Unread."""


@cache
def importers() -> dict[str, Importer]:
    """Every importer by the name of its file."""
    return {name: cast("Importer", import_module(f"{__name__}.{name}")) for name in modules_in(__path__)}
