"""Monotone conditions: what must be there for somebody to be able to do something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fedpolicy.records import dataclass

__all__ = [
    "NEVER",
    "SURE",
    "All",
    "Any",
    "AtLeast",
    "Atom",
    "Formula",
    "Gap",
    "Loss",
    "all_of",
    "any_of",
    "at_least",
    "holds",
    "leaves",
]


@dataclass(frozen=True, slots=True)
class Atom:
    """
    One thing that can be withdrawn, and the parties any one of whom can withdraw it.

    `element` is the thing, `how` in what way they have it in hand, `cause` the element that a change would be made at.
    `missing` are the facts that would say who they are.
    """

    element: str
    how: str  # operates | hosts | account | licence | part | unstated
    controllers: frozenset[str]
    cause: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """
    So many clients as `needed` have to be there, of those that each party brings.

    `total` counts all of them; `each` are the parties without any one of whom there are too few.
    """

    element: str
    needed: int
    clients: Mapping[str, int]
    total: int
    each: tuple[str, ...]
    cause: str
    how: str = "number"

    def __hash__(self) -> int:
        """There is one for each use, and its clients may be thousands."""
        return hash((self.element, self.needed))


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Something that is not there and would have to be; `missing` are facts that may say that it is there after all.

    `kind` says what: a copy, the weights, memory, a licence. `detail` says how much, for people.
    """

    kind: str
    cause: str
    missing: tuple[str, ...] = ()
    element: str = ""
    detail: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    """Holds where all parts hold; of nothing: always."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Holds where any part holds; of nothing: never."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """
    What is gone: all that some parties have in hand, or only what they have through one `cause`.

    `doubted` are the gaps that are there although a fact may say otherwise.
    """

    parties: frozenset[str] = frozenset()
    cause: str = ""
    doubted: frozenset[Gap] = frozenset()


Leaf = Atom | AtLeast | Gap
Formula = Leaf | All | Any
SURE = All(())
NEVER = Any(())
_NOTHING = Loss()


def at_least(needed: int, clients: Mapping[str, int], cause: str) -> AtLeast:
    """A condition on how many of some clients are there."""
    total = sum(clients.values())
    each = tuple(party for party, count in sorted(clients.items()) if total - count < needed)
    return AtLeast(cause, needed, clients, total, each, cause)


def all_of(parts: Iterable[Formula]) -> Formula:
    """A conjunction; what is sure is left out."""
    kept = _each_once([part for part in parts if not _is_sure(part)])
    return kept[0] if len(kept) == 1 else All(kept)


def any_of(parts: Iterable[Formula]) -> Formula:
    """A disjunction; one sure part makes it sure."""
    kept = _each_once(list(parts))
    if any(map(_is_sure, kept)):
        return SURE
    return kept[0] if len(kept) == 1 else Any(kept)


def _is_sure(formula: Formula) -> bool:
    return isinstance(formula, All) and not formula.parts


def _each_once(parts: list[Formula]) -> tuple[Formula, ...]:
    return tuple(parts) if len(parts) == 1 else tuple(dict.fromkeys(parts))


def holds(formula: Formula, loss: Loss = _NOTHING) -> bool:
    """Whether a condition holds although something is gone; without doubts every missing fact is favourable."""
    if isinstance(formula, All):
        return all(holds(part, loss) for part in formula.parts)
    if isinstance(formula, Any):
        return any(holds(part, loss) for part in formula.parts)
    if isinstance(formula, Gap):
        return bool(formula.missing) and formula not in loss.doubted
    if loss.cause not in ("", formula.cause):
        return True
    if isinstance(formula, Atom):
        return loss.parties.isdisjoint(formula.controllers)
    return formula.total - sum(formula.clients.get(party, 0) for party in loss.parties) >= formula.needed


def leaves(formula: Formula) -> Iterator[Leaf]:
    """Everything that the condition mentions, repeated where it does."""
    if isinstance(formula, (All, Any)):
        for part in formula.parts:
            yield from leaves(part)
    else:
        yield formula
