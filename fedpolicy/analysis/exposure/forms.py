"""How an instance is held: open at a level, hidden in a sum, sealed, or seen through noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fedpolicy.analysis.exposure.readings import BOUNDED, INFERABLE, VERBATIM
from fedpolicy.graph.model import Mask

__all__ = ["NOISE", "OPEN", "SEALED", "SUM", "Form", "State", "read_sum", "unsealed"]

OPEN, SUM, SEALED, NOISE = "open", "sum", "sealed", "noise"


class Form(NamedTuple):
    """
    How instances are held at a vertex.

    OPEN: at least at `level`. SUM: inside aggregate `sum` (-1: none), whose single contributions are at
    `level`, with the noise of mechanism `noise` (-1: none) shared out among them; `outer` are the
    aggregates that the first one went into. SEALED: the same behind all of `seals`. NOISE: seen through mechanism
    `noise`.
    """

    kind: str
    level: int = 0
    sum: int = -1
    noise: int = -1
    seals: tuple[int, ...] = ()
    outer: tuple[int, ...] = ()


State = dict[Form, Mask]
_OPEN = tuple(Form(OPEN, level) for level in range(VERBATIM + 1))


def read_sum(form: Form, mask: Mask, hidden: Mask) -> Iterator[tuple[Form, Mask]]:
    """What somebody reads in a sum that hides the instances `hidden` from them."""
    yield _OPEN[BOUNDED], mask
    if hidden and form.noise >= 0:
        yield Form(NOISE, noise=form.noise), hidden
    elif hidden and form.level >= INFERABLE:
        yield _OPEN[INFERABLE], hidden
    if mask != hidden:
        for level in range(INFERABLE, form.level + 1):
            yield _OPEN[level], mask & ~hidden


def unsealed(form: Form) -> Form:
    """What a reader finds behind a seal."""
    if form.sum >= 0:
        return form._replace(kind=SUM, seals=())
    return Form(OPEN, form.level) if form.noise < 0 else Form(NOISE, noise=form.noise)
