"""A task made ready for its desugaring: who takes part, with which data, who runs its model, where its result rests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph import DataItem, Guard, Mask, Vertex, bits
from fedpolicy.graph.builder import Builder, Origin, mask_of
from fedpolicy.graph.computation import computation_of, share
from fedpolicy.graph.guards import Shield, Words, guards_on_work, seals_for, vouching
from fedpolicy.graph.masks import united
from fedpolicy.graph.routes import Runs, aggregators_of, holders, is_hosted, stand_ins
from fedpolicy.language.model.does import Seal, Sum
from fedpolicy.language.model.types import UNMIXED
from fedpolicy.records import dataclass, replace
from fedpolicy.topologies import DESUGAR, KEYS, TOPOLOGIES, left_out, possible

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.language.model.flow import Task

_HOW = "; where it computes on shares or on ciphertext, `secure_computation` says so"
UNKNOWN = "unknown"  # the method of which nobody knows what it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a task at one place: which instances went into it, and as which aggregate."""

    place: str
    mask: Mask
    guards: tuple[Guard, ...] = ()
    aggregate: int | None = None
    raw: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    One task.

    `masks` gives each place of `members` the instances that it works on, `mask` all of them; `contributors` are
    those places with any (`moved`: from elsewhere), or where all meet that nobody reads; `words` say on whom they rest.
    """

    name: str
    task: Task
    method: MethodRow
    origin: Origin
    topology: str
    hosted: bool
    members: tuple[Vertex, ...]
    masks: dict[str, Mask]
    mask: Mask
    contributors: tuple[Vertex, ...]
    moved: bool
    words: Words
    up: str
    down: str

    @property
    def shield(self) -> Shield:
        """Its safeguards, and where it stands."""
        return Shield(self.task.safeguards, self.origin.path)

    def shield_of(self, hop: int) -> Shield:
        """The same of one of its hops."""
        return Shield(self.task.hops[hop].safeguards, (*self.origin.path, "hops", hop))

    def shares(self, contributors: Sequence[Vertex]) -> tuple[Mask, ...]:
        """What each of these contributes, where the data come from elsewhere."""
        return tuple(self.masks[place.id] for place in contributors) if self.moved else ()

    @property
    def population(self) -> int:
        """How many clients there are, cohorts counted in full."""
        return sum(place.weight for place in self.contributors)

    def cohort(self) -> tuple[int, int, tuple[str, ...]]:
        """Contributors per round in the most and the least favourable reading, and the fact to declare."""
        sums = (one.does.clients_of(one) for one in self.task.safeguards if isinstance(one.does, Sum))
        if known := max(self.task.min_clients or 0, *sums, 0):
            known = max(1, known - self.idle(self.members))
            return known, known, ()
        # A round that loses clients goes on with fewer unless something says how many it needs.
        most = self.task.clients_per_round or self.population
        return most, 1, () if most == 1 else (f"{self.origin.id}.min_clients",)

    def mixed(self, cohort: tuple[int, int, tuple[str, ...]]) -> tuple[int, int, tuple[str, ...]]:
        """How many of a round are mixed with one another: one, where the rule gives back what single clients sent."""
        if self.task.says_unknown("aggregation") and cohort[0] > 1:
            return cohort[0], 1, (*cohort[2], f"{self.origin.id}.aggregation")
        return (1, 1, ()) if self.task.aggregation in UNMIXED else cohort

    def idle(self, members: Iterable[Vertex]) -> int:
        """How many of them have no data of this task: they may be in a round, and nobody hides among them."""
        return sum(place.weight for place in members if not self.masks[place.id])

    def cohort_at(self, clients: Sequence[Vertex], sure: int | None = None) -> tuple[int, int, tuple[str, ...]]:
        """
        The same for an aggregator that some of the clients send to; `sure` counts those who send to no other.

        A round's clients may all be among them, or only those whom the others cannot hold.
        """
        here = sum(place.weight for place in clients)
        low, high, missing = self.cohort()
        most = min(low, here)
        least = min(most, max(1, high - (self.population - (here if sure is None else sure))))
        return most, least, missing or (() if least == most else (f"{self.origin.id}.clients_per_round",))


def fallbacks_of(builder: Builder, job: Job, runs: Runs) -> tuple[Job, ...]:
    """
    The same task with each model that is used instead of its own, the nearest first.

    Where the model is only asked, its fallbacks are part of asking it (see `calls`). Where nobody knows what is done,
    those that are held here may be trained instead.
    """
    name, unknown = job.task.model, job.task.method == UNKNOWN
    if name is None or not (unknown or job.hosted or job.method.needs == "weights"):
        return ()
    found = []
    for other, of in stand_ins(builder.deployment, name).items():
        task = job.task.changed(model=other)
        hosted = is_hosted(builder, task, job.method, runs)
        if not unknown or holders(builder, other, runs):
            found.append(replace(job, task=task, hosted=hosted, origin=job.origin.fallback(other, of)))
    return tuple(found)


def elsewhere(builder: Builder, job: Job, runs: Runs) -> tuple[Job, ...]:
    """Where nobody knows what is done: the same task done by whoever can train its model, or what stands in for it."""
    task, name = job.task, job.task.model
    if task.method != UNKNOWN:
        return ()
    updates = task.topology is not None and TOPOLOGIES[task.topology].exchanges == "updates"
    shared = task.aggregator or task.via or task.hops or updates or computation_of(task)
    models = [name, *stand_ins(builder.deployment, name)] if name else [None]
    away = (one for one in models if not shared or (one and not holders(builder, one, runs)))
    return tuple(replace(job, task=task.changed(model=one), hosted=True) for one in away)


def arranged(builder: Builder, job: Job) -> tuple[Job, ...]:
    """The same task in each way in which its contributions may travel: one, unless nobody knows which."""
    ways = ways_of(job.task, job.method, job.topology)
    if ways == (job.topology,) and job.task.method != UNKNOWN:
        return (job,)
    unsure = job.origin.unless([f"{job.origin.id}.topology"]) if job.task.says_unknown("topology") else job.origin
    # Where all that are possible share a file, the first of them is the least that may be.
    alike = len({DESUGAR[way] for way in ways}) == 1 and not (job.task.aggregator and job.task.top_model_at)
    least = ways[0] if alike else None
    return tuple(
        replace(
            job,
            method=method,
            topology=way,
            up=_uplink_payload(method, way),
            origin=job.origin if way == least else unsure,
        )
        for way in ways
        for method in _methods(builder, job, way)
    )


def _methods(builder: Builder, job: Job, way: str) -> Iterator[MethodRow]:
    """The task's own; where nobody knows what is done, also those that send what is none of the worst in this way."""
    own = job.method
    yield own
    if job.task.method == UNKNOWN:
        rows = [row for row in builder.catalog.methods.values() if row.up != own.up]
        yield from (row for row in rows if way in (row.up_in or {}))
        if TOPOLOGIES[way].exchanges == "updates":  # numbers may be added up, and the sum passed on
            yield from [row for row in rows if row.family == own.family][:1]


