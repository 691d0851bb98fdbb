"""What models have learned before travels on: up with what is made from them, and back with what is made of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph import Flow, Guard
from fedpolicy.graph.builder import Builder, Use
from fedpolicy.graph.guards import sealed_ways, word_for
from fedpolicy.graph.jobs import Job, Outcome, arranged
from fedpolicy.language.model.does import Seal, Unsaid
from fedpolicy.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BACK = {"downlink", "exchange", "forwarded"}
Back = dict[str, dict[tuple[int, ...], Flow]]  # by place that something comes back to, and the seals on it
Sent = dict[str, Flow | None]  # by place that gets something in an exchange, one of the flows with its seals, if any


def sent_in(builder: Builder, job: Job, flows: Sequence[Flow]) -> Sent:
    """The places that get what is sent in one way, each with a flow of its seals; from where peers meet all get it."""
    sent = [flow for flow in flows if flow.role in {"uplink", "activations"}]
    makers, members = {place.id for place in job.contributors}, [place.id for place in job.members]
    found = dict.fromkeys(flow.target for flow in sent)
    if any(builder.vertex(place).kind == "exchange" for place in found):
        found |= dict.fromkeys(members)
    sealed = sealed_ways(builder, [one for one in sent if one.source in makers], set(members))
    return {place: sealed(place) for place in found}


def brought_back(flows: Iterable[Flow]) -> Back:
    """The places that something comes back to in one way."""
    found: Back = {}
    for flow in (flow for flow in flows if flow.role in _BACK):
        found.setdefault(flow.target, {}).setdefault(flow.seals, flow)
    return found


def carry_input(builder: Builder, job: Job, outcomes: list[Outcome], sent: Sequence[Sent], *, exchanges: bool) -> None:
    """What models have learned before travels on with everything that is made from them or says how they do."""
    sent_to = dict.fromkeys(place for way in sent for place in way)
    if job.task.evaluates is not None:
        _carry(builder, job, job.task.evaluates, sent_to, sent)
    if job.task.model is None:
        return
    results = (outcome.place for outcome in outcomes if job.method.trains)
    places = dict.fromkeys([*(sent_to if exchanges else ()), *results])
    _carry(builder, job, job.task.model, places, sent)
    produced = job.task.produces
    if job.method.trains and produced is not None and produced != job.task.model:
        _inherit(builder, job, job.task.model, produced)


def _inherit(builder: Builder, job: Job, model: str, produced: str) -> None:
    """What comes out knows what went in; a personal copy comes of the copy at its own place."""
    personal = builder.deployment.models[produced].copies == "personal"
    for place in job.contributors if personal else (None,):
        source, target = builder.model_vertex(model, place).id, builder.model_vertex(produced, place).id
        builder.uses.append(Use(model=source, targets=(target,), origin=job.origin, role="inherited"))


def _carry(builder: Builder, job: Job, model: str, places: Iterable[str], sent: Sequence[Sent]) -> None:
    # No safeguard of this task lowers what was learned before, but what is sealed hides that too; whoever trains it
    # without being sent anything has it as it is.
    exchange = arranged(builder, job)[0].origin  # which may be for nobody to know
    for target in places:
        # A personal model goes on from its own copy; who has none gets them all.
        copy = builder.model_vertex(model, builder.vertex(target)).id
        ways = [way[target] for way in sent if target in way]
        found = {one.seals if one else (): one for one in reversed(ways)} or {(): None}
        for seals, flow in found.items():
            # Where the ways differ in their seals, no more is certain than what comes behind all of them.
            sure = len(ways) in {0, len(sent)} and all(set(other) <= set(seals) for other in found)
            guards = [one for one in flow.guards if _covers(one)] if flow else []
            builder.uses.append(
                Use(
                    model=copy,
                    targets=(target,),
                    origin=job.origin if sure else exchange,
                    role="carried",
                    payload=job.up,
                    guards=tuple(replace(one, rests_on=word_for(one.spec, job.words)) for one in guards),
                    seals=seals,
                )
            )


def share_copies(builder: Builder, job: Job, back: Sequence[Back]) -> None:
    """What comes back of contributions that were made from personal copies knows what each of these knew."""
    personal = {name for name, model in builder.deployment.models.items() if model.copies == "personal"}
    names = dict.fromkeys(name for name in (job.task.model, job.task.evaluates) if name in personal)
    exchange = arranged(builder, job)[0].origin if names else job.origin  # which may be for nobody to know
    for name in names if any(back) and len(job.contributors) > 1 else ():
        together = builder.together(job.origin, name)
        copies = [builder.model_vertex(name, place).id for place in job.contributors]
        use = Use(model=together, targets=(), origin=job.origin, role="inherited")
        builder.uses += (replace(use, model=copy, targets=(together,)) for copy in copies)
        if job.method.trains and job.task.produces in personal:
            made = [builder.model_vertex(job.task.produces, place).id for place in job.contributors]
            builder.uses.append(replace(use, targets=tuple(made), origin=job.origin if all(back) else exchange))
        for target, seals, flow in [(to, *one) for way in back for to, some in way.items() for one in some.items()]:
            sure = all(any(set(one) <= set(seals) for one in way.get(target, ())) for way in back)
            guards = tuple(guard for guard in flow.guards if _covers(guard))
            sent = replace(use, targets=(target,), role="carried", payload=job.up, guards=guards, seals=seals)
            builder.uses.append(sent if sure else replace(sent, origin=exchange))


def _covers(guard: Guard) -> bool:
    return isinstance(guard.does, (Seal, Unsaid)) and not guard.ignored
