"""Tasks: what a method sends between those who take part, to whoever runs its model, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fedpolicy.graph.builder import Builder, Use
from fedpolicy.graph.calls import Call, Runs, call_model
from fedpolicy.graph.guards import guards_for, performers, seal_for
from fedpolicy.graph.jobs import Job, prepare
from fedpolicy.graph.model import Access, Vertex
from fedpolicy.graph.outcome import Outcome
from fedpolicy.graph.routes import aspect, route
from fedpolicy.graph.topologies import alone, peers, split, star, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["desugar_tasks"]


class Desugar(Protocol):
    """Add the flows of one topology and say where the result rests."""

    def __call__(self, builder: Builder, job: Job) -> list[Outcome]: ...


TOPOLOGIES: Mapping[str, Desugar] = {
    "star": star.desugar,
    "tree": tree.desugar,
    "peer_to_peer": peers.desugar,
    "rotating": peers.desugar,
    "split": split.desugar,
    "vertical": split.desugar,
    "local": alone.desugar,
    "central": alone.desugar,
}


def desugar_tasks(builder: Builder, runs: Runs) -> None:
    """Turn every task into flows."""
    for name in sorted(builder.deployment.tasks):
        job = prepare(builder, name, runs)
        _evaluate(builder, job, runs)
        if job.hosted:
            outcomes = _host(builder, job, runs)
        else:
            _use_model(builder, job, runs)
            outcomes = TOPOLOGIES[job.topology](builder, job)
        _carry_input(builder, job, outcomes)
        if job.task.produces is not None:
            for outcome in outcomes:
                _produce(builder, job, job.task.produces, outcome)


def _use_model(builder: Builder, job: Job, runs: Runs) -> None:
    """Let the places that take part run the input model: on the spot for training, else wherever it is run."""
    if job.task.model is None or job.method.needs == "none":
        return
    if job.method.needs == "weights":
        _hold(builder, job, job.task.model)
        return
    call = Call(
        origin=job.origin,
        model=job.task.model,
        payloads=job.method.to_runner or ("prompts",),
        safeguards=job.task.safeguards,
        judged=_judged(builder, job),
    )
    for place in job.contributors:
        call_model(builder, place, job.masks[place.id], call, runs)


def _hold(builder: Builder, job: Job, model: str) -> None:
    for place in job.members:
        vertex = builder.model_vertex(model, place)
        builder.uses.append(
            Use(model=vertex.id, targets=(place.id,), origin=job.origin, role="holds", payload=job.down)
        )
        builder.access.append(Access(use=job.origin.id, model=model, how="weights", at=(place.id,), runner=place.party))


def _judged(builder: Builder, job: Job) -> tuple[str, ...]:
    return (builder.model_vertex(job.task.evaluates).id,) if job.task.evaluates else ()


def _evaluate(builder: Builder, job: Job, runs: Runs) -> None:
    """The judged model must answer first, wherever it is run."""
    if job.task.evaluates is None or job.task.evaluates == job.task.model:
        return
    call = Call(
        origin=job.origin,
        model=job.task.evaluates,
        payloads=("prompts",),
        safeguards=job.task.safeguards,
        role="evaluated",
    )
    for place in job.contributors:
        call_model(builder, place, job.masks[place.id], call, runs)


def _host(builder: Builder, job: Job, runs: Runs) -> list[Outcome]:
    """Nobody in the federation can train, so the records go to whoever can."""
    found: dict[str, Outcome] = {}
    for place in job.contributors:
        chain = _trainer(builder, job, place, runs)
        mask = job.masks[place.id]
        for source, target in zip((place, *chain), chain, strict=False):
            guards = guards_for(builder, job.task.safeguards, job.origin.path, "call", source, payload="records")
            seal = seal_for(builder, job.task.safeguards, job.origin.path)
            builder.add(job.origin, "hosted-training", source.id, target.id, "records", mask, guards=guards, seal=seal)
        end = chain[-1].id
        known = found.get(end)
        found[end] = Outcome(place=end, mask=mask | (known.mask if known else 0))
    return [found[end] for end in sorted(found)]


def _trainer(builder: Builder, job: Job, place: Vertex, runs: Runs) -> tuple[Vertex, ...]:
    name = job.task.model
    found = route(builder, place, name, runs) if name else None
    chain = found.chains[0] if found and found.chains else (builder.party_place("unknown"),)
    if name:
        interface = aspect(builder, name, "interface")
        builder.access.append(
            Access(
                use=job.origin.id,
                model=name,
                how="hosted",
                at=(place.id,),
                runner=chain[-1].party,
                hops=tuple(hop.id for hop in chain),
                interface=tuple(interface) if isinstance(interface, (tuple, list)) else None,
            )
        )
    return chain


def _carry_input(builder: Builder, job: Job, outcomes: list[Outcome]) -> None:
    """What the input model has learned before travels on with everything that is made from it."""
    if job.task.model is None or not job.method.trains:
        return
    source = builder.model_vertex(job.task.model).id
    places = tuple(outcome.place for outcome in outcomes)
    builder.uses.append(Use(model=source, targets=places, origin=job.origin, role="carried", payload=job.up))
    produced = job.task.produces
    if produced is not None and produced != job.task.model:
        target = builder.model_vertex(produced).id
        builder.uses.append(Use(model=source, targets=(target,), origin=job.origin, role="inherited"))


def _produce(builder: Builder, job: Job, model: str, outcome: Outcome) -> None:
    declared = builder.deployment.models.get(model)
    if declared is not None and declared.copies == "personal":
        for place in job.contributors:
            copy = builder.model_vertex(model, place)
            guards = guards_for(
                builder,
                job.task.safeguards,
                job.origin.path,
                "local",
                place,
                payload=job.down,
                clients=performers(place),
            )
            builder.add(job.origin, "produces", place.id, copy.id, job.down, job.masks[place.id], guards=guards)
        return
    target = builder.model_vertex(model)
    builder.add(
        job.origin,
        "produces",
        outcome.place,
        target.id,
        job.down,
        outcome.mask,
        guards=outcome.guards,
        aggregate=outcome.aggregate,
        raw=outcome.raw,
    )
