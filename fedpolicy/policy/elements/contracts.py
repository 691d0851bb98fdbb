"""Which owners no contract connects with those who learn their data."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fedpolicy.language.model.agreement import Agreement
from fedpolicy.policy.elements.disclosure_view import DisclosureView
from fedpolicy.policy.world import World, ordered

__all__ = ["shared_kinds", "without"]


def without(view: DisclosureView, kinds: Collection[str]) -> list[str]:
    """
    The owners with whom some of these parties has no agreement of these kinds about the data.

    An agreement may be direct, or both may have one with the same coordinator: a processor's processor.
    """
    left: set[str] = set()
    for party in view.parties:
        near = _partners(view.world, party, kinds, view.families)
        through = (_partners(view.world, c, kinds, view.families) for c in view.world.coordinators if c in near)
        left |= set(view.owners) - {party} - near.union(*through)
    return ordered(left)


def shared_kinds(world: World, parties: Collection[str], families: Iterable[str]) -> list[str]:
    """The kinds of agreement about some datasets to which all of these parties belong."""
    about = _about(world, families)
    wanted = set(parties)
    found = world.deployment.agreements.values()
    return ordered(one.kind for one in found if wanted <= set(one.between) and _covers(one, about))


def _partners(world: World, party: str, kinds: Collection[str], families: Iterable[str]) -> set[str]:
    known = world.lookup.agreements_of.get(party, ())
    if not known:
        return set()
    about = _about(world, families)
    return {other for one in known if one.kind in kinds and _covers(one, about) for other in one.between}


def _about(world: World, families: Iterable[str]) -> set[str]:
    names = set(families)
    return names | {category for dataset in world.datasets(sorted(names)) for category in dataset.categories}


def _covers(agreement: Agreement, about: set[str]) -> bool:
    return agreement.covers is None or not about.isdisjoint(agreement.covers)
