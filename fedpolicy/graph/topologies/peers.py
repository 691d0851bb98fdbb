"""No aggregator: every client sees every other client's update (peer to peer), or each one in turn (rotating)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.jobs import Job, secure_sums, uplink_guards
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.topologies.relays import send_up

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder

__all__ = ["desugar"]


def desugar(builder: Builder, job: Job) -> list[Outcome]:
    """
    Send every contribution to an exchange, and all of them from there to everybody who takes part.

    The exchange stands for the n x (n - 1) flows between the clients; nobody operates it and it keeps nothing back.
    """
    hub = builder.exchange(job.origin)
    path = job.origin.path
    sums = secure_sums(builder, job, job.task.safeguards, path, job.contributors, job.mask)
    for place in job.contributors:
        guards, seal = uplink_guards(builder, job, place, job.task.safeguards, sums, path)
        send_up(builder, job, place, hub.id, job.up, "uplink", guards=guards, seal=seal)
    for place in job.members:
        builder.add(job.origin, "exchange", hub.id, place.id, job.up, job.mask)
    return [_outcome(builder, job, hub.id)]


def _outcome(builder: Builder, job: Job, hub: str) -> Outcome:
    low, high, missing = job.cohort()
    ids = [place.id for place in job.contributors]
    summable = builder.catalog.payloads[job.up].summable
    aggregate = builder.add_aggregate(
        job.origin, ids, job.mask, (low, high), job.clients, summable=summable, missing=missing
    )
    return Outcome(place=hub, mask=job.mask, aggregate=aggregate, raw=job.up)
