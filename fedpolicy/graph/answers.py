"""What answers of models carry back to those who asked: what they quote, and behind which seals."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph import Guard, Mask, Vertex
from fedpolicy.graph.builder import Builder, LookUp, Origin
from fedpolicy.graph.computation import computation_of
from fedpolicy.graph.guards import Shield, guards_for, seals_at, seals_for
from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.graph.routes import Runs, route
from fedpolicy.language.model.does import Unsaid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fedpolicy.language.model.flow import Task


def note_indexes(builder: Builder, runs: Runs) -> None:
    """Remember at which places a model looks things up, and what: each task that retrieves has an index there."""
    for _, task in sorted(builder.deployment.tasks.items()):
        if task.model and (builder.catalog.methods[task.method].retrieves or task.method == UNKNOWN):
            for place, mask in _indexed(builder, task, task.model, runs):
                key = (task.model, place)
                builder.indexes[key] = builder.indexes.get(key, 0) | mask


def answer(
    builder: Builder,
    origin: Origin,
    way: Sequence[Vertex],
    model: str,
    retrieves: tuple[str, ...] | None,
    shield: Shield,
) -> Mask:
    """
    Quote to whoever asked, the first of the `way`, what the last of it looks up; those in between read what is open.

    Where nothing is said, a model that has an index there may quote all of it. Returns what may be quoted.
    """
    runner = way[-1]
    if retrieves is None:
        mask = builder.indexes.get((model, runner.id), 0)
        origin = origin.unless([f"{origin.id}.retrieves"])
    else:
        mask = _instances(builder, runner, retrieves)
    if mask:
        builder.lookups.append(LookUp(origin=origin, place=runner.id, data=mask))
        guards, seals = guards_on_answer(builder, way, shield)
        if not _is_direct(way) and unsaid_on_answer(builder, shield, runner):
            # Perhaps it is sealed on its way to whoever asked, who reads it in any case.
            builder.add(origin, "retrieval", runner.id, way[0].id, "completions", mask)
            origin = origin.unless([".".join(map(str, (*shield.path, "safeguards")))])
        for target, source in reversed(list(pairwise(way))):
            own = (guards, seals) if source is runner else ((), ())
            builder.add(origin, "retrieval", source.id, target.id, "completions", mask, guards=own[0], seals=own[1])
    return mask


def _indexed(builder: Builder, task: Task, model: str, runs: Runs) -> Iterator[tuple[str, Mask]]:
    members = builder.places_of(sorted(task.runs_on))
    if task.retrieves is None:
        yield from () if computation_of(task) else ((at, item.bit) for at, item in builder.places.worked_at(task))
        return
    for place in members:
        for chain in route(builder, place, model, runs).ends:
            runner = (place, *chain)[-1]
            yield runner.id, _instances(builder, runner, task.retrieves)


def _instances(builder: Builder, runner: Vertex, retrieves: tuple[str, ...]) -> Mask:
    # Thousands of callers ask one model for the same datasets.
    key = (retrieves, runner.id)
    if key not in builder.quoted:
        builder.quoted[key] = builder.instances(runner, retrieves)
    return builder.quoted[key]


def guards_on_answer(
    builder: Builder, way: Sequence[Vertex], shield: Shield
) -> tuple[tuple[Guard, ...], tuple[int, ...]]:
    """The seals on an answer that others pass on, which whoever asks can open, and the safeguards that they are."""
    if not shield.safeguards or _is_direct(way):
        return (), ()
    seals = seals_for(builder, shield, way[0])
    return seals_at(builder, shield, way[-1], seals, "completions"), seals


def _is_direct(way: Sequence[Vertex]) -> bool:
    """Whether nobody is between whoever asks and whoever answers; who is its own relay is nobody else."""
    return all(hop is way[0] for hop in way[:-1])


def unsaid_on_answer(builder: Builder, shield: Shield, runner: Vertex) -> tuple[Guard, ...]:
    """The safeguards on an answer of which nobody knows what they are."""
    found = guards_for(builder, shield, "uplink", runner, payload="completions")
    return tuple(guard for guard in found if isinstance(guard.does, Unsaid))
