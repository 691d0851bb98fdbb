"""Fields that several kinds of element have: what their data are, where parties are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from fedpolicy.graph.lookup import ordered
from fedpolicy.policy.fields import Field, Known, Missing, Presence, Subject, Type
from fedpolicy.policy.world import Protected, Territories, World
from fedpolicy.records import replace

# Data of these categories are nobody's secret, or never were anybody's.
_NOT_PRIVATE = {"public", "synthetic", "anonymous"}
_NOBODYS = {"public", "synthetic"}  # everybody has it, or it was never a patient's
_UNKNOWN = "unknown"  # the category of data of which nobody knows what they are about


class About(Protocol):
    """An element that concerns datasets."""

    @property
    def world(self) -> World:
        """The deployment around it."""

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it concerns."""


def about_owners(
    families: Callable[[Any], Iterable[str]],
) -> Callable[[World, Subject, Territories], Iterable[Subject]]:
    """Leaves an element whole where a law protects any owner of its data (`owners`), or of any, where it has none."""

    def within(world: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
        about = tuple(families(subject.data)) or world.every_family
        found = _protected(world, about, getattr(subject.data, "owners", ()), territories)
        if found.all:
            yield subject if found.sure else replace(subject, doubt=world.whereabouts(found.unsure))

    return within


def _protected(world: World, families: tuple[str, ...], owners: Sequence[str], territories: Territories) -> Protected:
    every = world.once("owners", families, world.owners)
    if owners and owners is not every:
        return world.protected(owners, territories)
    return world.once(f"protected in {territories}", families, lambda _: world.protected(every, territories))


def texts(name: str, about: str, read: Callable[[Any], Iterable[str]], *, choices: tuple[str, ...] = ()) -> Field:
    """A list of words; nobody named means none."""
    return Field(name=name, type=Type.LIST, about=about, choices=choices, read=lambda e: list(map(str, read(e))))


def boolean(name: str, about: str, read: Callable[[Any], bool]) -> Field:
    """Yes or no; not said means no."""
    return Field(name=name, type=Type.BOOL, about=about, read=lambda e: bool(read(e)))


def words(name: str, about: str, read: Callable[[Any], str], *, choices: tuple[str, ...] = ()) -> Field:
    """A word; not said means the empty text."""
    return Field(name=name, type=Type.TEXT, about=about, choices=choices, read=lambda e: str(read(e)))


def integer(name: str, about: str, read: Callable[[Any], int]) -> Field:
    """A count."""
    return Field(name=name, type=Type.INT, about=about, read=read)


def open_field(
    name: str, kind: Type, about: str, read: Callable[[Any], Presence], *, choices: tuple[str, ...] = (), key: str = ""
) -> Field:
    """A field whose absence makes a verdict unknown."""
    return Field(name=name, type=kind, about=about, read=read, known=Known.OPEN, choices=choices, key=key)


def ranging(
    name: str, kind: Type, about: str, read: Callable[[Any], Presence], *, choices: tuple[str, ...] = ()
) -> Field:
    """A field of which a missing fact may leave several values; it reads the most favourable one."""
    return Field(name=name, type=kind, about=about, read=read, known=Known.RANGE, choices=choices)


def number(name: str, about: str, read: Callable[[Any], float]) -> Field:
    """A quantity."""
    return Field(name=name, type=Type.NUMBER, about=about, read=read)


def runner_places() -> tuple[Field, ...]:
    """Where the parties are that run what an element asks."""
    return (
        open_field(
            "runner_jurisdictions",
            Type.LIST,
            "where the parties are that run it",
            lambda e: e.world.jurisdictions(e.runners),
        ),
        open_field(
            "runners_in_eea", Type.BOOL, "all parties that run it are in the EEA", lambda e: in_eea(e.world, e.runners)
        ),
    )


def data_fields(prefix: str = "", of: str = "the data") -> tuple[Field, ...]:
    """What the datasets of an element are; `prefix` starts the names, such as `contains_`."""

    def flag(name: str, about: str) -> Field:
        return open_field(
            f"{prefix}{name}", Type.BOOL, about, lambda e: of_protected(e, lambda some: has_flag(e.world, some, name))
        )

    return (
        open_field(
            f"{prefix}categories", Type.LIST, f"categories of {of}", lambda e: _known_categories(e.world, e.families)
        ),
        flag("personal", f"some category of {of} is personal (GDPR art. 4(1))"),
        flag("special", f"some category of {of} is special (GDPR art. 9(1))"),
        open_field(
            f"{prefix}phi",
            Type.BOOL,
            f"some of {of} is protected health information (45 CFR 160.103); what is public, synthetic or de-identified"
            " is none",
            lambda e: of_protected(e, lambda some: _phi(e.world, some)),
        ),
        open_field(
            f"{prefix}health",
            Type.BOOL,
            f"some of {of} is about somebody's health, and neither public nor synthetic",
            lambda e: of_protected(e, lambda some: about_health(e.world, some)),
        ),
        open_field(
            f"{prefix}private",
            Type.BOOL,
            f"some of {of} is not public, synthetic or anonymous",
            lambda e: is_private(e.world, e.families),
        ),
        flag("free_text", f"some of {of} is free text"),
    )


def of_protected(element: Any, asked: Callable[[tuple[str, ...]], Presence]) -> Presence:  # noqa: ANN401  a view
    """What is so of an element's data; where it may only be so of others, whom a law may protect, who these are."""
    found = asked(element.families)
    perhaps: tuple[str, ...] = getattr(element, "perhaps", ())
    if found is True or not perhaps or (other := asked(perhaps)) is False:
        return found
    return Missing(tuple(sorted({*paths_of(found), *paths_of(other), *element.unsaid})))


def paths_of(found: Presence) -> tuple[str, ...]:
    """The facts that are missing, if any are."""
    return found.paths if isinstance(found, Missing) else ()


def safeguard_kinds(safeguards: Iterable[Any], missing: str) -> Presence:
    """The kinds of some safeguards, each once; where nobody knows which there are, `missing` would say it."""
    found = ordered(safeguard.kind for safeguard in safeguards)
    return Missing((missing,)) if _UNKNOWN in found else found


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


def in_eea(world: World, parties: Iterable[str]) -> bool | Missing:
    """Whether all of these parties are in the European Economic Area; what is public is everywhere."""
    everybody = list(parties)
    if "public" in everybody:
        return False
    found = world.jurisdictions(everybody)
    return found if isinstance(found, Missing) else all_in_eea(world, found)


def all_in_eea(world: World, codes: Iterable[str]) -> bool:
    """Whether all of these countries are in the European Economic Area."""
    rows = [world.catalog.countries.get(code) for code in codes]
    return all(row is not None and row.eea for row in rows)


def any_in_eea(world: World, parties: Iterable[str]) -> bool | Missing:
    """Whether some of these parties is in the European Economic Area."""
    found = world.protected(parties, ("EEA",))
    return True if found.sure else Missing(world.whereabouts(found.unsure)) if found.unsure else False


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


def _phi(world: World, families: Iterable[str]) -> Presence:
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


def _known_categories(world: World, families: Iterable[str]) -> Presence:
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
