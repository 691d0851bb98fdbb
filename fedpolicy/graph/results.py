"""What comes of tasks: where it rests, and which models are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.computation import computation_of, rests_at
from fedpolicy.graph.guards import guards_for, vouching
from fedpolicy.graph.jobs import Job, Outcome, arranged, topology_of, ways_of
from fedpolicy.graph.lookup import names_by
from fedpolicy.graph.routes import Runs, aggregators_of, is_hosted, stand_ins
from fedpolicy.language.model.does import Noise
from fedpolicy.records import replace
from fedpolicy.topologies import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fedpolicy.graph import Vertex
    from fedpolicy.graph.builder import Builder
    from fedpolicy.language.model.flow import Task
    from fedpolicy.topologies import Topology


def produced_at(builder: Builder) -> Runs:
    """
    Where each produced model rests unless it says so itself: where its task runs and aggregates.

    A task that only a provider can perform leaves nothing in the federation, which may make the next task hosted
    too; so this is repeated until nothing changes.
    """
    tasks = {name: task for name, task in sorted(builder.deployment.tasks.items()) if task.produces}
    hosted: set[str] = set()
    while True:
        ours = (task for name, task in tasks.items() if name not in hosted)  # several may make one model
        found = names_by((str(task.produces), place) for task in ours for place in _rests(builder, task))
        runs = _looked_up(found)
        again = {name for name, task in tasks.items() if _leaves_nothing(builder, task, runs)}
        if again <= hosted:
            return runs
        hosted |= again


def _leaves_nothing(builder: Builder, task: Task, runs: Runs) -> bool:
    """Whether only others can train, with the task's model and with all that stand in for it."""
    method = builder.catalog.methods[task.method]
    models = [task.model, *stand_ins(builder.deployment, task.model)] if task.model else [None]
    return all(is_hosted(builder, task.changed(model=name), method, runs) for name in models)


def _looked_up(found: dict[str, list[str]]) -> Runs:
    return lambda name: found.get(name, [])


def _rests(builder: Builder, task: Task) -> list[str]:
    method = builder.catalog.methods[task.method]
    ways = ways_of(task, method, topology_of(builder, task, method))
    return sorted({place for way in ways for place in _rests_in(builder, task, TOPOLOGIES[way])})


def _rests_in(builder: Builder, task: Task, row: Topology) -> set[str]:
    if computation_of(task):
        return set(rests_at(builder, task))
    top = task.top_model_at if "top_model_at" in row.keys else None
    last = task.hops[-1].at if task.hops else ()
    above = () if row.aggregator == "none" or top else aggregators_of(builder, task) or last
    members = builder.places_of(task.runs_on)
    found = {place for reference in task.runs_on for place in builder.places.members.get(reference, [])}
    # Of a family of aggregators, or of tops, only those that somebody sends to.
    places = (builder.targets(member, reference) for member in members for reference in (*above, *(top or ())))
    return found.union(*places)


def produce_each_way(
    builder: Builder, job: Job, model: str, made: Sequence[Outcome], exchanged: Sequence[list[Outcome]]
) -> None:
    """What comes of training elsewhere comes of it for certain, and of an exchange as surely as its way is known."""
    if all(outcomes == exchanged[0] for outcomes in exchanged):
        every = [*made, *(exchanged[0] if exchanged else ())]
        _produce(builder, job, model, every, elsewhere=bool(made))
        return
    for way, outcomes in ((job, made), *zip(arranged(builder, job), exchanged, strict=True)):
        _produce(builder, way, model, outcomes, elsewhere=bool(made))
    declared = builder.deployment.models.get(model)
    if declared is not None and declared.copies == "personal" and all(exchanged):
        # Whichever way it is, everybody's own copy learns its own data.
        _produce(builder, replace(job, hosted=True), model, exchanged[0], elsewhere=bool(made))


def _produce(builder: Builder, job: Job, model: str, outcomes: Sequence[Outcome], *, elsewhere: bool) -> None:
    declared = builder.deployment.models.get(model)
    if declared is not None and declared.copies == "personal":
        for place in job.contributors if outcomes else ():
            _produce_copy(builder, job, model, place, elsewhere=elsewhere)
        return
    target = builder.model_vertex(model)
    for outcome in outcomes:
        builder.add(
            job.origin,
            "produces",
            outcome.place,
            target.id,
            outcome.payload or job.down,
            outcome.mask,
            guards=outcome.guards,
            aggregate=outcome.aggregate,
            raw=outcome.raw,
        )


def _produce_copy(builder: Builder, job: Job, model: str, place: Vertex, *, elsewhere: bool) -> None:
    copy = builder.model_vertex(model, place)
    builder.copies.setdefault(model, {})[copy.id] = None
    guards = guards_for(builder, job.shield, "local", place, payload=job.up, clients=vouching(place))
    # Whoever trains it elsewhere does so on the records, on which nobody has put noise.
    guards = tuple(one for one in guards if not (elsewhere and isinstance(one.does, Noise)))
    own = job.masks[place.id]
    builder.add(job.origin, "produces", place.id, copy.id, job.down, own, guards=guards)
    if job.method.down is not None and TOPOLOGIES[job.topology].exchanges == "updates" and not job.hosted:
        # A copy is made of what comes back from the others, too, which their own safeguards are on.
        builder.add(job.origin, "produces", place.id, copy.id, job.down, job.mask & ~own)
