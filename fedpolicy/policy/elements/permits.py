"""What permits for secondary use allow, and how small the groups behind a result may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from fedpolicy.language.model.dataset import Permit
from fedpolicy.policy.elements.shared import boolean, open_field
from fedpolicy.policy.fields import Missing, Type
from fedpolicy.policy.world import World, ordered

__all__ = ["PERMITS", "days_left", "holds", "largest_share", "smallest_group"]


def days_left(world: World, family: str) -> int | Missing | None:
    """How many days the permit of a dataset still holds; missing where its end, or the day itself, is not known."""
    dataset = world.deployment.datasets[family]
    if dataset.permit is None or dataset.permit.expires is None or not world.today:
        return None
    return (dataset.permit.expires - date.fromisoformat(world.today)).days


def holds(world: World, families: Iterable[str]) -> bool:
    """Whether any of these datasets has a permit that holds."""
    return bool(list(_permits(world, families)))


def _outside(world: World, parties: Sequence[str], families: Iterable[str]) -> list[str] | Missing:
    """Those of some parties whose people some permit does not name; missing where one names nobody."""
    found: list[str] = []
    missing: list[str] = []
    for family, permit in _permits(world, families):
        if permit.people is None:
            missing.append(f"datasets.{family}.permit.people")
        else:
            found += [party for party in parties if party not in permit.people]
    return ordered(found) if found or not missing else Missing(tuple(sorted(missing)))


def smallest_group(world: World, family: str) -> int | Missing | None:
    """The units of one instance; of all together, where the risk appetite counts over the federation."""
    dataset = world.deployment.datasets[family]
    appetite = dataset.risk_appetite
    if dataset.subjects is None or appetite is None:
        return None
    if appetite.min_count_scope is None:
        return Missing((f"datasets.{family}.risk_appetite.min_count_scope",))
    return dataset.subjects * (
        world.lookup.instances_of([family]).bit_count() if appetite.min_count_scope == "federation" else 1
    )


def largest_share(world: World, family: str) -> float:
    """The share of one instance, where all are alike."""
    return 1.0 / max(1, world.lookup.instances_of([family]).bit_count())


def _permits(world: World, families: Iterable[str]) -> Iterable[tuple[str, Permit]]:
    for family in families:
        dataset = world.deployment.datasets.get(family)
        permit = dataset.permit if dataset else None
        if permit is not None and not permit.ended(world.today):
            yield family, permit


PERMITS = (
    boolean("under_permit", "some of the data has a permit that holds", lambda v: holds(v.world, v.families)),
    open_field(
        "outside_permit",
        Type.LIST,
        "those of these parties whose people the permits of the data do not name",
        lambda v: _outside(v.world, v.parties, v.families),
    ),
)
