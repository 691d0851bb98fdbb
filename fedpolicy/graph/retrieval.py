"""Retrieval: a model that looks things up quotes them to whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import LookUp
from fedpolicy.graph.routes import route

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder, Origin
    from fedpolicy.graph.model import Mask, Vertex
    from fedpolicy.language.model.task import Task

__all__ = ["answer", "note_indexes"]

Runs = Callable[[str], list[str]]


def note_indexes(builder: Builder, runs: Runs) -> None:
    """Remember at which places a model looks things up, and what: each task that retrieves has an index there."""
    for _, task in sorted(builder.deployment.tasks.items()):
        if builder.catalog.methods[task.method].retrieves and task.model:
            for place, mask in _indexed(builder, task, task.model, runs):
                key = (task.model, place)
                builder.indexes[key] = builder.indexes.get(key, 0) | mask


def answer(
    builder: Builder, origin: Origin, way: Sequence[Vertex], model: str, retrieves: tuple[str, ...] | None
) -> Mask:
    """
    Quote to whoever asked, the first of the `way`, what the last of it looks up; those in between read it too.

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
        for target, source in reversed(list(pairwise(way))):
            builder.add(origin, "retrieval", source.id, target.id, "completions", mask)
    return mask


def _indexed(builder: Builder, task: Task, model: str, runs: Runs) -> Iterator[tuple[str, Mask]]:
    members = [builder.vertex(place) for reference in sorted(task.runs_on) for place in builder.sources(reference)]
    if task.retrieves is None:
        yield from _worked_on(builder, task, members)
        return
    for place in members:
        found = route(builder, place, model, runs)
        for runner in (place,) if found.local else (chain[-1] for chain in found.chains):
            yield runner.id, _instances(builder, runner, task.retrieves)


def _instances(builder: Builder, runner: Vertex, retrieves: tuple[str, ...]) -> Mask:
    # Thousands of callers ask one model for the same datasets.
    key = (retrieves, runner.id)
    if key not in builder.quoted:
        builder.quoted[key] = builder.instances(runner, retrieves)
    return builder.quoted[key]


def _worked_on(builder: Builder, task: Task, members: Sequence[Vertex]) -> Iterator[tuple[str, Mask]]:
    """The data of a task at each place: what rests there, and what is moved there from elsewhere."""
    at = {member.id for member in members}
    for item in (item for reference in task.data for item in builder.places.families.get(reference, ())):
        source = builder.vertex(item.place)
        moved = (place for reference in task.runs_on for place in builder.targets(source, reference))
        for place in (item.place,) if item.place in at else moved:
            yield place, 1 << item.index
