"""
The formats, one module each, found by their file names.

A format is a module with `SUMMARY` (one line of help), `SUFFIX` (of files that hold it) and
`render(report) -> str`. One that looks better on a terminal also has `draw(report, look) -> str`.
The id of a format is the name of its file, with `-` for `_`.

What a format needs beside findings it says by `OVERVIEW` (causes, who learns what), `FIXES` (proved changes), `PAGE`
(the sections of a page), `PICTURE` (a map as Mermaid), `RECORD` (a record of processing) and `BASIS` (digests of what
the verdict rests on).
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from fedpolicy.files import modules_in

if TYPE_CHECKING:
    from fedpolicy.findings import Report


class Format(Protocol):
    """What every module of this folder offers."""

    SUMMARY: str
    SUFFIX: str

    def render(self, report: Report) -> str:
        """Write the report as text that ends with a newline."""


def format_ids() -> tuple[str, ...]:
    """The formats that exist, sorted; imports none of them."""
    return tuple(sorted(module.replace("_", "-") for module in modules_in(__path__)))


def load_format(name: str) -> Format:
    """Import one format by its id."""
    return cast("Format", import_module(f"{__name__}.{name.replace('-', '_')}"))


def beside_of(forms: Iterable[Format]) -> frozenset[str]:
    """What formats need of each deployment beside its overview, as settings name it."""
    return frozenset(
        word.lower() for form in forms for word in ("PAGE", "PICTURE", "RECORD") if getattr(form, word, False)
    )
