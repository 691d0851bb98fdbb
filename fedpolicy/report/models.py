"""What `fedpolicy models` says of the catalogue: models with the class that their aspects give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.openness import classify_row
from fedpolicy.report.rows import json_text
from fedpolicy.report.style import PLAIN, Style, amount, clean, wrap

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import DatasetRow, LicenceRow, ModelRow

__all__ = ["ModelEntry", "as_json", "as_text", "matching_models"]

_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")

_OBTAINABLE = {
    "open": "which can be had",
    "gated": "which can be had after accepting terms",
    "part": "of which a part was published",
    "withdrawn": "which its publishers no longer offer",
    "no": "which was never published",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A row, its class (the most closed and the most open that the known facts allow), its licence and its data."""

    row: ModelRow
    lowest: str
    highest: str
    licence: LicenceRow | None
    trained_on: tuple[DatasetRow, ...]
    training_data: str | None

    @property
    def cls(self) -> str:
        """The class in words."""
        return self.lowest if self.lowest == self.highest else f"{self.lowest} or {self.highest}"


def matching_models(catalog: Catalog, query: str = "", classes: Sequence[str] = ()) -> Iterator[ModelEntry]:
    """The models whose id, alias, developer, licence or provider contains the query, in any case, by id."""
    wanted = query.casefold()
    for name in catalog.models:
        row = catalog.models[name]
        said = (row.id, *row.aliases, row.developer or "", row.licence or "", row.provider or "")
        if any(wanted in text.casefold() for text in said):
            entry = _entry(row, catalog)
            if not classes or entry.cls in classes:
                yield entry


def _entry(row: ModelRow, catalog: Catalog) -> ModelEntry:
    lowest, highest = classify_row(row, catalog)
    return ModelEntry(
        row=row,
        lowest=lowest,
        highest=highest,
        licence=catalog.licence(row.licence) if row.licence else None,
        trained_on=tuple(catalog.datasets[one] for one in row.trained_on),
        training_data=catalog.training_data(row),
    )


def as_text(entries: Sequence[ModelEntry], look: Style = PLAIN) -> str:
    """Write a table of several models, and one model in full."""
    lines = list(_single(entries[0], look)) if len(entries) == 1 else list(_table(entries))
    return "\n".join(lines) + "\n"


def _table(entries: Sequence[ModelEntry]) -> Iterator[str]:
    names = max((len(entry.row.id) for entry in entries), default=0)
    classes = max((len(entry.cls) for entry in entries), default=0)
    for entry in entries:
        yield f"{clean(entry.row.id):<{names}}  {entry.cls:<{classes}}  {entry.row.licence or 'licence not known'}"
    yield ""
    yield f"{amount(len(entries), 'model')}; name one to see everything that is known of it, with sources"


def _single(entry: ModelEntry, look: Style) -> Iterator[str]:
    row = entry.row
    yield look.paint("bold", clean(row.id))
    facts: list[tuple[str, str]] = [("class", entry.cls)]
    said = {name: getattr(row, name) for name in _ASPECTS} | {"training_data": entry.training_data}
    facts += [(name.replace("_", " "), _words(value)) for name, value in said.items()]
    facts += [("trained on", f"{data.name}, {_OBTAINABLE[data.obtainable]}") for data in entry.trained_on]
    facts += [("licence is", _licence(entry.licence))] if entry.licence else []
    facts += [("developer", _words(row.developer)), ("run by", _words(row.provider))] if row.provider else []
    facts += [("switched off", row.shutdown_on)] if row.shutdown_on else []
    facts += [("instead", row.replaced_by)] if row.replaced_by else []
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


def _words(value: object) -> str:
    if value is None:
        return "not known"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def as_json(entries: Sequence[ModelEntry]) -> str:
    """Write the models as JSON."""
    return json_text({"version": 1, "models": [_row(entry) for entry in entries]})


def _row(entry: ModelEntry) -> dict[str, Any]:
    known = {"class": entry.lowest if entry.lowest == entry.highest else None}
    row = replace(entry.row, shutdowns=dict(entry.row.shutdowns) if entry.row.shutdowns else None)
    known["training_data"] = entry.training_data
    return {**asdict(row), **known, "classes": [entry.lowest, entry.highest]}
