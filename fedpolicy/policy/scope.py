"""What a report says of a deployment beside findings: how old its facts are, and whom the packs of laws protect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from fedpolicy.catalog.rows import OLD_FACTS, Row
from fedpolicy.overview import Aside, Criterion, Scope
from fedpolicy.policy import Rule
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document


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


def aside_of(document: Document, study: Study, rules: Sequence[Rule]) -> Aside:
    """What a report says of a deployment beside findings: old facts, duties that are to come, whom laws protect."""
    found, today = replace(age_of(study), criteria=tuple(_criteria(document))), study.settings.today
    pending = any(today < rule.applies_from for rule in rules)
    if not pending and not any(rule.owners_in for rule in rules):
        return found
    scopes = tuple(_scopes(World(study, document), rules))
    return replace(found, day_matters=found.day_matters or pending, scopes=scopes)


def _criteria(document: Document) -> Iterator[Criterion]:
    for name, dataset in sorted(document.deployment.datasets.items()):
        stated = dataset.risk_appetite
        if stated is not None:
            yield Criterion(
                file=document.file,
                deployment=document.deployment.name,
                dataset=name,
                min_count=stated.min_count,
                min_count_scope=stated.min_count_scope,
                dominance=stated.dominance,
            )


def _scopes(world: World, rules: Sequence[Rule]) -> Iterator[Scope]:
    """Of each pack all of whose rules say whom they protect: where that is, who is there or may be, and who is not."""
    owners = world.owners(world.deployment.datasets)
    for pack, some in groupby(sorted(rules, key=lambda rule: rule.pack), key=lambda rule: rule.pack):
        said = [rule.owners_in for rule in some]
        if all(said):
            where = tuple(sorted({place for one in said for place in one}, key=lambda place: (place != "EEA", place)))
            yield _scope(world, pack, where, owners)


def _scope(world: World, pack: str, where: Territories, owners: Sequence[str]) -> Scope:
    found = world.protected(owners, where)
    inside = {*found.sure, *found.unsure}
    return Scope(
        pack=pack,
        owners_in=where,
        file=world.document.file,
        deployment=world.deployment.name,
        owners=tuple(owner for owner in owners if owner in inside),
        others=tuple(owner for owner in owners if owner not in inside),
        unplaced=tuple(owner for owner in owners if owner in found.unsure),
    )
