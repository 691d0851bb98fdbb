"""Fields that several kinds of element have: what their data are, where parties are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from fedpolicy.graph.lookup import ordered
from fedpolicy.policy.elements.subject_matter import about_health, has_flag, is_private, known_categories, paths_of, phi
from fedpolicy.policy.fields import Field, Known, Missing, Presence, Subject, Type
from fedpolicy.policy.world import Protected, Territories, World
from fedpolicy.records import replace

_UNKNOWN = "unknown"  # the kind of safeguards that nobody knows


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
            f"{prefix}categories", Type.LIST, f"categories of {of}", lambda e: known_categories(e.world, e.families)
        ),
        flag("personal", f"some category of {of} is personal (GDPR art. 4(1))"),
        flag("special", f"some category of {of} is special (GDPR art. 9(1))"),
        open_field(
            f"{prefix}phi",
            Type.BOOL,
            f"some of {of} is protected health information (45 CFR 160.103); what is public, synthetic or de-identified"
            " is none",
            lambda e: of_protected(e, lambda some: phi(e.world, some)),
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
            lambda e: of_protected(e, lambda some: is_private(e.world, some)),
        ),
        flag("free_text", f"some of {of} is free text"),
    )


def of_protected(element: Any, asked: Callable[[tuple[str, ...]], Presence]) -> Presence:  # noqa: ANN401  a view
    """What is so of an element's data; where it may only be so of others, whom a law may protect, who these are."""
    found = asked(element.families)
    perhaps: tuple[str, ...] = getattr(element, "perhaps", ())
    return or_perhaps(found, lambda: asked(perhaps), element.unsaid) if perhaps else found


def or_perhaps(found: Presence, asked: Callable[[], Presence], unsaid: Iterable[str]) -> Presence:
    """What is so; where it may be so for another reason, the facts on which that hangs."""
    if found is True or (other := asked()) is False:
        return found
    return Missing(tuple(sorted({*paths_of(found), *paths_of(other), *unsaid})))


def safeguard_kinds(safeguards: Iterable[Any], missing: str) -> Presence:
    """The kinds of some safeguards, each once; where nobody knows which there are, `missing` would say it."""
    found = ordered(safeguard.kind for safeguard in safeguards)
    return Missing((missing,)) if _UNKNOWN in found else found


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
