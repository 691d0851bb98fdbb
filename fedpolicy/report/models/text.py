"""For people: a table, or everything about a single model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.models.entries import ASPECTS, Entry
from fedpolicy.report.words import PLAIN, Look, amount, clean, wrap

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import LicenceRow

__all__ = ["render"]


def render(found: Sequence[Entry], look: Look = PLAIN) -> str:
    """Write a table of several models, and one model in full."""
    lines = list(_single(found[0], look)) if len(found) == 1 else list(_table(found))
    return "\n".join(lines) + "\n"


def _table(found: Sequence[Entry]) -> Iterator[str]:
    names = max((len(entry.row.id) for entry in found), default=0)
    classes = max((len(entry.cls) for entry in found), default=0)
    for entry in found:
        yield f"{clean(entry.row.id):<{names}}  {entry.cls:<{classes}}  {entry.row.licence or 'licence not known'}"
    yield ""
    yield f"{amount(len(found), 'model')}; name one to see everything that is known of it, with sources"


def _single(entry: Entry, look: Look) -> Iterator[str]:
    row = entry.row
    yield look.paint("bold", clean(row.id))
    facts: list[tuple[str, str]] = [("class", entry.cls)]
    facts += [(name.replace("_", " "), _said(getattr(row, name))) for name in ASPECTS]
    facts += [("licence is", _licence(entry.licence))] if entry.licence else []
    facts += [("developer", _said(row.developer)), ("run by", _said(row.provider))] if row.provider else []
    facts += [("also called", ", ".join(row.aliases))] if row.aliases else []
    facts += [("note", row.note)] if row.note else []
    facts += [("source", source) for source in row.source]
    facts += [("as of", str(row.as_of))]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield from wrap(value, look, f"  {name:<{width}}  ", " " * (width + 4))


def _licence(row: LicenceRow) -> str:
    parts = [f"{row.name} ({row.category})"]
    for name in ("redistribution", "derivatives", "commercial_use", "output_use"):
        value = getattr(row, name)
        if value is not None:
            parts.append(f"{name.replace('_', ' ')} {value}")
    if row.field_of_use == "restricted":
        parts.append("fields of use are excluded")
    return "; ".join(parts)


def _said(value: object) -> str:
    if value is None:
        return "not known"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
