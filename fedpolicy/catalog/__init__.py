"""Facts that change: levels, payloads, methods, models, providers, licences, countries; a user's own rows over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.catalog.rows import (
    ROWS,
    ArtefactRow,
    CategoryRow,
    CountryRow,
    DatasetRow,
    EnclaveRow,
    LevelRow,
    LicenceRow,
    MethodRow,
    ModelRow,
    PayloadRow,
    ProviderRow,
    RegionRow,
    Row,
    SafeguardRow,
    ServiceRow,
)
from fedpolicy.catalog.section import Section
from fedpolicy.files import HERE, Files, catalog_dir
from fedpolicy.language.model.types import TrainingData
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.language.model.dataset import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Facts by section and id. What ships is read when it is first looked at."""

    levels: Section[LevelRow]
    payloads: Section[PayloadRow]
    methods: Section[MethodRow]
    safeguards: Section[SafeguardRow]
    enclaves: Section[EnclaveRow]
    models: Section[ModelRow]
    datasets: Section[DatasetRow]
    providers: Section[ProviderRow]
    licences: Section[LicenceRow]
    countries: Section[CountryRow]
    regions: Section[RegionRow]
    categories: Section[CategoryRow]
    services: Section[ServiceRow]
    artefacts: Section[ArtefactRow]

    def model(self, ref: str) -> ModelRow | None:
        """The model with this id or alias."""
        return self.models.find(ref)

    def row_of(self, model: Model) -> ModelRow | None:
        """What it knows of a declared model."""
        return self.models.find(model.ref) if model.ref else None

    def aspect(self, model: Model, key: str) -> Any:  # noqa: ANN401  the keys hold different things
        """A fact about a declared model: what the deployment says, else its row; None where nobody knows."""
        own = getattr(model, key)
        row = None if own is not None or model.says_unknown(key) else self.row_of(model)
        return own if row is None else self.training_data(row) if key == "training_data" else getattr(row, key)

    def training_data(self, row: ModelRow) -> TrainingData | None:
        """What is known of a model's training data: what its row says, else what its data sets come to."""
        if row.training_data is not None or not row.trained_on:
            return row.training_data
        return "open" if all(self.datasets[name].can_be_had for name in row.trained_on) else "described"

    def provider(self, ref: str) -> ProviderRow | None:
        """The provider with this id or alias."""
        return self.providers.find(ref)

    def enclave(self, kind: str) -> EnclaveRow | None:
        """The kind of trusted execution environment with this id or alias."""
        return self.enclaves.find(kind)

    def country(self, region: str) -> str:
        """The country in which a region of a cloud is; of a country, itself."""
        row = self.regions.get(region) if region not in self.countries else None
        return row.country if row else region

    def licence(self, ref: str) -> LicenceRow | None:
        """The licence with this id (SPDX or LicenseRef) or alias."""
        return self.licences.find(ref)


def load_catalog(extra: Sequence[Path] = (), files: Files = HERE) -> Catalog:
    """
    The shipped catalogue with the rows of the user's own files over it; a later file wins.

    Raises Problems with one CatalogError per mistake in the user's files.
    """
    shipped = _shipped(catalog_dir())
    if not extra:
        return Catalog(**shipped)
    from fedpolicy.catalog.extra import read_extra  # noqa: PLC0415  most runs have no files of their own

    return Catalog(**_sections(read_extra(extra, shipped, files)))


@cache  # it does not change while a process runs, and what has been read of it is read once
def _shipped(folder: Path) -> dict[str, Section[Any]]:
    return {name: Section(name, folder, {}) for name in ROWS}


def _sections(own: Mapping[str, Mapping[str, Row]]) -> dict[str, Section[Any]]:
    folder = catalog_dir()
    return {name: Section(name, folder, own.get(name, {})) for name in ROWS}


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
