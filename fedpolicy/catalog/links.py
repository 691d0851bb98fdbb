"""Names that a user's rows use: they must exist, and every alias must lead to one row only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import yaml

from fedpolicy.catalog.rows import Row
from fedpolicy.catalog.shape import Look, entries, suggestion

if TYPE_CHECKING:
    from fedpolicy.errors import CatalogError

__all__ = ["broken_links"]

Rows = Callable[[str], Mapping[str, Row]]
Places = Sequence[tuple[str, Row, Look]]

_LINKS = (
    ("models", "licence", "licences"),
    ("models", "provider", "providers"),
    ("methods", "up", "payloads"),
    ("methods", "down", "payloads"),
    ("methods", "up_in", "payloads"),
    ("methods", "to_runner", "payloads"),
    ("methods", "output", "payloads"),
)
_ALIASED = ("enclaves", "models", "providers", "licences")


def broken_links(own: Places, rows: Rows) -> Iterator[CatalogError]:
    """The mistakes of `own` rows (section, row, place); `rows` gives all rows of a section, shipped and own."""
    for section, field, target in _LINKS:
        if any(name == section for name, _, _ in own):
            known = rows(target)
            names = _names(known)
            for look in _words(own, section, field):
                if look.node.value not in names:
                    advice = suggestion(look.node.value, known, f"add it under `{target}:`, or leave it out")
                    yield look.error(f"{look.node.value} is not among the {target} of the catalogue", advice)
    for section in _ALIASED:
        if any(name == section for name, _, _ in own):
            yield from _clashes(own, section, rows(section))


def _names(rows: Mapping[str, Row]) -> set[str]:
    return {*rows, *(alias for row in rows.values() for alias in _aliases(row))}


def _aliases(row: Row) -> tuple[str, ...]:
    aliases: tuple[str, ...] = getattr(row, "aliases", ())
    return aliases


def _words(own: Places, section: str, field: str, only: str = "") -> Iterator[Look]:
    # The scalars of one field: one text, the items of a list, or the values of a mapping.
    for name, row, look in own:
        if name == section and only in ("", row.id):
            pair = entries(look, []).get(field)
            if pair is not None:
                yield from _scalars(pair[1])


def _scalars(look: Look) -> Iterator[Look]:
    if isinstance(look.node, yaml.ScalarNode):
        yield look
    elif isinstance(look.node, yaml.SequenceNode):
        yield from (look.into(item) for item in look.node.value)
    else:
        yield from (look.into(value, key.value) for key, value in look.node.value)


def _clashes(own: Places, section: str, rows: Mapping[str, Row]) -> Iterator[CatalogError]:
    mine = {row.id for name, row, _ in own if name == section}
    shipped = {alias: row.id for row in rows.values() if row.id not in mine for alias in _aliases(row)}
    owners = dict(shipped)
    told: set[str] = set()
    for name, row, look in own:
        if name == section:
            if row.id in shipped:
                advice = f"replace {shipped[row.id]} itself, or choose another id"
                yield look.error(f"{row.id} is already an alias of {shipped[row.id]}", advice)
            for alias in _words(own, section, "aliases", row.id):
                yield from _clash(alias, row.id, rows, owners, told)
                owners.setdefault(alias.node.value, row.id)


def _clash(
    look: Look, owner: str, rows: Mapping[str, Row], owners: Mapping[str, str], told: set[str]
) -> Iterator[CatalogError]:
    alias = look.node.value
    circle = _circle(owner, alias, rows)
    if circle:
        if not told.issuperset(circle):
            yield look.error(f"aliases run in a circle: {' -> '.join(circle)}", "let one row carry the other names")
        told.update(circle)
    elif alias in rows:
        yield look.error(f"{alias} is the id of another row", "remove the alias, or that row")
    elif alias in owners:
        yield look.error(f"{alias} is already an alias of {owners[alias]}", "let one row carry this alias")


def _circle(start: str, alias: str, rows: Mapping[str, Row]) -> tuple[str, ...]:
    # The way from a row by this alias, from id to alias, back to the row; empty where there is none.
    ways: list[tuple[str, ...]] = [(start, alias)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] in rows and way[-1] not in seen:
            seen.add(way[-1])
            ways.extend((*way, name) for name in _aliases(rows[way[-1]]))
    return ()
