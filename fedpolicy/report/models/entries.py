"""Models of the catalogue with the class that their aspects give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fedpolicy.analysis.openness import classify_row

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.catalog.rows import LicenceRow, ModelRow

__all__ = ["ASPECTS", "Entry", "entries"]

ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row, its class (the most closed and the most open that the known facts allow), and its licence's row."""

    row: ModelRow
    lowest: str
    highest: str
    licence: LicenceRow | None

    @property
    def cls(self) -> str:
        """The class in words."""
        return self.lowest if self.lowest == self.highest else f"{self.lowest} or {self.highest}"


def entries(catalog: Catalog, query: str = "", classes: Sequence[str] = ()) -> Iterator[Entry]:
    """The models whose id, alias, developer, licence or provider contains the query, in any case, by id."""
    wanted = query.casefold()
    for name in catalog.models:
        row = catalog.models[name]
        said = (row.id, *row.aliases, row.developer or "", row.licence or "", row.provider or "")
        if any(wanted in text.casefold() for text in said):
            lowest, highest = classify_row(row, catalog)
            if not classes or (lowest == highest and lowest in classes):
                licence = catalog.licence(row.licence) if row.licence else None
                yield Entry(row=row, lowest=lowest, highest=highest, licence=licence)
