"""Tasks: what a method sends between those who take part, to whoever runs its model, and what comes out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph import Access, Flow, Guard, Mask, Vertex
from fedpolicy.graph.answers import note_indexes
from fedpolicy.graph.builder import Builder, Use
from fedpolicy.graph.calls import Call, call_model, note_access
from fedpolicy.graph.computation import computation_of, is_computation, reveal, revealed_at, runs_inside
from fedpolicy.graph.exchange import Exchange
from fedpolicy.graph.guards import guards_on_work, sealed_ways, seals_for, word_for
from fedpolicy.graph.jobs import UNKNOWN, Job, Outcome, arranged, elsewhere, fallbacks_of, job_of
from fedpolicy.graph.results import produce_each_way
from fedpolicy.graph.routes import Runs, beyond, holders, to_trainer
from fedpolicy.language.model.does import Seal, Unsaid
from fedpolicy.records import replace
from fedpolicy.topologies import DESUGAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Sent = dict[str, Flow | None]  # by place that gets something in an exchange, one of the flows with its seals, if any


def desugar_tasks(builder: Builder, runs: Runs) -> None:
    """Turn every task into flows."""
    note_indexes(builder, runs)
    for name in sorted(builder.deployment.tasks):
        job = job_of(builder, name, runs)
        quoted = _evaluate(builder, job, runs)
        ways = (job, *fallbacks_of(builder, job, runs), *elsewhere(builder, job, runs))
        # Whoever asks the model asks what stands in for it.
        asked = [way is not job and not way.hosted and job.method.needs != "weights" for way in ways]
        made = [[] if done else _train(builder, way, runs, quoted) for way, done in zip(ways, asked, strict=True)]
        # What a task says of its exchange is drawn, also where only somebody else can train its model.
        ours = next((way for way in ways if not way.hosted), job if _says_who_exchanges(job) else None)
        exchanged, sent, flows = _exchange_each_way(builder, ours) if ours is not None else ([], [], [])
        # Without the weights nobody trains at home, whatever the task says of an exchange.
        home = {place.id for place in ours.members} if ours is not None and ours.hosted else set()
        received = [one for outcomes in exchanged for one in outcomes if one.place not in home]
        for way, outcomes in zip(ways, made, strict=True):
            # Whoever trains one of them elsewhere learns nothing of the others.
            exchanges = way is ours or not way.hosted
            learned = [*outcomes, *(received if exchanges else ())]
            _carry_input(builder, way, learned, sent, exchanges=exchanges)
            if exchanges and (personal := copied(builder, way)):
                from fedpolicy.graph.copies import share  # noqa: PLC0415  few models have personal copies

                share(builder, way, personal, flows)
        if computation_of(job.task):
            reveal(builder, job)
        if job.task.produces is not None:
            done = replace(job, hosted=ours is None)
            produce_each_way(builder, done, job.task.produces, [one for some in made for one in some], exchanged)


def _exchange_each_way(builder: Builder, job: Job) -> tuple[list[list[Outcome]], list[Sent], list[list[Flow]]]:
    """What comes of each way in which contributions may travel, where it is sent, and by which flows."""
    found: list[list[Outcome]] = []
    sent: list[Sent] = []
    flows: list[list[Flow]] = []
    for way in arranged(builder, job):
        since = len(builder.flows)
        found.append(DESUGAR[way.topology](Exchange(builder=builder, job=way)))
        flows.append(builder.flows[since:])
        sent.append(_sent(builder, job, flows[-1]))
    return found, sent, flows


def _sent(builder: Builder, job: Job, flows: Sequence[Flow]) -> Sent:
    """The places that get what is sent in one way, each with a flow of its seals; from where peers meet all get it."""
    makers, members = {place.id for place in job.contributors}, [place.id for place in job.members]
    every: Sent = {}
    for role in ("activations", "uplink"):  # of a divided model some goes to the top, and some to who averages it
        sent = [flow for flow in flows if flow.role == role]
        found = dict.fromkeys(flow.target for flow in sent)
        if any(builder.vertex(place).kind == "exchange" for place in found):
            found |= dict.fromkeys(members)
        sealed = sealed_ways(builder, [one for one in sent if one.source in makers], set(members))
        every |= {place: sealed(place) if every.get(place, sent) else None for place in found}
    return every


def _says_who_exchanges(job: Job) -> bool:
    task = job.task
    return bool(job.method.up and (task.aggregator or task.hops or task.via or task.top_model_at or task.labels_at))


def _train(builder: Builder, job: Job, runs: Runs, quoted: Mapping[str, Mask]) -> list[Outcome]:
    """Give the model to those who train, or the records to whoever can; what the clients make follows from that."""
    if job.hosted:
        return _host(builder, job, runs)
    _use_model(builder, job, runs, quoted)
    return []


def _use_model(builder: Builder, job: Job, runs: Runs, quoted: Mapping[str, Mask]) -> None:
    """
    Let the places that take part run the input model: on the spot for training, else wherever it is run.

    What the judged model `quoted` at a place goes to the judge with the rest.
    """
    if job.task.model is None or job.method.needs == "none":
        return
    if job.method.needs == "weights":
        _hold(builder, job, job.task.model)
        if builder.deployment.models[job.task.model].copies == "parts":
            from fedpolicy.graph.divided import pass_through_parts  # noqa: PLC0415  few models are divided

            pass_through_parts(Exchange(builder=builder, job=job), holders(builder, job.task.model, runs))
        return
    if runs_inside(builder, job, job.task.model, holders(builder, job.task.model, runs)):
        return
    call = Call(
        origin=job.origin,
        model=job.task.model,
        payloads=job.method.to_runner or ("prompts",),
        safeguards=job.task.safeguards,
        retrieves=_retrieves(job, job.task.model),
    )
    for place in job.contributors:
        own = replace(call, judged=_judged(builder, job, place))
        call_model(builder, place, job.masks[place.id] | quoted.get(place.id, 0), own, runs)


def _retrieves(job: Job, model: str) -> tuple[str, ...] | None:
    """What the answers of a model quote in a task: the judged one looks things up, where there is one."""
    task = job.task
    if task.retrieves is None:
        # What a task that retrieves looks up by itself is what it sends.
        return () if job.method.retrieves and model == task.model else None
    return task.retrieves if model == (task.evaluates or task.model) else ()


def _hold(builder: Builder, job: Job, model: str) -> None:
    for place in job.members:
        vertex = builder.model_vertex(model, place)
        builder.uses.append(
            Use(model=vertex.id, targets=(place.id,), origin=job.origin, role="holds", payload=job.down)
        )
        builder.access.append(Access(use=job.origin.id, model=model, how="weights", at=(place.id,), runner=place.party))


def _judged(builder: Builder, job: Job, place: Vertex) -> tuple[str, ...]:
    # Of a personal model the copy of whoever asks is judged.
    return (builder.model_vertex(job.task.evaluates, place).id,) if job.task.evaluates else ()


def _evaluate(builder: Builder, job: Job, runs: Runs) -> Mapping[str, Mask]:
    """The judged model must answer first, wherever it is run; returns what it quotes at each place."""
    judged = job.task.evaluates
    if judged is None or judged == job.task.model or runs_inside(builder, job, judged, holders(builder, judged, runs)):
        return {}
    call = Call(
        origin=job.origin,
        model=judged,
        payloads=("prompts",),
        safeguards=job.task.safeguards,
        retrieves=_retrieves(job, judged),
        role="evaluated",
    )
    return {place.id: call_model(builder, place, job.masks[place.id], call, runs) for place in job.contributors}


def _host(builder: Builder, job: Job, runs: Runs) -> list[Outcome]:
    """Nobody in the federation can train, so the records go to whoever can."""
    found: dict[str, Outcome] = {}
    for place in job.contributors:
        mask = job.masks[place.id]
        chains = _trainers(builder, job, place, runs)
        for chain in chains:
            origin = beyond(job.origin, chain, chains)
            # What perhaps goes on from somewhere comes to there in any case, unless behind other seals.
            opened = [seals_for(builder, job.shield, one) for one in chain[-2:]]
            way = (place, *chain) if origin is job.origin or opened[0] != opened[1] else chain[-2:]
            _send_records(builder, replace(job, origin=origin), way, mask)
            end = chain[-1].id
            known = found.get(end)
            found[end] = Outcome(place=end, mask=mask | (known.mask if known else 0))
    return [found[end] for end in sorted(found)]


def _send_records(builder: Builder, job: Job, way: tuple[Vertex, ...], mask: Mask) -> None:
    seals = seals_for(builder, job.shield, way[-1])
    guards = guards_on_work(builder, job.shield, way[0], way[-1], payload="records")
    for source, target in pairwise(way):
        builder.add(job.origin, "hosted-training", source.id, target.id, "records", mask, guards=guards, seals=seals)


def _trainers(builder: Builder, job: Job, place: Vertex, runs: Runs) -> tuple[tuple[Vertex, ...], ...]:
    name = job.task.model
    chains = (to_trainer(builder, place, name, runs) if name else ()) or ((builder.party_place("unknown"),),)
    for chain in chains if name and job.task.method != UNKNOWN else ():
        note_access(builder, job.origin.id, str(name), "hosted", (place, *chain))
    return chains


def _carry_input(builder: Builder, job: Job, outcomes: list[Outcome], sent: Sequence[Sent], *, exchanges: bool) -> None:
    """What models have learned before travels on with everything that is made from them or says how they do."""
    sent_to = dict.fromkeys(place for way in sent for place in way)
    if job.task.evaluates is not None:
        _carry(builder, job, job.task.evaluates, sent_to, sent, exchanges=exchanges)
    if job.task.model is None:
        return
    results = [outcome.place for outcome in outcomes if job.method.trains]
    told = revealed_at(builder, job.task) if any(is_computation(builder.vertex(one)) for one in results) else ()
    places = dict.fromkeys([*(sent_to if exchanges else ()), *results, *told])
    _carry(builder, job, job.task.model, places, sent, exchanges=exchanges)
    produced = job.task.produces
    if job.method.trains and produced is not None and produced != job.task.model:
        _inherit(builder, job, job.task.model, produced, outcomes if exchanges and not job.hosted else [])


def _inherit(builder: Builder, job: Job, model: str, produced: str, outcomes: Sequence[Outcome]) -> None:
    """What comes out knows what went in; a personal copy comes of the copy at its own place."""
    personal = builder.deployment.models[produced].copies == "personal"
    told = {} if personal or not outcomes else _told(builder, job, model, [one.guards for one in outcomes])
    several = personal or builder.deployment.models[model].copies == "personal"
    for place in job.contributors if several else (None,):
        source, target = builder.model_vertex(model, place).id, builder.model_vertex(produced, place).id
        use = Use(model=source, targets=(target,), origin=job.origin, role="inherited", guards=told.get(source, ()))
        builder.uses.append(replace(use, speakers=tuple(told)))


def _told(
    builder: Builder, job: Job, model: str, added: Sequence[Sequence[Guard]] = ()
) -> Mapping[str, tuple[Guard, ...]]:
    if builder.deployment.models[model].copies != "personal":
        return {}
    from fedpolicy.graph.copies import told_by_copies  # noqa: PLC0415  few models have personal copies

    return told_by_copies(builder, job, model, added)


def _carry(
    builder: Builder, job: Job, model: str, places: Iterable[str], sent: Sequence[Sent], *, exchanges: bool
) -> None:
    # No safeguard of this task lowers what was learned before, but what is sealed hides that too, and so does noise on
    # what single copies say; whoever trains it without being sent anything has it as it is.
    told, on_the_way = _told(builder, job, model), {place for way in sent for place in way if exchanges}
    on_the_way -= {place.id for place in job.contributors}
    exchange = arranged(builder, job)[0].origin  # which may be for nobody to know
    for target in places:
        # A personal model goes on from its own copy; who has none gets them all.
        copy = builder.model_vertex(model, builder.vertex(target)).id
        copies = told if told and target in on_the_way else {copy: ()}
        ways = [way[target] for way in sent if target in way]
        found = {one.seals if one else (): one for one in reversed(ways)} or {(): None}
        for seals, flow in found.items():
            # Where the ways differ in their seals, no more is certain than what comes behind all of them.
            sure = len(ways) in {0, len(sent)} and all(set(other) <= set(seals) for other in found)
            guards = [one for one in flow.guards if covers(one)] if flow else []
            sealing = tuple(replace(one, rests_on=word_for(one.spec, job.words)) for one in guards)
            builder.uses += (
                Use(
                    model=one,
                    targets=(target,),
                    origin=job.origin if sure else exchange,
                    role="carried",
                    payload=job.up,
                    guards=(*sealing, *noises),
                    seals=seals,
                    speakers=(one,) if noises else (),
                )
                for one, noises in copies.items()
            )


def covers(guard: Guard) -> bool:
    """Whether a safeguard hides what was learned before as well, and may count."""
    return isinstance(guard.does, (Seal, Unsaid)) and not guard.ignored


def copied(builder: Builder, job: Job) -> tuple[str, ...]:
    """The models with personal copies from which contributions of several start."""
    names = dict.fromkeys((job.task.model, job.task.evaluates)) if len(job.contributors) > 1 else ()
    return tuple(name for name in names if name and builder.deployment.models[name].copies == "personal")
