"""Whom the packs of laws protect, and which owners of a deployment that are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from fedpolicy.analysis.age import age_of
from fedpolicy.overview import Aside, Criterion, Scope
from fedpolicy.policy.models import Rule
from fedpolicy.policy.world import World
from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document

__all__ = ["aside_of"]


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
            found = world.protected(owners, where)
            inside = {*found.sure, *found.unsure}
            yield Scope(
                pack=pack,
                owners_in=where,
                file=world.document.file,
                deployment=world.deployment.name,
                owners=tuple(owner for owner in owners if owner in inside),
                others=tuple(owner for owner in owners if owner not in inside),
                unplaced=tuple(owner for owner in owners if owner in found.unsure),
            )
