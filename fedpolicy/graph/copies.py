"""
Personal copies: what comes back to those who start from them tells of all, and what noise on what one says counts for.

A client that is bounded as a whole says no more of what its own copy was trained on than of anything else that it has:
so teachers vote (Papernot et al. 2017 and 2018, PATE). What several copies have learned, each of them may say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph import Flow, Vertex
from fedpolicy.graph.builder import Use
from fedpolicy.graph.divided import averaged
from fedpolicy.graph.guards import guards_for
from fedpolicy.graph.jobs import arranged
from fedpolicy.graph.provenance import reached_at
from fedpolicy.graph.tasks import covers
from fedpolicy.language.model.does import Cap, Noise, Sum
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import replace
from fedpolicy.topologies import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fedpolicy.graph import Guard, Mask
    from fedpolicy.graph.builder import Builder, Origin
    from fedpolicy.graph.jobs import Job

_LEARNED = (
    "a model has learned before what travels here; name the datasets that this is made of, or protect the training"
)
_BACK = {"downlink", "exchange", "forwarded"}
Back = dict[str, dict[tuple[int, ...], Flow]]  # by place that something comes back to, and the seals on it


def share(builder: Builder, job: Job, models: Iterable[str], flows: Sequence[Sequence[Flow]]) -> None:
    """Bring what all copies of each model know to whoever something comes back to, by the flows of each way."""
    ways = arranged(builder, job)
    updates = [averaged(way.task, way.topology) or TOPOLOGIES[way.topology].exchanges == "updates" for way in ways]
    back = [_back(some) if here else {} for here, some in zip(updates, flows, strict=True)]
    for name in models if any(back) else ():
        _share(builder, job, name, back, ways[0].origin)


def _share(builder: Builder, job: Job, model: str, back: Sequence[Back], unsure: Origin) -> None:
    together = _together(builder, job, model)
    said = tuple(builder.model_vertex(model, place).id for place in job.contributors)
    use = Use(model=together, targets=(), origin=job.origin, role="inherited")
    noise = told_by_copies(builder, job, model)
    for copy in said:
        builder.uses.append(replace(use, model=copy, targets=(together,), guards=noise.get(copy, ()), speakers=(copy,)))
    produced = job.task.produces
    if job.method.trains and produced and builder.deployment.models[produced].copies == "personal":
        made = tuple(builder.model_vertex(produced, place).id for place in job.contributors)
        ends = [flow.guards for way in back for some in way.values() for flow in some.values()]
        added = added_noise(job, ends) if noise else ()
        builder.uses.append(
            replace(use, targets=made, origin=job.origin if all(back) else unsure, guards=added, speakers=said)
        )
    for target, seals, flow in [(to, *one) for way in back for to, some in way.items() for one in some.items()]:
        sure = all(any(set(one) <= set(seals) for one in way.get(target, ())) for way in back)
        guards = tuple(guard for guard in flow.guards if covers(guard) or (noise and is_added(job, guard)))
        sent = replace(
            use, targets=(target,), role="carried", payload=job.up, guards=guards, seals=seals, speakers=said
        )
        builder.uses.append(sent if sure else replace(sent, origin=unsure))


def _back(flows: Iterable[Flow]) -> Back:
    found: Back = {}
    for flow in (flow for flow in flows if flow.role in _BACK):
        found.setdefault(flow.target, {}).setdefault(flow.seals, flow)
    return found


def _together(builder: Builder, job: Job, model: str) -> str:
    """The vertex of what the copies of a model know together, one for each element that starts from them."""
    name = f"{model}@{job.origin.id}"
    identity = f"models.{name}"
    vertex = Vertex(id=identity, kind="model", name=name, family=name, path=("models", model))
    builder.places.vertices[identity] = vertex
    return identity


def is_whole(guard: Guard) -> bool:
    """Whether noise bounds all that one client says, whatever that is made of: as a whole, or as one vote."""
    spec = guard.spec
    if not isinstance(spec, DifferentialPrivacy) or spec.where == "distributed" or guard.ignored:
        return False
    return spec.unit == "client" or (spec.mechanism == "gnmax" and spec.sampling in {None, "none"})


def told_by_copies(
    builder: Builder, job: Job, model: str, added: Sequence[Sequence[Guard]] = ()
) -> Mapping[str, tuple[Guard, ...]]:
    """
    By personal copy that says something in an exchange, the noise that its own place puts on that.

    Also the noise that whoever adds up puts on what comes of it, where safeguards are `added` there.
    """
    ways = {TOPOLOGIES[way.topology].exchanges for way in arranged(builder, job)}
    if ways != {"updates"}:
        return {}
    found, after = {}, added_noise(job, added)
    for place in job.contributors:
        said = guards_for(builder, job.shield, "uplink", place, payload=job.up, clients=job.words)
        found[builder.model_vertex(model, place).id] = (*(one for one in said if is_whole(one)), *after)
    return found


def added_noise(job: Job, ways: Sequence[Sequence[Guard]]) -> tuple[Guard, ...]:
    """The noise that all who add up put on what comes of it; it rests on each of them."""
    every = [{one.path: one for one in guards if is_added(job, one)} for guards in ways]
    return tuple(
        replace(one, rests_on=frozenset().union(*(found[path].rests_on for found in every)))
        for path, one in (every[0].items() if every else ())
        if all(path in found for found in every)
    )


def is_added(job: Job, guard: Guard) -> bool:
    """Whether it is such noise of the task's own, not of a hop."""
    return is_whole(guard) and guard.path[:-1] == (*job.origin.path, "safeguards")


def on_learned(builder: Builder, guards: Sequence[Guard], own: str, *, sole: bool) -> tuple[Guard, ...]:
    """The safeguards of a declared flow on what a model has learned: seals, and noise where one place says it."""
    family = str(builder.vertex(own).path[1])
    personal = builder.deployment.models[family].copies == "personal"
    alone = personal and (sole or own in builder.copies.get(family, ()))
    return tuple(
        replace(one, ignored=_LEARNED)
        if isinstance(one.does, (Sum, Cap, Noise)) and not one.ignored and not (alone and is_whole(one))
        else one
        for one in guards
    )


def bound_noise(builder: Builder) -> None:
    """Let noise on what a model says count for what one copy alone has learned."""
    flows = [flow for flow in builder.flows if flow.guards and builder.vertex(flow.source).kind == "model"]
    noisy = [flow for flow in flows if any(isinstance(one.does, Noise) for one in flow.guards)]
    reached = reached_at(builder) if noisy else {}
    known: dict[str, Mask] = {}
    for flow in noisy:
        family = str(builder.vertex(flow.source).path[1])  # of what copies know together, too
        if family not in known:
            known[family] = _learned_alone(builder, family, reached)
        about = known[family] & reached.get(flow.source, 0)
        builder.flows[flow.index] = replace(flow, guards=tuple(_about(one, about) for one in flow.guards))


def _about(guard: Guard, about: Mask) -> Guard:
    return replace(guard, about=about) if isinstance(guard.does, Noise) else guard


def _learned_alone(builder: Builder, family: str, reached: Mapping[str, Mask]) -> Mask:
    """What one copy of a model has learned and no other one."""
    once = several = 0
    for copy in builder.copies.get(family, ()):
        learned = reached.get(copy, 0)
        several |= once & learned
        once |= learned
    return once & ~(several | reached.get(f"models.{family}", 0))
