"""Ways over places in between: what relays and gateways pass on, hop by hop."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.model import Vertex

__all__ = ["hops", "stations"]


def stations(builder: Builder, place: Vertex, references: Sequence[str]) -> list[list[str]]:
    """The places that references name as seen from a place, one after the other; all that each one may mean."""
    found: list[list[str]] = []
    for reference in references:
        before = found[-1] if found else [place.id]
        found.append(sorted({hop for at in before for hop in builder.targets(builder.vertex(at), reference)}))
    return found


def hops(chain: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Every single hop of a way whose stations may be several places each."""
    for sources, targets in pairwise(chain):
        yield from product(sources, targets)
