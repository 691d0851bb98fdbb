"""Facts of the catalogue that a deployment rests on: how old they are, and whether the day matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fedpolicy.catalog.rows import OLD_FACTS
from fedpolicy.overview import Aside

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.catalog.rows import Row

__all__ = ["age_of", "oldest_day"]


def age_of(study: Study) -> Aside:
    """How old what a deployment rests on is."""
    return Aside(day_matters=_day_matters(study), old=_old_facts(study))


def oldest_day(today: str) -> str:
    """The day before which a fact was looked up too long ago, as ISO 8601."""
    return (date.fromisoformat(today) - timedelta(days=OLD_FACTS)).isoformat()


def _old_facts(study: Study) -> Mapping[str, str]:
    today = study.settings.today
    if not today:
        return {}
    least = oldest_day(today)
    return {f"{section}.{row.id}": row.as_of for section, row in _rests_on(study) if row.as_of < least}


def _day_matters(study: Study) -> bool:
    deployment, catalog = study.deployment, study.catalog
    rows = (catalog.model(model.ref) for model in deployment.models.values() if model.ref)
    return (
        any(agreement.expires for agreement in deployment.agreements.values())
        or any(dataset.permit and dataset.permit.expires for dataset in deployment.datasets.values())
        or any(model.shutdown_on for model in deployment.models.values())
        or any(row is not None and (row.shutdown_on or row.shutdowns) for row in rows)
    )


def _rests_on(study: Study) -> Iterator[tuple[str, Row]]:
    catalog = study.catalog
    refs = _once(model.ref for model in study.deployment.models.values())
    yield from (("models", row) for ref in refs if (row := catalog.model(ref)) is not None)
    yield from (
        ("providers", catalog.providers[name])
        for name in _once(one.provider for one in study.graph.principals.values())
    )


def _once(names: Iterable[str | None]) -> list[str]:
    return sorted({name for name in names if name})
