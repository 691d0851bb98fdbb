"""What datasets are about: whose secrets, whose health, for which purpose; and what of it nobody knows."""

from __future__ import annotations

from collections.abc import Iterable

from fedpolicy.graph.lookup import ordered
from fedpolicy.policy.fields import Missing, Presence
from fedpolicy.policy.world import World

# Data of these categories are nobody's secret, or never were anybody's.
_NOT_PRIVATE = {"public", "synthetic", "anonymous"}
_NOBODYS = {"public", "synthetic"}  # everybody has it, or it was never a patient's
_UNKNOWN = "unknown"  # the category of data of which nobody knows what they are about


def paths_of(found: Presence) -> tuple[str, ...]:
    """The facts that are missing, if any are."""
    return found.paths if isinstance(found, Missing) else ()


def is_private(world: World, families: Iterable[str]) -> Presence:
    """Whether any of these datasets is somebody's secret: not public, synthetic or anonymous."""
    return world.once("private", _alike(world, families), lambda names: _private(world, names))


def is_about_people(world: World, families: Iterable[str]) -> Presence:
    """Whether any of these datasets is both personal and somebody's secret."""
    found = {name: (is_private(world, (name,)), has_flag(world, (name,), "personal")) for name in families}
    unsure = [name for name, both in found.items() if False not in both]
    sure = any(both == (True, True) for both in found.values())
    return sure or (Missing(_paths(tuple(unsure))) if unsure else False)


def purposes_of(world: World, families: Iterable[str]) -> list[str] | Missing:
    """The purposes for which some datasets were collected; missing where one of them does not say."""
    return world.once("purposes", tuple(families), lambda names: _purposes(world, names))


def is_personal(world: World, families: Iterable[str]) -> bool:
    """Whether any category of these datasets is personal, or may be."""
    return has_flag(world, families, "personal") is not False


def _private(world: World, families: tuple[str, ...]) -> Presence:
    if any(
        _NOT_PRIVATE.isdisjoint(one.categories) and _UNKNOWN not in one.categories for one in world.datasets(families)
    ):
        return True
    unsure = _uncategorised(world, families)
    return Missing(_paths(unsure)) if unsure else False


def has_flag(world: World, families: Iterable[str], name: str) -> Presence:
    """Whether a category of these datasets is so; not known where no category that is known is, and some are not."""
    return world.once(name, _alike(world, families), lambda names: _any_is(world, names, name))


def _any_is(world: World, names: tuple[str, ...], name: str) -> Presence:
    known = (category for category in _categories(world, names) if category != _UNKNOWN)
    if any(category == "free-text" if name == "free_text" else _flag(world, category, name) for category in known):
        return True
    unsure = _uncategorised(world, names)
    return Missing(_paths(unsure)) if unsure else False


def about_health(world: World, families: Iterable[str]) -> Presence:
    """Whether any of these datasets is about somebody's health; what is public or synthetic is about nobody's."""
    return has_flag(world, world.once("held back", tuple(families), lambda names: _held_back(world, names)), "phi")


def _held_back(world: World, names: tuple[str, ...]) -> tuple[str, ...]:
    declared = world.deployment.datasets
    return tuple(name for name in names if name in declared and _NOBODYS.isdisjoint(declared[name].categories))


def phi(world: World, families: Iterable[str]) -> Presence:
    """Whether health data were not de-identified before; where nobody knows on what they leave, they may have been."""
    sure, unsure = world.once("identified", tuple(families), lambda names: _by_basis(world, names))
    found = about_health(world, sure)
    if found is True or not unsure or about_health(world, unsure) is False:
        return found
    known = found.paths if isinstance(found, Missing) else ()
    return Missing(tuple(sorted({*known, *(f"datasets.{name}.phi_basis" for name in unsure)})))


def _by_basis(world: World, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    declared = world.deployment.datasets
    unsure = tuple(name for name in names if name in declared and declared[name].says_unknown("phi_basis"))
    others = (name for name in names if name in declared and declared[name].phi_basis != "deidentified")
    return tuple(name for name in others if name not in unsure), unsure


def known_categories(world: World, families: Iterable[str]) -> Presence:
    """The categories of some datasets; missing where nobody knows those of one of them."""
    names = _alike(world, families)
    unsure = _uncategorised(world, names)
    return Missing(_paths(unsure)) if unsure else _categories(world, names)


def _alike(world: World, families: Iterable[str]) -> tuple[str, ...]:
    """
    These datasets, or for a single one the first that is about the same: thousands of owners may state the same.

    Where nobody knows what one is about, its own name says what to ask for.
    """
    names = tuple(families)
    if len(names) != 1:
        return names
    known = world.alike.get(names)
    if known is None:
        known = world.alike[names] = _first_alike(world, names)
    return known


def _first_alike(world: World, names: tuple[str, ...]) -> tuple[str, ...]:
    known = world.deployment.datasets.get(names[0])
    if known is None or _UNKNOWN in known.categories or known.says_unknown("phi_basis"):
        return names
    return world.first_about.setdefault((known.categories, known.phi_basis), names)


def _uncategorised(world: World, families: tuple[str, ...]) -> tuple[str, ...]:
    """The datasets of which nobody knows what they are about."""
    declared = world.deployment.datasets
    return world.once(
        "uncategorised",
        families,
        lambda names: tuple(
            name for name in sorted(set(names)) if name in declared and _UNKNOWN in declared[name].categories
        ),
    )


def _paths(families: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"datasets.{name}.categories" for name in families)


def _purposes(world: World, families: tuple[str, ...]) -> list[str] | Missing:
    declared = world.deployment.datasets
    found = {name: declared[name] for name in sorted(set(families)) if name in declared}
    missing = tuple(f"datasets.{name}.purpose" for name, dataset in found.items() if dataset.purpose is None)
    return Missing(missing) if missing else ordered(dataset.purpose for dataset in found.values() if dataset.purpose)


def _categories(world: World, families: Iterable[str]) -> list[str]:
    return world.once(
        "categories",
        tuple(families),
        lambda names: ordered(category for dataset in world.datasets(names) for category in dataset.categories),
    )


def _flag(world: World, category: str, name: str) -> bool:
    # A category that no catalogue knows may be anything.
    row = world.catalog.categories.get(category)
    return True if row is None else bool(getattr(row, name))
