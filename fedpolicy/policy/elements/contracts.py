"""Which parties a contract about some data connects, and which it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fedpolicy.language.model.agreement import Agreement
from fedpolicy.policy.world import World, ordered

__all__ = ["partners", "shared_kinds", "unconnected"]


def shared_kinds(world: World, parties: Collection[str], families: Iterable[str]) -> list[str]:
    """The kinds of agreement about some datasets to which all of these parties belong."""
    about = _about(world, families)
    wanted = set(parties)
    found = world.agreements
    return ordered(one.kind for one in found if wanted <= set(one.between) and _covers(one, about))


def unconnected(
    world: World, owners: Collection[str], kinds: Collection[str], families: Iterable[str]
) -> Iterable[str]:
    """Those of some owners that an agreement of these kinds does not connect with all others."""
    about, wanted = tuple(families), set(owners)
    if not set(kinds).isdisjoint(shared_kinds(world, owners, about)):
        return
    near = {party: partners(world, party, kinds, about) for party in {*owners, *world.coordinators}}
    for party in owners:
        reached = near[party].union(*(near[hub] for hub in world.coordinators if hub in near[party]))
        if not wanted <= reached | {party}:
            yield party


def partners(world: World, party: str, kinds: Collection[str], families: Iterable[str]) -> set[str]:
    """Who has an agreement of these kinds with a party about any of these datasets, the party included."""
    known = world.agreements_of.get(party, ())
    if not known:
        return set()
    about = _about(world, families)
    return {other for one in known if one.kind in kinds and _covers(one, about) for other in one.between}


def _about(world: World, families: Iterable[str]) -> set[str]:
    names = set(families)
    return names | {category for dataset in world.datasets(sorted(names)) for category in dataset.categories}


def _covers(agreement: Agreement, about: set[str]) -> bool:
    return agreement.covers is None or not about.isdisjoint(agreement.covers)
