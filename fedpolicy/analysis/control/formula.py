"""Monotone conditions: what must be there for somebody to be able to do something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedpolicy.records import dataclass

__all__ = ["NEVER", "All", "Any", "Atom", "Formula", "all_of", "any_of", "atoms_of", "holds"]


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that can be withdrawn: its element, what it is, and the parties that can withdraw it."""

    element: str
    what: str
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class All:
    """Holds where all parts hold; of nothing: always."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Holds where any part holds; of nothing: never."""

    parts: tuple[Formula, ...]


Formula = Atom | All | Any
NEVER = Any(())


def all_of(parts: Iterable[Formula]) -> Formula:
    """A conjunction."""
    return All(tuple(parts))


def any_of(parts: Iterable[Formula]) -> Formula:
    """A disjunction."""
    return Any(tuple(parts))


def holds(formula: Formula, without: str | None = None) -> bool:
    """Whether a condition holds when everything that `without` controls is gone."""
    if isinstance(formula, Atom):
        return without not in formula.controllers
    test = all if isinstance(formula, All) else any
    return test(holds(part, without) for part in formula.parts)


def atoms_of(formula: Formula) -> Iterator[Atom]:
    """Everything that the condition mentions, repeated where it does."""
    if isinstance(formula, Atom):
        yield formula
    else:
        for part in formula.parts:
            yield from atoms_of(part)