def ways_of(task: Task, method: MethodRow, topology: str) -> tuple[str, ...]:
    """The topologies that a task may have: its own, or all that are possible where nobody knows which."""
    unsaid = task.says_unknown("topology") or (task.method == UNKNOWN and not task.topology)
    if not (unsaid and method.up) or computation_of(task):  # who computes on shares exchanges nothing beside
        return (topology,)
    found = possible([key for key in ("aggregator", "via", *KEYS) if getattr(task, key)])
    # Those that share a file travel alike, and of the last no less can be learned.
    files = {DESUGAR[way]: way for way in found}
    return tuple(files.values() if len(files) > 1 else found) or (topology,)


def job_of(builder: Builder, name: str, runs: Runs) -> Job:
    """Resolve who takes part; data that are elsewhere are moved to where the task runs, as records."""
    task = builder.deployment.tasks[name]
    method = builder.catalog.methods[task.method]
    origin = Origin(id=f"tasks.{name}", path=("tasks", name), implied_by=f"tasks.{name} ({task.method})")
    members = builder.places_of(sorted(task.runs_on))
    computed = computation_of(task)
    masks = share(builder, task, origin, members, computed) if computed else _masks(builder, task, origin, members)
    contributors = tuple(builder.vertex(place) for place, mask in masks.items() if mask)
    mask = builder.worked[origin.id] = reduce(or_, masks.values(), 0)
    topology = topology_of(builder, task, method)
    if task.method == UNKNOWN:
        origin = origin.unless([f"tasks.{name}.method"])
    return Job(
        name=name,
        task=task,
        method=method,
        origin=origin,
        topology=topology,
        hosted=is_hosted(builder, task, method, runs),
        members=tuple(members),
        masks=masks,
        mask=mask,
        contributors=contributors,
        moved=any(builder.places.data[index].place not in masks for index in bits(mask)),
        words=vouching(*contributors),
        up=_uplink_payload(method, topology),
        down=method.down or "model_weights",
    )


def topology_of(builder: Builder, task: Task, method: MethodRow) -> str:
    """What the task says; else what its method exchanges and whether there is an aggregator."""
    if task.topology:
        # A method that sends nothing up exchanges nothing, wherever it is said to run.
        return task.topology if method.up or TOPOLOGIES[task.topology].exchanges != "updates" else "local"
    hops, aggregator, blind = bool(task.hops), bool(task.aggregator), computation_of(task) is not None
    found = left_out(method.topology, method.up, hops=hops, aggregator=aggregator, blind=blind)
    return "local" if found == "star" and not aggregators_of(builder, task) else found


def _uplink_payload(method: MethodRow, topology: str) -> str:
    return {str(name): one for name, one in (method.up_in or {}).items()}.get(topology) or method.up or "model_update"


def _masks(builder: Builder, task: Task, origin: Origin, members: list[Vertex]) -> dict[str, Mask]:
    masks = {place.id: 0 for place in members}
    away: dict[tuple[str, str, str], list[DataItem]] = {}
    for place, item in builder.places.worked_at(task):
        if item.place == place:
            masks[place] = masks[place] | item.bit if masks[place] else item.bit
        else:
            away.setdefault((item.family, item.place, place), []).append(item)
    for (_, source, target), items in sorted(away.items()):
        mask = mask_of(items)
        masks[target] = united(masks[target], mask)
        _bring_records(builder, task, origin, source, target, mask)
    return masks


def _bring_records(builder: Builder, task: Task, origin: Origin, source: str, target: str, mask: Mask) -> None:
    worker, shield = builder.vertex(target), Shield(task.safeguards, origin.path)
    guards = guards_on_work(builder, shield, builder.vertex(source), worker, payload="records")
    guards = tuple(replace(one, ignored=one.ignored + _HOW) if _could_compute(one) else one for one in guards)
    seals = seals_for(builder, shield, worker)
    builder.add(origin, "records", source, target, "records", mask, guards=guards, seals=seals)


def _could_compute(guard: Guard) -> bool:
    """Whether a seal does not count although one could compute on what is behind it."""
    return bool(guard.ignored) and isinstance(guard.does, Seal) and guard.does.malleable
