"""Which tasks and calls use which data, and whose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from fedpolicy.graph.lookup import family_of
from fedpolicy.policy.world import World


def used_of(world: World, family: str, owners: Collection[str]) -> list[str]:
    """The tasks and calls that use what some owners have of a dataset, those included whose answers quote it."""
    some = set(owners)
    uses = _uses(world).get(family, ())
    return [use for use in uses if not some.isdisjoint(_whose(world, use, family))]


def _whose(world: World, use: str, family: str) -> list[str]:
    if family in _quoted(world, use):
        return world.owners([family])
    return world.owners_used(use, (family,))


def _uses(world: World) -> Mapping[str, Sequence[str]]:
    return world.once("uses", (), lambda _: _by_family(world))


def _by_family(world: World) -> Mapping[str, Sequence[str]]:
    uses = [f"tasks.{name}" for name in world.deployment.tasks]
    uses += [f"api_calls.{name}" for name in world.deployment.api_calls]
    found: dict[str, set[str]] = {}
    for use in uses:
        for family in (*world.use_data(use), *_quoted(world, use)):
            found.setdefault(family, set()).add(use)
    return {family: sorted(names) for family, names in found.items()}


def _quoted(world: World, use: str) -> Iterable[str]:
    section, _, name = use.partition(".")
    entry = world.deployment.tasks[name] if section == "tasks" else world.deployment.api_calls[name]
    return map(family_of, entry.retrieves or ())
