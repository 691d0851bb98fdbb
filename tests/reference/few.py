"""Numbers that are made of few units, and weights that one owner trained: as good as what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.reference.movement import Few
from tests.reference.world import Instance, World


def units(world: World, item: Instance) -> int | None:
    """How many units one owner has of an instance."""
    dataset = world.file.datasets[item.dataset]
    return 1 if dataset.unit == "client" else dataset.subjects


def contributed(world: World, items: Iterable[Instance]) -> tuple[tuple[str, int | None], ...]:
    """What somebody adds to a sum, in units of each dataset."""
    found: dict[str, list[int | None]] = {}
    for item in items:
        found.setdefault(item.dataset, []).append(units(world, item))
    return tuple((name, None if None in some else sum(n or 0 for n in some)) for name, some in sorted(found.items()))


def few(world: World, row: Any, items: list[Instance], source: str, target: str) -> Few:
    """Of which instances a payload that one place makes says more than its level to whoever gets it at another."""
    here = world.places[target]
    return few_for(world, row, items, source, {*here.operators, here.host} - {""})


def few_for(world: World, row: Any, items: list[Instance], source: str, parties: Iterable[str]) -> Few:
    """The same to some parties, wherever they get it."""
    surely: set[str] = set()
    perhaps: set[str] = set()
    for left in _left(world, items, parties):
        if row.least_units is not None:
            for name in {item.dataset for item in left}:
                part = [item for item in left if item.dataset == name]
                said = [units(world, item) for item in part]
                total = sum((n or 0) * _members(world, item, source) for n, item in zip(said, part, strict=True))
                ids = {item.id for item in part}
                if None in said:
                    perhaps |= ids
                elif total < row.least_units:
                    surely |= ids
        elif row.aggregate and _owners(world, left, source) == 1:
            surely |= {item.id for item in left}
    return Few(surely=frozenset(surely), perhaps=frozenset(perhaps))


def _left(world: World, items: list[Instance], parties: Iterable[str]) -> Iterable[list[Instance]]:
    """All, and what is left for each party that knows the rest, since it runs or hosts its machines."""
    yield items
    for party in parties:
        known = [i for i in items if party in {*world.places[i.place].operators, world.places[i.place].host}]
        if known and len(known) < len(items):
            yield [item for item in items if item not in known]


def _members(world: World, item: Instance, source: str) -> int:
    """A peer stands for all other members, but at its own place for itself."""
    here = world.places[item.place]
    return here.count - 1 if here.id.endswith(".peer") and here.count > 1 and here.id != source else 1


def _owners(world: World, items: list[Instance], source: str) -> int:
    """How many there are whose data these are; each member of a cohort owns its own."""
    found: dict[str, int] = {}
    for item in items:
        own = item.owner == world.places[item.place].party
        found[item.owner] = max(found.get(item.owner, 0), _members(world, item, source) if own else 1)
    return sum(found.values())
