"""What tasks imply: who takes part with which data, and what each topology moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from tests.reference.few import contributed, few
from tests.reference.models import Made, Models
from tests.reference.movement import INFERABLE, VERBATIM, Contributor, Few, Movement, Noise, Seal, Sum, Word
from tests.reference.safeguards import caps, noises, seals, secure_sums
from tests.reference.world import Instance, World


class Job:
    """One task, spelt out."""

    def __init__(self, models: Models, name: str) -> None:
        self.models, self.world, self.name = models, models.world, name
        self.task = task = self.world.file.tasks[name]
        self.method = self.world.catalog.methods[task.method]
        self.why = f"tasks.{name}"
        self.members = self.world.nodes(task.runs_on)
        self.moved: list[tuple[str, str, str]] = []
        self.masks: dict[str, set[str]] = {member: set() for member in self.members}
        for item in self.world.every(task.data):
            if item.place in self.masks:
                self.masks[item.place].add(item.id)
                continue
            for member in self.world.nodes(task.runs_on, item.place):
                self.masks[member].add(item.id)
                self.moved.append((item.place, member, item.id))
        self.givers: list[str] = [member for member in self.members if self.masks[member]]
        self.mask = frozenset(item for mask in self.masks.values() for item in mask)

    @property
    def topology(self) -> str:
        """Who exchanges with whom."""
        task = self.task
        if task.topology or task.hops:
            return task.topology or "tree"
        if self.method.up and (task.aggregator or (self.method.topology == "star" and self.world.aggregators())):
            return "star"
        return self.method.topology if self.method.topology not in (None, "star") else "local"

    @property
    def up(self) -> str | None:
        """What goes up."""
        return (self.method.up_in or {}).get(self.topology, self.method.up)

    def hosted(self, model: str | None) -> bool:
        """Whether only a provider can do it."""
        if self.method.hosted:
            return True
        return self.method.needs == "weights" and model is not None and not self.models.held(model)

    def inputs(self) -> list[str | None]:
        """The model that goes in, and those that are trained instead; asking one includes its fallbacks."""
        model = self.task.model
        if model is None or not (self.hosted(model) or self.method.needs == "weights"):
            return [model]
        return [model, *self.models.stand_ins(model)]

    def carried(self) -> list[str]:
        """The models of which something travels with what is exchanged: not those that only a provider trains."""
        found = [model for model in self.inputs() if not self.hosted(model)]
        return [model for model in dict.fromkeys((*found, self.task.evaluates)) if model is not None]

    # Who is in a sum.

    @property
    def least_units(self) -> int:
        """Of how few units a sum says as much as they do."""
        return (self.world.catalog.payloads[self.up].least_units if self.up else None) or 0

    def crowd(self, members: Sequence[str]) -> tuple[Contributor, ...]:
        """The contributors among some members; a cohort has more than its two."""
        found = []
        for member in members:
            if not self.masks[member]:
                continue
            here = self.world.places[member]
            items = [i for i in self.world.instances if i.id in self.masks[member]]
            owners, units = frozenset(i.owner for i in items), contributed(self.world, items)
            controlled = frozenset({*here.operators, here.host} - {""})
            found.append(Contributor(controlled=controlled, owners=owners, units=units))
            if here.count > 2 and member.endswith(".peer"):
                rest = frozenset(controlled - {here.party} | {f"{here.home}.rest"})
                own = frozenset(f"{here.home}.rest" if owner == here.party else owner for owner in owners)
                found.append(Contributor(controlled=rest, owners=own, count=here.count - 2, units=units))
        return tuple(found)

    def size(self, below: Sequence[str]) -> tuple[int, int]:
        """How many contributions a plain sum has: with missing facts unfavourable, and favourable."""
        crowd = sum(one.count for one in self.crowd(below))
        population = sum(one.count for one in self.crowd(self.members))
        sums = [one.min_clients for one in self.task.safeguards if one.kind == "secure_aggregation"]
        stated = max([self.task.min_clients or 0, *sums])
        if not stated:
            # A round that loses clients goes on with fewer unless something says how many it needs.
            return min(1, crowd), min(crowd, self.task.clients_per_round or population)
        stated = max(1, stated - self.idle(self.members))
        most = min(crowd, stated)
        return min(most, max(1, stated - (population - crowd))), most

    def idle(self, members: Sequence[str]) -> int:
        """How many of some members have no data of the task: they may be in a round, and hide nobody there."""
        return sum(self._count(member) for member in members if not self.masks[member])

    def _count(self, member: str) -> int:
        here = self.world.places[member]
        return 1 if here.count == 1 else here.count - 1 if member.endswith(".peer") else 1


class Desugared:
    """The movements of all tasks."""

    def __init__(self, world: World, models: Models) -> None:
        self.world, self.models = world, models
        self.jobs = [Job(models, name) for name in world.file.tasks]
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
                    places = (*job.members, *self._tops(job))
                    self.models.made[job.task.produces] = [Made(places=places)]
            again = {job.name for job in self.jobs if job.task.produces and job.hosted(job.task.model)}
            if again <= hosted:
                return
            hosted |= again

    def _personal_result(self, job: Job) -> bool:
        return job.task.produces is not None and self.world.file.models[job.task.produces].copies == "personal"

    def _tops(self, job: Job) -> list[str]:
        if job.topology in ("star", "tree"):
            return [top for member in job.members for top in self.aggregators(job, member)]
        if job.topology in ("split", "vertical"):
            return [top for member in job.members for top in self.heads(job, member)]
        return []

    def aggregators(self, job: Job, member: str) -> list[str]:
        """The aggregators of a member."""
        found = self.world.nodes(job.task.aggregator or self.world.aggregators(), member)
        if not found and job.topology == "tree":
            return self.world.nodes(job.task.hops[-1].at, member)
        return found

    def heads(self, job: Job, member: str) -> list[str]:
        """Who holds the top of the model, as a member sees it."""
        if job.task.top_model_at:
            return self.world.nodes(job.task.top_model_at, member)
        return self.aggregators(job, member)

    def movements(self) -> Iterator[Movement]:
        """All of them."""
        for job in self.jobs:
            for place, member, item in job.moved:
                yield Movement(
                    way=(place, member),
                    level=VERBATIM,
                    only=frozenset({item}),
                    why=job.why,
                    caps=caps(self.world, job.task.safeguards, place),
                    seals=self._worked_on(job, place, member),
                )
            yield from self._asked(job)
            for model in job.inputs():
                if job.hosted(model):
                    yield from self._hosted(job, model)
                elif model and job.method.needs == "weights":
                    for member in job.members:
                        yield from self.models.contents(model, member, job.why)
            written = (
                job.task.aggregator or job.task.hops or job.task.via or job.task.top_model_at or job.task.labels_at
            )
            if not all(job.hosted(model) for model in job.inputs()) or (job.method.up and written):
                yield from getattr(self, f"_{job.topology}")(job)
                for model in job.inputs():
                    yield from self._inherited(job, model)
            if self._personal_result(job):
                yield from self._personal(job)

    # Models that are used.

    def _indexed(self) -> None:
        """What tasks that retrieve have made indexes of, by model and place."""
        for job in self.jobs:
            model, retrieves = job.task.model, job.task.retrieves
            if not job.method.retrieves or model is None:
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
            if task.evaluates and task.evaluates != task.model:
                quotes = self._retrieves(job, task.evaluates)
                yield from self.models.call(
                    task.evaluates, member, sent, ("prompts",), job.why, guards=task.safeguards, retrieves=quotes
                )
                for one in (task.evaluates, *self.models.stand_ins(task.evaluates)):
                    for way in self.models.ways(one, member) or [(member,)]:
                        sent |= self.models.quoted(one, way[-1], quotes)
            if task.model and job.method.needs not in ("weights", "none") and not job.hosted(task.model):
                payloads = job.method.to_runner or ("prompts",)
                yield from self.models.call(
                    task.model,
                    member,
                    sent,
                    payloads,
                    job.why,
                    guards=task.safeguards,
                    retrieves=self._retrieves(job, task.model),
                )
                if task.evaluates:
                    yield from self._judged(job, member)

    def _judged(self, job: Job, member: str) -> Iterator[Movement]:
        """Whoever runs the judge, and each hop, reads the answers of the judged model, sent as any payload."""
        task = job.task
        level = max(self.models.level(payload) for payload in job.method.to_runner or ("prompts",))
        for name in (task.model, *self.models.stand_ins(task.model)):
            for place in {hop for way in self.models.ways(name, member) for hop in way[1:]}:
                yield from self.models.contents(task.evaluates, place, job.why, level=min(level, INFERABLE))

    def _inherited(self, job: Job, model: str | None) -> Iterator[Movement]:
        """What comes out knows what went in; a personal copy comes of the copy at its own place."""
        produced = job.task.produces
        if model is None or produced is None or produced == model or not job.method.trains:
            return
        copies = self.models.copies.get(produced)
        for target in copies or [self.models.vertex(produced)]:
            for place in job.givers:
                if not copies or self.world.copy(produced, place) == target:
                    for one in self.models.contents(model, place if copies else "=", job.why):
                        yield replace(one, way=(one.way[0], target))

    def _hosted(self, job: Job, model: str | None) -> Iterator[Movement]:
        task = job.task
        for member in job.givers:
            ways = self.models.ways(model, member) if model else []
            for way in ways or [(member, self.world.outside("unknown"))]:
                yield Movement(
                    way=way,
                    level=VERBATIM,
                    only=frozenset(job.masks[member]),
                    why=job.why,
                    caps=caps(self.world, task.safeguards, member),
                    seals=self._worked_on(job, member, way[-1]),
                    throughout=True,
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
        return tuple(
            one for one in seals(self.world, job.task.safeguards, place) if self.models.reads(one.readers, worker)
        )

    # What topologies move.

    def _few(self, job: Job, member: str, target: str) -> Few:
        row = self.world.catalog.payloads[job.up]
        items = [item for item in self.world.instances if item.id in job.masks[member]]
        return Few() if row.least_units is None else few(self.world, row, items, member, target)

    def _few_each(self, job: Job, members: Sequence[str], target: str) -> Few:
        """Of a sum, which is taken apart where somebody looks at it: what single contributions say."""
        found = [self._few(job, member, target) for member in members]
        return Few(
            surely=frozenset(item for one in found for item in one.surely),
            perhaps=frozenset(item for one in found for item in one.perhaps),
        )

    def _summable(self, job: Job) -> bool:
        return self.world.catalog.payloads[job.up].summable

    def _up(self, job: Job, member: str, way: tuple[str, ...], crowd: Sequence[str]) -> Iterator[Movement]:
        """What a member sends, and with it what its model contains."""
        guards, level = job.task.safeguards, self.models.level(job.up)
        sealed = self._sealing(job, member, way[-1])
        sums: tuple[Sum, ...] = ()
        noise: tuple[Noise, ...] = ()
        if self._summable(job):
            crowded, idle = job.crowd(crowd), job.idle(job.members)
            sums = secure_sums(self.world, guards, f"{job.why}.safeguards", [member], crowded, idle, job.least_units)
            noise = self._noises(job, "client", [member])
            noise += self._noises(job, "distributed", job.givers)
        if job.masks[member]:
            yield Movement(
                way=(member, *way),
                level=level,
                few=(self._few(job, member, way[0]),),
                only=frozenset(job.masks[member]),
                sums=sums,
                noises=noise,
                seals=sealed,
                caps=caps(self.world, guards, member),
                why=job.why,
            )
        every = tuple(one for other in job.givers for one in self._sealing(job, other, way[-1]))
        ends = (*way[:-1], *job.members) if way[-1].startswith("exchange:") else way
        for model in job.carried():
            for place in ends:
                yield from self.models.contents(
                    model, place, job.why, level=min(INFERABLE, level), seals=self._joint(every)
                )

    def _sealing(self, job: Job, member: str, end: str) -> tuple[Seal, ...]:
        """The seals on what a member sends; peers have to open what they work on."""
        found = seals(self.world, job.task.safeguards, member)
        workers = job.members if end.startswith("exchange:") else []
        return tuple(one for one in found if all(self.models.reads(one.readers, peer) for peer in workers))

    def _forwards(self, job: Job) -> frozenset[Seal]:
        """The seals of those who take part: whoever cannot add up behind them forwards."""
        return frozenset(seal for member in job.givers for seal in seals(self.world, job.task.safeguards, member))

    def _joint(self, every: tuple[Any, ...]) -> tuple[Any, ...]:
        """Seals that several put on the same: they rest on all of them."""
        found = {}
        for seal in every:
            old = found.get((seal.readers, seal.threshold, seal.malleable))
            words = (*(old.words if old else ()), *seal.words)
            found[seal.readers, seal.threshold, seal.malleable] = type(seal)(
                readers=seal.readers, threshold=seal.threshold, malleable=seal.malleable, words=words
            )
        return tuple(found.values())

    def _noises(self, job: Job, where: str, places: Sequence[str]) -> tuple[Noise, ...]:
        return noises(self.world, job.task.safeguards, f"{job.why}.safeguards", where, places, job.mask)

    def _plain(self, job: Job, top: str, below: Sequence[str]) -> tuple[Sum, ...]:
        # What cannot be added is put together all the same, and hides nobody.
        least, most = job.size(below) if self._summable(job) else (0, 0)
        words = (Word(parties=frozenset(self.world.words(top)), place=top),)
        return (
            Sum(
                id=f"{job.why}@{top}",
                contributors=job.crowd(below),
                least=least,
                most=most,
                words=words,
                least_units=job.least_units,
            ),
        )

    def _result(self, job: Job, place: str, sums: tuple[Sum, ...], noise: tuple[Noise, ...]) -> Iterator[Movement]:
        """What comes out, made of what a place has."""
        if job.task.produces and not self._personal_result(job):
            target = self.models.vertex(job.task.produces)
            yield Movement(
                way=(place, target),
                level=INFERABLE,
                only=job.mask,
                sums=sums,
                noises=noise,
                adds=True,
                forwards=self._forwards(job),
                why=job.why,
            )

    def _personal(self, job: Job) -> Iterator[Movement]:
        """Each member's own copy: of its data, and of what it gets back from the others."""
        exchanges = job.topology in ("star", "tree", "peer_to_peer", "rotating") and job.method.down
        shared = exchanges and not all(job.hosted(model) for model in job.inputs())
        for member in job.givers:
            noise = self._noises(job, "client", [member]) if self._trains_private(job) else ()
            yield Movement(
                way=(member, self.world.copy(job.task.produces, member)),
                level=INFERABLE,
                noises=noise,
                why=job.why,
                only=job.mask if shared else frozenset(job.masks[member]),
            )

    def _trains_private(self, job: Job) -> bool:
        return job.up is not None and self._summable(job)

    def _relays(self, job: Job, member: str) -> list[tuple[str, ...]]:
        return list(product(*(self.world.meant(relay, member) for relay in job.task.via)))

    def _star(self, job: Job) -> Iterator[Movement]:
        tops: dict[str, list[str]] = {}
        for member in job.givers:
            for top in self.aggregators(job, member):
                tops.setdefault(top, []).append(member)
        for top, below in tops.items():
            plain = self._plain(job, top, below)
            noise = self._noises(job, "aggregator", [top]) if self._summable(job) else ()
            for member in below:
                for relays in self._relays(job, member):
                    yield from self._up(job, member, (*relays, top), below)
            for member in job.members if job.method.down else ():
                if top in self.aggregators(job, member):
                    for place in {member, *(relay for relays in self._relays(job, member) for relay in relays)}:
                        yield self._down(job, top, place, plain, noise, [member])
            yield from self._result(job, top, plain, noise)

    def _down(
        self, job: Job, top: str, member: str, plain: tuple[Sum, ...], noise: tuple[Noise, ...], ends: Sequence[str]
    ) -> Movement:
        """What comes back to a member, or to a place on the way to the `ends`, behind a seal that these can open."""
        again = tuple(
            s
            for s in seals(self.world, job.task.safeguards, top)
            if all(self.models.reads(s.readers, end) for end in ends)
        )
        return Movement(
            way=(top, member),
            level=self.models.level(job.up),
            nominal=self.models.level(job.method.down),
            few=(self._few_each(job, job.members, top),),
            only=job.mask,
            sums=plain,
            noises=noise,
            adds=True,
            forwards=self._forwards(job),
            seals=again,
            why=job.why,
        )

    def _peer_to_peer(self, job: Job) -> Iterator[Movement]:
        exchange = self.world.inner(f"exchange:{job.name}")
        for member in job.members:
            for relays in self._relays(job, member):
                yield from self._up(job, member, (*relays, exchange), job.members)
            for giver in job.givers:  # each gets what each has sent
                yield Movement(
                    way=(exchange, member),
                    level=self.models.level(job.up),
                    few=(self._few(job, giver, exchange),),
                    maker=giver,
                    only=frozenset(job.masks[giver]),
                    why=job.why,
                )
        yield from self._result(job, exchange, (), ())

    _rotating = _peer_to_peer

    def _local(self, job: Job) -> Iterator[Movement]:
        for member in job.givers:
            noise = self._noises(job, "client", [member]) if self._trains_private(job) else ()
            if job.task.produces and not self._personal_result(job):
                yield Movement(
                    way=(member, self.models.vertex(job.task.produces)),
                    level=INFERABLE,
                    only=frozenset(job.masks[member]),
                    noises=noise,
                    why=job.why,
                )

    _central = _local

    def _tree(self, job: Job) -> Iterator[Movement]:
        # Who takes part without data gets what comes out on the same way.
        yield from self._climb(job, self._rungs(job, job.givers), self._rungs(job, job.members))

    def _rungs(self, job: Job, members: Sequence[str]) -> list[tuple[Any, dict[str, list[str]]]]:
        """Level by level, who adds up, and what comes from below."""
        below: dict[str, list[str]] = {member: [member] for member in members}
        final = self._final(job)
        found: list[tuple[Any, dict[str, list[str]]]] = []
        for hop, names in [*((hop, hop.at) for hop in job.task.hops), *([(None, final)] if final else [])]:
            here: dict[str, list[str]] = {}
            for lower in below:
                for place in self.world.nodes(names, lower):
                    here.setdefault(place, []).append(lower)
            found.append((hop, here))
            below = here
        return found

    def _final(self, job: Job) -> list[str]:
        return list(job.task.aggregator or self.world.aggregators())

    def _members_below(self, chain: list[tuple[Any, dict[str, list[str]]]], level: int, place: str) -> list[str]:
        lower = chain[level][1].get(place, [])
        if level == 0:
            return lower
        return list(dict.fromkeys(m for one in lower for m in self._members_below(chain, level - 1, one)))

    def _items_below(
        self, job: Job, chain: list[tuple[Any, dict[str, list[str]]]], level: int, place: str
    ) -> list[Instance]:
        ids = {item for member in self._members_below(chain, level, place) for item in job.masks[member]}
        return [item for item in self.world.instances if item.id in ids]

    def _climb(
        self, job: Job, chain: list[tuple[Any, dict[str, list[str]]]], full: list[tuple[Any, dict[str, list[str]]]]
    ) -> Iterator[Movement]:
        summed = self._summable(job)
        for place, members in chain[0][1].items():
            for member in members:
                for relays in self._relays(job, member):
                    yield from self._up(job, member, (*relays, place), members)
        for level in range(1, len(chain)):
            for place, lowers in chain[level][1].items():
                for lower in lowers:
                    yield from self._pass_on(job, chain, level, lower, place, lowers)
        last = len(chain) - 1
        for top in chain[last][1]:
            plain = self._hop_sum(job, chain, last, top)
            noise = self._noises(job, "aggregator", [top]) if summed else ()
            if len(chain) == len(job.task.hops) and summed:
                noise = noise + self._hop_noises(job, chain, last, top)
            ways = self._down_ways(job, full, last, top) if job.method.down else []
            for place in sorted({place for way in ways for place in way}):
                ends = sorted({way[-1] for way in ways}) if place not in job.members else [place]
                yield self._down(job, top, place, plain, noise, ends)
            yield from self._result(job, top, plain, noise)

    def _down_ways(
        self, job: Job, chain: list[tuple[Any, dict[str, list[str]]]], level: int, top: str
    ) -> list[tuple[str, ...]]:
        found = []
        for lower in chain[level][1][top]:
            if level == 0:
                found += [(*reversed(relays), lower) for relays in self._relays(job, lower)]
            else:
                found += [(lower, *rest) for rest in self._down_ways(job, chain, level - 1, lower)]
        return found

    def _hop_noises(self, job: Job, chain: list[tuple[Any, Any]], level: int, place: str) -> tuple[Noise, ...]:
        hop = chain[level][0]
        if hop is None:
            return ()
        return noises(self.world, hop.safeguards, f"{job.why}.hops.{level}", "aggregator", [place], job.mask)

    def _hop_sum(self, job: Job, chain: list[tuple[Any, Any]], level: int, place: str) -> tuple[Sum, ...]:
        """The sum that one aggregator of a tree makes."""
        below = self._members_below(chain, level, place)
        hop = chain[level][0]
        least, most = job.size(below) if self._summable(job) else (0, 0)
        elsewhere = {m for other in chain[level][1] if other != place for m in self._members_below(chain, level, other)}
        crowd = sum(one.count for one in job.crowd(below))
        if not self._summable(job):
            pass  # it is put together all the same, and hides nobody
        elif hop is not None and hop.min_clients:
            least = most = min(hop.min_clients, crowd)
        elif elsewhere & {*below}:
            shared = sum(one.count for one in job.crowd([m for m in below if m in elsewhere]))
            least = max(1, least - shared)
        words = (Word(parties=frozenset(self.world.words(place)), place=place),)
        return (
            Sum(
                id=f"{job.why}.{level}@{place}",
                contributors=job.crowd(below),
                least=least,
                most=most,
                words=words,
                least_units=job.least_units,
            ),
        )

    def _pass_on(
        self, job: Job, chain: list[tuple[Any, Any]], level: int, lower: str, place: str, lowers: Sequence[str]
    ) -> Iterator[Movement]:
        """What one level of a tree sends to the next."""
        hop = chain[level - 1][0]
        guards = hop.safeguards
        below = self._members_below(chain, level - 1, lower)
        only = frozenset(item for member in below for item in job.masks[member])
        sums = self._hop_sum(job, chain, level - 1, lower)
        noise: tuple[Noise, ...] = ()
        if self._summable(job):
            noise = self._hop_noises(job, chain, level - 1, lower)
            crowd = tuple(
                Contributor(
                    controlled=frozenset({*self.world.places[one].operators, self.world.places[one].host} - {""}),
                    owners=frozenset(item.owner for item in self._items_below(job, chain, level - 1, one)),
                    units=contributed(self.world, self._items_below(job, chain, level - 1, one)),
                )
                for one in lowers
            )
            title = f"{job.why}.hops.{level - 1}.safeguards"
            sums += secure_sums(self.world, guards, title, [lower], crowd, least_units=job.least_units)
        yield Movement(
            way=(lower, place),
            level=self.models.level(job.up),
            nominal=INFERABLE,
            few=(self._few_each(job, below, lower),),
            only=only,
            sums=sums,
            noises=noise,
            adds=True,
            forwards=self._forwards(job),
            seals=seals(self.world, guards, lower),
            caps=caps(self.world, guards, lower),
            why=job.why,
        )
        every = tuple(one for other in job.givers for one in self._sealing(job, other, place))
        for model in job.carried():
            yield from self.models.contents(model, place, job.why, seals=self._joint(every))

    def _split(self, job: Job) -> Iterator[Movement]:
        """Activations and labels go to the top of the model, gradients come back to whoever sent them."""
        for member in job.members:
            for head in self.heads(job, member):
                for relays in self._relays(job, member):
                    if head != member:
                        yield from self._up(job, member, (*relays, head), job.members)
                        yield self._gradients(job, member, (head, *reversed(relays), member))
                for source in self._labelled(job, member):
                    yield from self._labels(job, member, source, head)
        for head in {head: None for member in job.members for head in self.heads(job, member)}:
            yield from self._result(job, head, (), self._noises(job, "aggregator", [head]))

    _vertical = _split

    def _labelled(self, job: Job, member: str) -> list[str]:
        """Where the labels are that belong to what a member sends."""
        if job.task.labels_at:
            return [place for place in self.world.nodes(job.task.labels_at, member) if place in job.masks]
        return [member] if job.topology == "split" else []

    def _gradients(self, job: Job, source: str, way: tuple[str, ...]) -> Movement:
        return Movement(
            way=way,
            level=self.models.level(job.method.down or "gradients"),
            only=frozenset(job.masks[source]),
            why=job.why,
        )

    def _labels(self, job: Job, member: str, source: str, head: str) -> Iterator[Movement]:
        """Labels go to the top; the gradients that come back from there say something about them."""
        guards = job.task.safeguards
        if source != head:
            yield Movement(
                way=(source, head),
                level=self.models.level("labels"),
                only=frozenset(job.masks[source]),
                seals=seals(self.world, guards, source),
                caps=caps(self.world, guards, source),
                why=job.why,
            )
        if source != member:
            yield self._gradients(job, source, (head, member))
