"""Where the result of a task rests before it becomes a model, and what it hides."""

from __future__ import annotations

from fedpolicy.graph.model import Guard, Mask
from fedpolicy.records import dataclass

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a task at one place: which instances went into it, and as which aggregate."""

    place: str
    mask: Mask
    guards: tuple[Guard, ...] = ()
    aggregate: int | None = None
    raw: str = ""
    payload: str = ""
