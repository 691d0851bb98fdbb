"""One line about a row of the catalogue, for whoever chooses among many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import CategoryRow, MethodRow

__all__ = ["summary"]


def summary(section: str, name: str, catalog: Catalog) -> str:
    """What matters most about one row; empty where there is none of this id or alias."""
    row = getattr(catalog, section).find(name)
    if row is None:
        return ""
    title = getattr(row, "title", "") or getattr(row, "name", "") or getattr(row, "developer", "") or name
    if section == "models":
        provider = f", run by {row.provider}" if row.provider else ""
        return f"{title}: weights {row.weights}{provider}"
    tell = _TELL.get(section)
    return tell(title, row) if tell else str(title)


def _method(title: str, row: MethodRow) -> str:
    up = f", sends up {row.up}" if row.up else ""
    return f"{title}: needs {row.needs} of the model{up}"


def _category(title: str, row: CategoryRow) -> str:
    return f"{title}: {_kinds(row)}"


def _kinds(row: CategoryRow) -> str:
    said = {
        "personal": row.personal,
        "special under GDPR Art. 9": row.special,
        "of crimes under GDPR Art. 10": row.criminal,
        "health information under HIPAA": row.phi,
        f"DPV {row.dpv}": row.dpv,
    }
    return ", ".join(word for word, holds in said.items() if holds) or "not personal"


_TELL: Mapping[str, Callable[[str, Any], str]] = {
    "payloads": lambda title, row: f"{title}: {row.level} on its own",
    "methods": _method,
    "categories": _category,
    "regions": lambda _, row: f"{row.cloud}, in {row.country}",
}
