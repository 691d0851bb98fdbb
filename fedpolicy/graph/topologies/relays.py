"""Relays between the clients and whoever adds up: they pass on what they get, and see it unless it is sealed."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.jobs import Job
    from fedpolicy.graph.model import Guard, Mask, Vertex

__all__ = ["hops", "relays", "send_up"]


def relays(builder: Builder, job: Job, place: Vertex) -> list[list[str]]:
    """The relays that a client's contributions pass, hop by hop, its own first; all that a hop may mean."""
    found: list[list[str]] = []
    for reference in job.task.via:
        before = found[-1] if found else [place.id]
        found.append(sorted({hop for at in before for hop in builder.targets(builder.vertex(at), reference)}))
    return found


def hops(chain: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Every single hop of a way whose stations may be several places each."""
    for sources, targets in pairwise(chain):
        yield from product(sources, targets)


def send_up(
    builder: Builder,
    job: Job,
    place: Vertex,
    target: str,
    payload: str,
    role: str,
    *,
    guards: tuple[Guard, ...] = (),
    seal: int | None = None,
) -> None:
    """Send a client's own contribution to a target through the relays; safeguards apply where it leaves the client."""
    own: Mask = job.masks[place.id]
    for source, end in hops([[place.id], *relays(builder, job, place), [target]]):
        first = source == place.id
        builder.add(
            job.origin, role, source, end, payload, own, guards=guards if first else (), seal=seal if first else None
        )
