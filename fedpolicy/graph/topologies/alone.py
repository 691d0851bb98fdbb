"""No exchange: the task runs on the spot, on data that are there or were brought there (local, central)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.guards import guards_for
from fedpolicy.graph.outcome import Outcome

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder
    from fedpolicy.graph.jobs import Job

__all__ = ["desugar"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """Leave the result where the task runs."""
    found = []
    for place in job.contributors:
        guards = guards_for(
            builder, job.task.safeguards, job.origin.path, "local", place, payload="model_weights", clients=job.clients
        )
        found.append(Outcome(place=place.id, mask=job.masks[place.id], guards=guards))
    return found
