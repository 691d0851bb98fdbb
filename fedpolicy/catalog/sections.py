"""
One section of the catalogue: rows by id, found by alias too, and read when they are first looked at.

Sections are read from YAML everywhere. A bundle made at build time would save a few milliseconds of a check
and cost a second form of the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from fedpolicy.catalog.read import compose_shipped, plain
from fedpolicy.catalog.rows import LISTS, ROWS, AttackRow, Row, TermsRow
from fedpolicy.errors import CatalogError

__all__ = ["Section", "build_row", "read_shipped", "shipped_facts"]

R = TypeVar("R", bound=Row)
Facts = dict[str, dict[str, Any]]


class Section(Mapping[str, R], Generic[R]):
    """A read-only mapping from id to row, sorted by id. The file behind it is read on first use, once."""

    __slots__ = ("_aliases", "_read", "_rows")

    def __init__(self, read: Callable[[], Mapping[str, R]]) -> None:
        self._read = read
        self._rows: Mapping[str, R] | None = None
        self._aliases: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> R:
        return self._loaded()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def __repr__(self) -> str:
        state = "not read yet" if self._rows is None else f"{len(self._rows)} rows"
        return f"Section({state})"

    def find(self, ref: str) -> R | None:
        """The row with this id, or with this alias."""
        rows = self._loaded()
        row = rows.get(ref)
        if row is not None:
            return row
        if self._aliases is None:
            self._aliases = {alias: row.id for row in rows.values() for alias in getattr(row, "aliases", ())}
        return rows.get(self._aliases.get(ref, ""))

    def _loaded(self) -> Mapping[str, R]:
        if self._rows is None:
            self._rows = self._read()
        return self._rows


def read_shipped(folder: Path, section: str, own: Mapping[str, Row]) -> Mapping[str, Any]:
    """The rows of a shipped section, with the user's own over them."""
    rows = {key: build_row(section, key, facts) for key, facts in shipped_facts(folder, section).items()}
    return dict(sorted({**rows, **own}.items()))


def shipped_facts(folder: Path, section: str) -> Facts:
    """What a shipped section says."""
    try:
        text = (folder / f"{section}.yaml").read_text(encoding="utf-8")
    except OSError as error:
        message = f"the shipped catalogue lacks its section {section}"
        raise CatalogError(message, help="install fedpolicy again") from error
    document = plain(compose_shipped(text))
    facts: Facts = document[section]
    return facts


def build_row(section: str, key: str, facts: Mapping[str, Any]) -> Row:
    """Make a row of what was checked before."""
    made: dict[str, Any] = {name: _frozen(name, value) for name, value in facts.items()}
    return ROWS[section](id=key, **made)


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
