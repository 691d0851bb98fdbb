"""One line about a row of the catalogue, for whoever chooses among many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["summary"]


def summary(section: str, name: str, catalog: Catalog) -> str:
    """What matters most about one row; empty where there is none of this id or alias."""
    row = getattr(catalog, section).find(name)
    if row is None:
        return ""
    title = getattr(row, "title", "") or getattr(row, "name", "") or getattr(row, "developer", "") or name
    if section == "payloads":
        return f"{title}: {row.level} on its own"
    if section == "models":
        provider = f", run by {row.provider}" if row.provider else ""
        return f"{title}: weights {row.weights}{provider}"
    if section == "methods":
        up = f", sends up {row.up}" if row.up else ""
        return f"{title}: needs {row.needs} of the model{up}"
    return str(title)
