"""The catalogue by age: how many rows each section has, how old they are, and which are old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from fedpolicy.catalog.rows import OLD_FACTS
from fedpolicy.report.style import amount, clean

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.catalog.rows import Row

__all__ = ["ages_text"]


def ages_text(catalog: Catalog, today: str, *, rows: bool) -> str:
    """A table of the sections, or of the rows that are old, the oldest first."""
    return "".join(f"{line}\n" for line in (_old(catalog, today) if rows else _sections(catalog, today)))


def _all(catalog: Catalog) -> Iterator[tuple[str, Row]]:
    from fedpolicy.catalog.rows import ROWS  # noqa: PLC0415  a report of findings needs no catalogue

    yield from ((name, row) for name in ROWS for row in getattr(catalog, name).values())


def _days(row: Row, today: str) -> int:
    return (date.fromisoformat(today) - date.fromisoformat(row.as_of)).days


def _sections(catalog: Catalog, today: str) -> Iterator[str]:
    found: dict[str, list[int]] = {}
    for name, row in _all(catalog):
        found.setdefault(name, []).append(_days(row, today))
    yield f"{'section':<12}{'rows':>6}{'median age':>12}{'older than half a year':>24}"
    for name, ages in found.items():
        middle = sorted(ages)[len(ages) // 2]
        yield f"{name:<12}{len(ages):>6,}{amount(middle, 'day'):>12}{sum(age > OLD_FACTS for age in ages):>24,}"


def _old(catalog: Catalog, today: str) -> Iterator[str]:
    found = sorted((row.as_of, f"{name}.{row.id}") for name, row in _all(catalog) if _days(row, today) > OLD_FACTS)
    yield from (f"{day}  {clean(name)}" for day, name in found)
    yield f"{amount(len(found), 'row')} older than half a year on {today}"
