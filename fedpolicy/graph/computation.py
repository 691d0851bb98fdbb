"""
Computing on shares or on ciphertext: whoever runs a task reads neither its data nor what comes of them.

The data meet at a point that nobody can look into, and what comes of them leaves it in the clear. Those who run the
task get the data sealed: enough of those who hold the shares, or the keys, could open them.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph import Access
from fedpolicy.graph.builder import Use, mask_of
from fedpolicy.graph.guards import Shield, guards_for, readers, sealed_for_work, vouching
from fedpolicy.graph.masks import grouped
from fedpolicy.language.model.does import Seal
from fedpolicy.records import replace
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fedpolicy.graph import Flow, Mask, Vertex
    from fedpolicy.graph.builder import Builder, Origin
    from fedpolicy.graph.jobs import Job
    from fedpolicy.language.model.flow import Task
    from fedpolicy.language.model.safeguards import Safeguard


class Computation(NamedTuple):
    """The safeguard of a task under which all of it is computed, with its place among the others."""

    place: int
    spec: Safeguard
    does: Seal


def computation_of(task: Task) -> Computation | None:
    """Under which safeguard a task is computed, if nobody reads what it works on."""
    for place, spec in enumerate(task.safeguards):
        if isinstance(does := spec.does, Seal) and does.inputs:
            return Computation(place, spec, does)
    return None


def is_computation(vertex: Vertex) -> bool:
    """Whether data meet here on which several compute without reading them."""
    return vertex.kind == "exchange" and bool(vertex.operators)


def computing(flows: Iterable[Flow]) -> frozenset[str]:
    """The places that compute together, by the flows of their task: what they get is sealed."""
    return frozenset(flow.target for flow in flows if flow.seals and flow.role == "records")


def revealed_at(builder: Builder, task: Task) -> list[str]:
    """The places that get the result of a computation in the clear, as its safeguard says."""
    found = computation_of(task)
    named = found.does.result_of(found.spec) if found else ()
    return [place for reference in sorted(named) for place in builder.sources(reference)]


def share(
    builder: Builder, task: Task, origin: Origin, members: Sequence[Vertex], found: Computation
) -> dict[str, Mask]:
    """Send all data of a task, sealed, to everybody who computes, and to where they meet; say what each works on."""
    path, does = (*origin.path, "safeguards", found.place), found.does
    seal = builder.add_seal(path, readers(builder, does.readers_of(found.spec)), does.threshold_of(found.spec))
    meeting = _meeting_point(builder, origin, members)
    stored = grouped({item.index: (item.place, item.bit) for _, item in builder.places.worked_at(task)}.values())
    for source, mask in sorted(stored.items()):
        shield = Shield(task.safeguards, origin.path)
        guards = guards_for(builder, shield, "call", builder.vertex(source), payload="records")
        for member in members:
            sealing = sealed_for_work(builder, guards, member, seals=[seal])
            builder.add(origin, "records", source, member.id, "records", mask, guards=sealing, seals=(seal,))
        bare = tuple(guard for guard in guards if guard.path != path)
        builder.add(origin, "records", source, meeting.id, "records", mask, guards=bare)
    whole = reduce(or_, stored.values(), 0)
    for member in members:
        builder.computed.setdefault(member.id, []).append((meeting.id, whole))
    return {**{member.id: 0 for member in members}, meeting.id: whole}


def _meeting_point(builder: Builder, origin: Origin, members: Sequence[Vertex]) -> Vertex:
    """Nobody sees what is there; what is done there rests on all who compute, and on their software."""
    words = vouching(*members)[0]
    parties, suppliers = ({getattr(one, key) for one in members} for key in ("party", "supplier"))
    known = replace(
        builder.exchange(origin),
        party=parties.pop() if len(parties) == 1 else "",
        operators=tuple(sorted(words)),
        code_from=min(words),
        supplier=suppliers.pop() if len(suppliers) == 1 else "",
    )
    builder.places.vertices[known.id], builder.hands[known.id] = known, tuple(members)
    return known


def runs_inside(builder: Builder, job: Job, model: str, places: Collection[str]) -> bool:
    """
    Let those who compute run a model on what they cannot read, if all of them have it; whether they do.

    What it has learned comes with the result.
    """
    if computation_of(job.task) is None or not {one.id for one in job.members}.issubset(places):
        return False
    builder.access += [
        Access(use=job.origin.id, model=model, how="weights", at=(one.id,), runner=one.party) for one in job.members
    ]
    told = (*(one.id for one in job.contributors), *revealed_at(builder, job.task))
    vertex = builder.model_vertex(model).id
    builder.uses.append(Use(model=vertex, targets=told, origin=job.origin, role="use", payload="completions"))
    return True


def rests_at(builder: Builder, task: Task) -> list[str]:
    """The nodes where the model of a computation is, unless it says so itself: those that get it in the clear."""
    return [place for place in revealed_at(builder, task) if builder.vertex(place).family]


def reveal(builder: Builder, job: Job) -> None:
    """Send what comes of a computation to those whom its safeguard names, unless its model rests there anyway."""
    made = builder.deployment.models.get(job.task.produces or "")
    weights = builder.catalog.payloads[job.down].weights
    trained = job.down if weights else "model_weights"
    payload = trained if job.method.trains else job.method.output or job.up
    placed = made is not None and made.weights_at is None and not made.via
    known = rests_at(builder, job.task) if placed else ()
    for source in job.contributors:
        guards = guards_for(builder, job.shield, "inside", source, payload=payload)
        for end in (one for one in revealed_at(builder, job.task) if one not in known):
            builder.add(job.origin, "revealed", source.id, end, payload, job.mask, guards=guards)


def starts(builder: Builder, source: Vertex, mask: Mask | None) -> tuple[Vertex, ...]:
    """From where data leave that a place sends: from where they meet, if they do and the place cannot read them."""
    meetings = builder.computed.get(source.id, ())
    if mask is None:
        return (*(builder.vertex(meeting) for meeting, _ in meetings), source)
    own = mask_of(builder.places.stored.get(source.id, ()))
    met = (builder.vertex(meeting) for meeting, whole in meetings if mask & ~own and not mask & ~whole)
    return tuple(met) or (source,)
