"""What tasks imply: which models they use, what they exchange, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tests.reference.blind import Blind
from tests.reference.jobs import Job
from tests.reference.models import Made, Models
from tests.reference.movement import INFERABLE, VERBATIM, Movement, Seal
from tests.reference.safeguards import caps, seals
from tests.reference.world import World


class Desugared(Blind):
    """The movements of all tasks."""

    def __init__(self, world: World, models: Models) -> None:
        super().__init__(world, models)
        self.jobs = [Job(models, name) for name in world.file.tasks]
        for job in (one for one in self.jobs if one.blind):
            for member in job.members:
                models.met.setdefault(member, []).append(job.mask)
        self._made()
        for job in self.jobs:
            if job.task.produces and self._personal_result(job):
                own = [self.world.inner(self.world.copy(job.task.produces, member)) for member in job.givers]
                known = models.copies.setdefault(job.task.produces, [])
                known += [copy for copy in own if copy not in known]

        self._indexed()

    def _made(self) -> None:
        """Where results rest decides who can train with them, which decides where others rest."""
        hosted: set[str] = set()
        while True:
            self.models.made = {}
            for job in self.jobs:
                if job.task.produces and job.name not in hosted:
                    places = tuple(dict.fromkeys(place for way in job.ways() for place in self.rests(way)))
                    self.models.made.setdefault(job.task.produces, []).append(Made(places=places))
            # What stands in for a model that others train may be trained here.
            produced = (job for job in self.jobs if job.task.produces)
            again = {job.name for job in produced if all(job.hosted(model) for model in job.inputs())}
            if again <= hosted:
                return
            hosted |= again

    def rests(self, way: Job) -> list[str]:
        """Where a result is, unless its model says so."""
        if way.blind:
            return [one for one in way.revealed if not one.startswith("=")]
        return [*way.members, *self.tops(way)]

    def movements(self) -> Iterator[Movement]:
        """All of them."""
        for job in self.jobs:
            for one in self._of(job):
                # Whatever is done is done where the task runs.
                given = job.blind and one.way[-1] in (*job.members, job.meeting) and one.way[0] != job.meeting
                done = given or (*one.way, one.only) in job.brought()
                perhaps = job.task.method == "unknown" and not done
                yield replace(one, maybe=True) if perhaps else one

    def _of(self, job: Job) -> Iterator[Movement]:
        for place, member, item in job.moved:
            yield Movement(
                way=(place, member),
                level=VERBATIM,
                only=frozenset({item}),
                why=job.why,
                caps=caps(self.world, job.task.safeguards, place),
                seals=self._worked_on(job, place, member),
                unsaid=job.unsaid,
            )
        if job.blind:
            yield from self._given(job)
            yield from self._revealed(job)
            yield from self._learned(job)
        yield from self._asked(job)
        for model in job.inputs():
            if job.hosted(model):
                yield from self._hosted(job, model)
            elif model and job.method.needs == "weights":
                for member in job.members:
                    yield from self.models.contents(model, member, job.why)
                if self.world.file.models[model].copies == "parts":
                    yield from self._through_parts(job, model)
        for model in job.elsewhere():
            yield from self._hosted(job, model)
        if self.exchanges(job):
            yield from self._exchanged(job)
            for model in job.inputs():
                yield from self._inherited(job, model)
            yield from self._of_all_copies(job)
        if self._personal_result(job):
            yield from self._each_way(job, self._personal)

    def _through_parts(self, job: Job, model: str) -> Iterator[Movement]:
        """Who trains a model in parts shows intermediate values to the holders of the others, save as it is divided."""
        ways = [way.topology in ("split", "vertical") for way in job.ways()]
        own = {*job.members, *(head for member in job.givers for head in self.heads(job, member))}
        own |= {*self.world.nodes(job.task.labels_at)}
        for giver in job.givers:
            for place in self.models.holders(model):
                if place != giver and not (place in own and all(ways)):
                    yield Movement(
                        way=(giver, place),
                        level=self.models.level("activations"),
                        only=frozenset(job.masks[giver]),
                        caps=caps(self.world, job.task.safeguards, giver),
                        seals=self._worked_on(job, giver, place),
                        unsaid=job.unsaid,
                        maybe=place in own and any(ways),
                        why=job.why,
                    )

    def _exchanged(self, job: Job) -> Iterator[Movement]:
        yield from self._each_way(job, lambda way: getattr(self, f"_{way.topology}")(way))

    def _each_way(self, job: Job, moves: Callable[[Job], Iterator[Movement]]) -> Iterator[Movement]:
        """Where nobody knows how it travels, each way may be the one; what moves in all of them does so for certain."""
        ways = job.ways()
        found = [[*moves(way)] for way in ways]
        # Features of the same people held apart let no less be learned than a model that is split.
        sure = len(ways) == 1 or (ways[0].topology == "split" and not ways[0].averages())
        for way, moved in zip(ways, found, strict=True):
            for one in moved:
                about = any(end.startswith("model:") for end in (one.way[0], one.way[-1]))
                known = about and all(self._no_less(one, other) for other in found)
                certain = known or (sure and way is ways[0])
                yield one if certain else replace(one, maybe=True)

    def _no_less(self, one: Movement, others: Sequence[Movement]) -> bool:
        """Whether something moves among others, too, behind these seals at most."""
        return any({*each.seals} <= {*one.seals} and replace(each, seals=one.seals) == one for each in others)

    def exchanges(self, job: Job) -> bool:
        """Whether those who take part exchange anything: they train, or the file says how what they make travels."""
        task = job.task
        written = task.aggregator or task.hops or task.via or task.top_model_at or task.labels_at
        return not all(job.hosted(model) for model in job.inputs()) or bool(job.method.up and written)

    def _indexed(self) -> None:
        """What tasks that retrieve have made indexes of, by model and place."""
        for job in self.jobs:
            model, retrieves = job.task.model, job.task.retrieves
            if not job.retrieves or model is None:
                continue
            for member in job.members:
                if retrieves is None:
                    self._index(model, member, frozenset(job.masks[member]))
                else:
                    for way in self.models.ways(model, member) or [(member,)]:
                        items = self.world.named(retrieves, way[-1])
                        self._index(model, way[-1], frozenset(item.id for item in items))

    def _index(self, model: str, place: str, items: frozenset[str]) -> None:
        self.models.indexes[model, place] = self.models.indexes.get((model, place), frozenset()) | items

    def _retrieves(self, job: Job, model: str) -> Sequence[str] | None:
        """What a model's answers quote in a task: the judged one looks things up, where there is one."""
        task = job.task
        if task.retrieves is None:
            return () if job.method.retrieves and model == task.model else None
        return task.retrieves if model == (task.evaluates or task.model) else ()

    def _asked(self, job: Job) -> Iterator[Movement]:
        task = job.task
        for member in job.givers:
            sent = frozenset(job.masks[member])
            for model in dict.fromkeys((task.evaluates, task.model)):
                if model and self._inside(job, model) and (model == task.evaluates or job.method.needs != "weights"):
                    yield from self._told(job, model)
            if task.evaluates and task.evaluates != task.model and not self._inside(job, task.evaluates):
                quotes = self._retrieves(job, task.evaluates)
                yield from self.models.call(
                    task.evaluates,
                    member,
                    sent,
                    ("prompts",),
                    job.why,
                    guards=task.safeguards,
                    retrieves=quotes,
                    maybe=task.method == "unknown",
                )
                for one in (task.evaluates, *self.models.stand_ins(task.evaluates)):
                    for way in self.models.ways(one, member) or [(member,)]:
                        sent |= self.models.quoted(one, way[-1], quotes)
            asked = task.model and job.method.needs not in ("weights", "none") and not job.hosted(task.model)
            if asked and not self._inside(job, task.model):
                payloads = job.method.to_runner or ("prompts",)
                yield from self.models.call(
                    task.model,
                    member,
                    sent,
                    payloads,
                    job.why,
                    guards=task.safeguards,
                    retrieves=self._retrieves(job, task.model),
                    maybe=task.method == "unknown",
                )
                if task.evaluates:
                    yield from self._judged(job, member)

    def _judged(self, job: Job, member: str) -> Iterator[Movement]:
        """Whoever runs the judge or a part of it, and each hop, reads what the judged model answers."""
        task = job.task
        level = max(self.models.level(payload) for payload in job.method.to_runner or ("prompts",))
        for name in (task.model, *self.models.stand_ins(task.model)):
            parts = {place for places in self.models.others(name, member).values() for place in places}
            ways = self.models.ways(name, member)
            sure = parts.union(*(way[1:] for way in ways if (name, way) not in self.models.unsure))
            for place in sorted(sure.union(*(way[1:] for way in ways))):
                level = min(level, INFERABLE)
                maybe = place not in sure
                yield from self.models.contents(task.evaluates, place, job.why, level=level, source=member, maybe=maybe)

    def _inherited(self, job: Job, model: str | None) -> Iterator[Movement]:
        """What comes out knows what went in; a personal copy comes of the copy at its own place."""
        produced = job.task.produces
        if model is None or produced is None or produced == model or not job.method.trains:
            return
        copies = self.models.copies.get(produced)
        for target in copies or [self.models.vertex(produced)]:
            for place in job.givers:
                if not copies or self.world.copy(produced, place) == target:
                    told = () if copies or job.hosted(model) else self._voices(job, model, place, self._adding(job))
                    told = tuple(replace(one, own=(*job.givers,)) for one in told)
                    for one in self.models.contents(model, place, job.why, voices=told):
                        yield replace(one, way=(one.way[0], target))

    def _adding(self, job: Job) -> tuple[str, ...]:
        """Who adds up in the end, if all who do can."""
        tops = tuple(dict.fromkeys(self.tops(job)))
        return () if any(self._cannot_add(job.task.safeguards, top) for top in tops) else tops

    def _of_all_copies(self, job: Job) -> Iterator[Movement]:
        """A personal copy that is made of what comes back from others knows what their copies knew."""
        if not self._personal_result(job) or not job.method.trains:
            return
        back = [way for way in job.ways() if way.topology in ("star", "tree", "peer_to_peer", "rotating")]
        for way in back if job.method.down else ():
            for member in job.givers:
                for one in self._copies_back(way, member, tops=self._adding(way)):
                    sure = len(back) == len(job.ways())
                    target = self.world.copy(job.task.produces, member)
                    yield replace(one, way=(one.way[0], target), maybe=not sure)

    def _hosted(self, job: Job, model: str | None) -> Iterator[Movement]:
        task = job.task
        for member in job.givers:
            ways = self.models.ways_to_train(model, member) if model else []
            for way in ways or [(member, self.world.outside("unknown"))]:
                yield Movement(
                    way=way,
                    level=VERBATIM,
                    only=frozenset(job.masks[member]),
                    why=job.why,
                    caps=caps(self.world, task.safeguards, member),
                    seals=self._worked_on(job, member, way[-1]),
                    throughout=True,
                    unsaid=job.unsaid,
                    maybe=(model, way) in self.models.unsure,
                )
                if model and job.method.trains:
                    yield from self.models.contents(model, way[-1], job.why)
                if task.produces and not self._personal_result(job):
                    target = self.models.vertex(task.produces)
                    only = frozenset(job.masks[member])
                    yield Movement(way=(way[-1], target), level=INFERABLE, only=only, why=job.why)
        yield from self._inherited(job, model)

    def _worked_on(self, job: Job, place: str, worker: str) -> tuple[Seal, ...]:
        """Whoever works on something has to read it."""
        return tuple(one for one in seals(self.world, job.task.safeguards, place) if self.models.reads(one, worker))

    def _personal(self, job: Job) -> Iterator[Movement]:
        """Each member's own copy: of its data, and of what it gets back from the others."""
        exchanges = job.topology in ("star", "tree", "peer_to_peer", "rotating") and job.method.down
        shared = exchanges and self.exchanges(job)
        elsewhere = any(job.hosted(model) for model in job.inputs()) or bool(job.elsewhere())
        for member in job.givers:
            own = frozenset(job.masks[member])
            for only in (own, job.mask - own) if shared else (own,):
                # Who trains elsewhere has records, in which there is no noise of the client's.
                private = only == own and self._trains_private(job) and not elsewhere
                noise = self._noises(job, "client", [member]) if private else ()
                yield Movement(
                    way=(member, self.world.copy(job.task.produces, member)),
                    level=INFERABLE,
                    noises=noise,
                    unsaid=job.unsaid and only == own,
                    why=job.why,
                    only=only,
                )

    def _trains_private(self, job: Job) -> bool:
        return job.up is not None and self._summable(job)
