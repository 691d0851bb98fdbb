"""
Of sums and of what is sealed, only what reveals more than what is there already.

A sum that has gone into further sums, and a message behind further seals, comes round again and again where tasks share
their places: there are as many forms of it as there are sets of sums. All of them reveal less than the one that went
into fewer, so none of them changes who can learn what.
"""

from __future__ import annotations

from dataclasses import field

from fedpolicy.analysis.exposure.domain import Form, State
from fedpolicy.errors import InputError
from fedpolicy.graph.model import Mask
from fedpolicy.limits import MAX_HIDDEN_FORMS, MAX_NESTED_SUMS
from fedpolicy.records import dataclass

__all__ = ["Hidden"]

_NONE = -1  # neither a seal nor an outer sum
_Like = tuple[str, str, int, int, int, int]


@dataclass(slots=True, kw_only=True)
class Hidden:
    """The hidden forms of each vertex; near each other are those of one sum that share their first seal or sum."""

    count: int = 0
    _near: dict[_Like, list[Form]] = field(default_factory=dict)

    def new(self, vertex: str, form: Form, mask: Mask, state: State) -> Mask:
        """
        The instances about which a form that arrives reveals more than what is there.

        Raises InputError where there are more forms than anybody could follow.
        """
        marks = _marks(form)
        for mark in {_NONE, *marks}:
            for other in self._near.get(_like(vertex, form, mark), ()):
                if mask & state[other] and _reveals_as_much(other, form):
                    mask &= ~state[other]
        if mask and form not in state:
            self._keep(self._near.setdefault(_like(vertex, form, marks[0]), []), form)
        return mask

    def _keep(self, near: list[Form], form: Form) -> None:
        near.append(form)
        self.count += 1
        if len(near) > MAX_NESTED_SUMS:
            raise _beyond(f"a sum that goes into further sums, or behind further seals, in {MAX_NESTED_SUMS} ways")
        if self.count > MAX_HIDDEN_FORMS:
            raise _beyond(f"more than {MAX_HIDDEN_FORMS:,} sums and sealed messages at all places together")


def _beyond(what: str) -> InputError:
    return InputError(f"{what} cannot be followed", help="let fewer tasks and flows pass sums on to each other")


def _like(vertex: str, form: Form, mark: int) -> _Like:
    return vertex, form.kind, form.level, form.sum, form.noise, mark


def _marks(form: Form) -> list[int]:
    """Its seals and outer sums, told apart by their sign, in one order."""
    return [*(-2 - seal for seal in reversed(form.seals)), *form.outer] or [_NONE]


def _reveals_as_much(one: Form, other: Form) -> bool:
    """Whether whoever can read the other can read this one, and finds less of it hidden in sums."""
    return set(one.outer) <= set(other.outer) and set(one.seals) <= set(other.seals)
