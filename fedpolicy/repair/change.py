"""One change of a deployment: in words, as edits, and what it is expected to do to flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy.language.reading.spans import Path
from fedpolicy.language.rewriting.edits import Edit
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.repair.context import Element, RepairContext

__all__ = ["FILL_IN", "Act", "Blank", "Bundle", "Change", "Kind", "Sight", "costs_of", "said"]

_FEW = 6
# Stands where a value of the user's own is still to be written; a digest may be such a value, so it looks like one.
FILL_IN = "f111" * 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A value that only the user can know: where it stands, and what it is."""

    path: Path
    what: str

    @property
    def dotted(self) -> str:
        """Its path as users write it."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """
    Flows of an element that a change stops or lowers.

    `roles` and `to` (families of nodes) narrow them down; `level` is what they can still reveal (0: nothing).
    """

    origin: str
    roles: frozenset[str] = frozenset()
    to: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A party (empty: whoever looks from outside) no longer sees what the nodes of a family hold."""

    place: str
    party: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A change that somebody could make.

    `id` tells it apart from others; `weight` is its cost in units of its kind's; `asks` names the fields of rules that
    it answers, where it is about nothing else.
    """

    id: str
    kind: str
    text: str
    edits: tuple[Edit, ...]
    weight: float = 1.0
    acts: tuple[Act, ...] = ()
    sights: tuple[Sight, ...] = ()
    blanks: tuple[Blank, ...] = ()
    asks: frozenset[str] = frozenset()


Bundle = tuple[Change, ...]


def _none(_context: RepairContext, _element: Element) -> Iterator[Bundle]:
    return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    A kind of change, its usual cost, and how to find its changes.

    `changes` gives the single changes that touch an element, `bundles` sets that only make sense together.
    """

    name: str
    cost: float
    about: str
    changes: Callable[[RepairContext, Element], Iterator[Change]]
    bundles: Callable[[RepairContext, Element], Iterator[Bundle]] = field(default=_none)


def said(names: Sequence[str]) -> str:
    """Name a few things in a sentence, and count the rest."""
    if len(names) > _FEW:
        return f"{', '.join(names[:2])} and {len(names) - 2:,} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def costs_of(kinds: Sequence[Kind]) -> dict[str, float]:
    """What changes of each kind cost unless somebody says otherwise."""
    return {kind.name: kind.cost for kind in kinds}
