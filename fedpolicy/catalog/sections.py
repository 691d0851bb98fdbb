"""
One section of the catalogue: rows by id, found by alias too, each read when it is first looked at.

The shipped files hold hundreds of rows and a check needs a handful, so a file is cut into its rows, which is
cheap, and a row is parsed when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from fedpolicy.catalog.read import compose_shipped, plain
from fedpolicy.catalog.rows import LISTS, ROWS, AttackRow, Row, TermsRow
from fedpolicy.errors import CatalogError
from fedpolicy.resources import catalog_dir

__all__ = ["Section", "build_row", "cut_rows"]

R = TypeVar("R", bound=Row)

# In the shipped files a row begins with its id, two spaces in; whatever it says stands deeper.
_ROW = re.compile(r"^  (?P<quote>[\"']?)(?P<id>[^\s\"'#][^\s\"']*)(?P=quote):(?=[ \n])", re.MULTILINE)


class Section(Mapping[str, R], Generic[R]):
    """A read-only mapping from id to row, in the order of ids."""

    __slots__ = ("_folder", "_name", "_own", "_rows", "_texts")

    def __init__(self, name: str, folder: Path, own: Mapping[str, R]) -> None:
        self._name = name
        self._folder = folder
        self._own = frozenset(own)
        self._rows = dict(own)
        self._texts: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> R:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = _read_row(self._name, key, self._shipped()[key])
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._rows, *self._shipped()}))

    def __len__(self) -> int:
        return len({*self._rows, *self._shipped()})

    def __reduce__(self) -> tuple[Any, ...]:
        # Where it is sent, what ships is elsewhere.
        return _anywhere, (self._name, self._rows)

    def __repr__(self) -> str:
        return f"Section({self._name}: {len(self._rows)} rows read)"

    def find(self, ref: str) -> R | None:
        """The row with this id, or with this alias."""
        if ref in self:
            return self[ref]
        # Only a text in which the alias stands can be that of its row.
        texts = self._shipped()
        near = (key for key in sorted({*self._rows, *texts}) if key in self._rows or ref in texts[key])
        return next((self[key] for key in near if ref in getattr(self[key], "aliases", ())), None)

    def replaced(self) -> list[str]:
        """The ids of shipped rows that the user's own ones stand in for."""
        return sorted(self._own & self._shipped().keys()) if self._own else []

    def _shipped(self) -> Mapping[str, str]:
        if self._texts is None:
            self._texts = cut_rows(_read_file(self._folder, self._name))
        return self._texts


def cut_rows(text: str) -> dict[str, str]:
    """The text of each row of a shipped file by id."""
    starts = list(_ROW.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start["id"]: text[start.start() : end] for start, end in zip(starts, ends, strict=True)}


def build_row(section: str, key: str, facts: Mapping[str, Any]) -> Row:
    """Make a row of what was checked before."""
    made: dict[str, Any] = {name: _frozen(name, value) for name, value in facts.items()}
    return ROWS[section](id=key, **made)


def _anywhere(name: str, own: Mapping[str, R]) -> Section[R]:
    return Section(name, catalog_dir(), own)


def _read_file(folder: Path, name: str) -> str:
    try:
        return (folder / f"{name}.yaml").read_text(encoding="utf-8")
    except OSError as error:
        message = f"the shipped catalogue lacks its section {name}"
        raise CatalogError(message, help="install fedpolicy again") from error


def _read_row(section: str, key: str, text: str) -> Any:  # noqa: ANN401  the row class of the section
    return build_row(section, key, plain(compose_shipped(text))[key])


def _frozen(name: str, value: Any) -> Any:  # noqa: ANN401  a parsed value
    if name == "terms":
        return TermsRow(**value)
    if name == "attacks":
        return tuple(AttackRow(**attack) for attack in value)
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return MappingProxyType(value)
    return (value,) if name in LISTS else value
