"""Relays between the clients and whoever adds up: they pass on what they get, and see it unless it is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.stations import hops, stations

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.jobs import Job
    from fedpolicy.graph.model import Guard, Vertex

__all__ = ["send_up"]


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
    own = job.masks[place.id]
    for source, end in hops([[place.id], *stations(builder, place, job.task.via), [target]]):
        first = source == place.id
        builder.add(
            job.origin, role, source, end, payload, own, guards=guards if first else (), seal=seal if first else None
        )
