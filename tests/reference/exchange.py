"""What those who take part in a task exchange: in a star, among peers, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.reference.few import few
from tests.reference.jobs import Job
from tests.reference.models import Models
from tests.reference.movement import INFERABLE, Few, Movement, Noise, Seal, Shares, Sum, Voice, Word
from tests.reference.safeguards import caps, noises, noisy, seals, secure_sums
from tests.reference.world import World


class Exchange:
    """The movements of one topology after the other."""

    def __init__(self, world: World, models: Models) -> None:
        self.world, self.models = world, models

    def tops(self, job: Job) -> list[str]:
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

    def _routed(self, hop: Any, names: Sequence[str], lower: str) -> Sequence[str]:
        """The names on a level that a place sends to: all, or those of the routes that start there."""
        routes = hop.routes if hop is not None else ()
        started = [route for route in routes if any(lower in self.world.meant(name, None) for name in route.from_)]
        return list(dict.fromkeys(name for route in started for name in route.to)) if routes else names

    def heads(self, job: Job, member: str) -> list[str]:
        """Who holds the top of the model, as a member sees it."""
        if job.task.top_model_at:
            return self.world.nodes(job.task.top_model_at, member)
        return self.aggregators(job, member)

    def _personal_result(self, job: Job) -> bool:
        return job.task.produces is not None and self.world.file.models[job.task.produces].copies == "personal"

    def _noisy(self, job: Job) -> bool:
        """Whether noise counts on what goes up."""
        return noisy(self.world, job.up or "")

    def _summable(self, job: Job) -> bool:
        return self.world.catalog.payloads[job.up].summable

    def _few(self, job: Job, member: str, target: str) -> Few:
        return self._few_of(str(job.up), frozenset(job.masks[member]), member, target)

    def _few_of(self, payload: str, of: frozenset[str], source: str, target: str) -> Few:
        row = self.world.catalog.payloads[payload]
        items = [item for item in self.world.instances if item.id in of]
        return Few() if row.least_units is None else few(self.world, row, items, source, target)

    def _few_each(self, job: Job, members: Sequence[str], target: str) -> Few:
        """Of a sum, which is taken apart where somebody looks at it: what single contributions say."""
        found = [self._few(job, member, target) for member in members]
        return Few(
            surely=frozenset(item for one in found for item in one.surely),
            perhaps=frozenset(item for one in found for item in one.perhaps),
        )

    def _up(self, job: Job, member: str, way: tuple[str, ...], crowd: Sequence[str]) -> Iterator[Movement]:
        """What a member sends, and with it what its model contains."""
        guards, level = job.task.safeguards, self.models.level(job.up)
        sealed = self.sealing(job, member, way[-1])
        sums: tuple[Sum, ...] = ()
        noise: tuple[Noise, ...] = ()
        if self._summable(job):
            crowded, idle = job.crowd(crowd), job.idle(job.members)
            title, at, fed = f"{job.why}.safeguards", way[-1], self._stations(job, crowd)
            at = "" if at.startswith("exchange:") else at
            sums = secure_sums(self.world, guards, title, [member], crowded, idle, job.least_units, at=at, fed=fed)
            noise = self._divided_noises(job, crowd)
        if self._noisy(job):
            noise += self._noises(job, "client", [member])
        if job.masks[member]:
            yield Movement(
                way=(member, *way),
                level=level,
                counted=self.models.counted(str(job.up)),
                few=(self._few(job, member, way[0]),),
                only=frozenset(job.masks[member]),
                sums=sums,
                noises=noise,
                seals=sealed,
                caps=caps(self.world, guards, member),
                gives=(job.name, job.crowd([member]), not sums) if self._linear(job) else None,
                unsaid=job.unsaid,
                why=job.why,
            )
        every = tuple(one for other in job.givers for one in self.sealing(job, other, way[-1]))
        ends = (*way, *job.members) if way[-1].startswith("exchange:") else way
        for model in job.carried() if job.masks[member] else ():
            for place in ends:
                yield from self.models.contents(
                    model,
                    place,
                    job.why,
                    source=member if self._speaks_for_itself(job, model) and place not in job.givers else "",
                    voices=self._voices(job, model, member) if place not in job.givers else (),
                    level=min(INFERABLE, level),
                    seals=self._joint(every),
                    unsaid=job.unsaid,
                )

    def _speaks_for_itself(self, job: Job, model: str) -> bool:
        """Whether what a member says is of its own copy of a model."""
        ways = next(one for one in self.jobs if one.name == job.name).ways()
        sent = all(way.topology in ("star", "tree", "peer_to_peer", "rotating") for way in ways)
        return sent and self.world.file.models[model].copies == "personal"

    def _voices(
        self, job: Job, model: str, member: str, tops: Sequence[str] = (), *, several: bool = False
    ) -> tuple[Voice, ...]:
        """The noise on what a member says of its copy, and on what comes back from those who add up."""
        if not (self._noisy(job) and self._speaks_for_itself(job, model)):
            return ()
        own = Voice(why=job.why, model=model, where="client", places=(member,), own=(member,))
        added = Voice(
            why=job.why, model=model, where="aggregator", places=(*tops,), several=several, own=(*job.givers,)
        )
        return (own, added) if tops else (own,)

    def _linear(self, job: Job) -> bool:
        """Whether sums go into sums by relays or hops, and whoever has two of them can subtract."""
        task = job.task
        linear = task.aggregation in (None, "unknown", "mean", "weighted_mean", "norm_bounded")
        return bool(task.hops or task.via) and linear and self._summable(job)

    def _stations(self, job: Job, members: Sequence[str]) -> frozenset[str]:
        """The relays between some members and where they send to."""
        return frozenset(place for member in members for way in self.relays(job, member) for place in way)

    def sealing(self, job: Job, member: str, end: str) -> tuple[Seal, ...]:
        """The seals on what a member sends; peers have to open what they work on."""
        found = seals(self.world, job.task.safeguards, member)
        workers = job.members if end.startswith("exchange:") else []
        return tuple(one for one in found if all(self.models.reads(one, peer) for peer in workers))

    def _cannot_add(self, guards: Sequence[Any], place: str) -> bool:
        """Whether what arrives somewhere can neither be opened there nor added up."""
        found = seals(self.world, guards, place)
        return any(not one.malleable and not self.models.reads(one, place) for one in found)

    def _forward(
        self, job: Job, top: str, givers: Sequence[str], place: str, ends: Sequence[str]
    ) -> Iterator[Movement]:
        """Single contributions, as they came; where nothing goes down, to those only who can open them."""
        again = self._again(job, top, ends)
        for giver in givers if job.method.down or again else ():
            yield Movement(
                way=(top, place),
                level=self.models.level(job.up),
                counted=self.models.counted(str(job.up)),
                few=(self._few(job, giver, top),),
                only=frozenset(job.masks[giver]),
                seals=again,
                maker=giver,
                tells=self._tells(job),
                unsaid=job.unsaid,
                why=job.why,
            )

    def _copies_back(
        self, job: Job, place: str, again: tuple[Seal, ...] = (), tops: Sequence[str] = ()
    ) -> Iterator[Movement]:
        """Of several contributions that start from personal copies, what comes back tells of all these copies."""
        level = min(INFERABLE, self.models.level(job.up))
        for name in job.carried() if len(job.givers) > 1 else ():
            if self.world.file.models[name].copies == "personal":
                for giver in job.givers:
                    sides = {"level": level, "source": giver, "seals": again, "unsaid": job.unsaid}
                    sides["voices"] = self._voices(job, name, giver, tops, several=True)
                    yield from self.models.contents(name, place, job.why, **sides)

    def _again(self, job: Job, top: str, ends: Sequence[str]) -> tuple[Seal, ...]:
        """The seals on what goes back to some ends, which they have to open."""
        found = seals(self.world, job.task.safeguards, top)
        return tuple(one for one in found if all(self.models.reads(one, end) for end in ends))

    def _keyed(self, job: Job, top: str, end: str, *, forwards: bool) -> bool:
        """Whether somebody opens what whoever adds up cannot, or what it forwards."""
        found = self._again(job, top, [end])
        return any(forwards or not self.models.reads(one, top) for one in found)

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

    def _noises(self, job: Job, where: str, places: Sequence[str], of: Sequence[str] = ()) -> tuple[Noise, ...]:
        """Noise that is added at some places: to what they send, what these send, or, by an aggregator, to all."""
        senders = job.givers if where == "aggregator" else of or places
        covered = frozenset(item for place in senders for item in job.masks[place])
        return noises(self.world, job.task.safeguards, f"{job.why}.safeguards", where, places, covered)

    def _divided_noises(self, job: Job, crowd: Sequence[str]) -> tuple[Noise, ...]:
        """Noise of which everybody who takes part adds a share, behind the masks of a secure sum of this crowd."""
        task = job.task
        secure = [one.min_clients for one in task.safeguards if one.kind == "secure_aggregation"]
        least = [*secure, *([task.min_clients] if task.min_clients else [])]
        shares = Shares(
            task=job.name,
            adding=job.crowd(job.givers),
            idle=job.without_data(),
            survivors=max(least) if least else task.clients_per_round or 1,
            sums=tuple(
                (frozenset(i for one in crowd for i in one.items), min(count, sum(one.count for one in crowd)))
                for crowd in map(job.crowd, self._gathered(job))
                for count in secure
            ),
            fellows=self.world.fellows(),
        )
        found = (replace(one, shares=shares) for one in self._noises(job, "distributed", job.givers, crowd))
        if task.clients_per_round:
            return tuple(found)
        # Nobody says into how many shares it was divided.
        return tuple(
            replace(n, enough=tuple((i, "no" if a == "no" else "unknown") for i, a in n.enough)) for n in found
        )

    def _gathered(self, job: Job) -> list[list[str]]:
        """Who sends to the same place."""
        found: dict[str, list[str]] = {}
        for member in job.givers if job.topology in ("star", "tree") else ():
            first = job.task.hops[0] if job.topology == "tree" and job.task.hops else None
            names = self._routed(first, first.at, member) if first else ()
            for place in self.world.nodes(names, member) if first else self.aggregators(job, member):
                found.setdefault(place, []).append(member)
        return [*found.values()] or [job.givers]

    def _plain(self, job: Job, top: str, below: Sequence[str]) -> tuple[Sum, ...]:
        # What cannot be added is put together all the same, and hides nobody.
        least, most = job.mixed(*job.size(below)) if self._summable(job) else (0, 0)
        words = (Word(parties=frozenset(self.world.words(top)), place=top),)
        return (
            Sum(
                id=f"{job.why}@{top}",
                contributors=job.crowd(below),
                least=least,
                most=most,
                words=words,
                least_units=job.least_units,
                task=job.name,
                at=top,
                fed=self._stations(job, below),
                crowd=job.crowd(below),
            ),
        )

    def _result(
        self, job: Job, place: str, sums: tuple[Sum, ...], noise: tuple[Noise, ...], *, adds: bool = True
    ) -> Iterator[Movement]:
        """What comes out, made of what a place has."""
        if job.task.produces and not self._personal_result(job):
            target = self.models.vertex(job.task.produces)
            yield Movement(
                way=(place, target),
                level=INFERABLE,
                only=job.mask,
                sums=sums,
                noises=noise,
                adds=adds,
                unsaid=job.unsaid and not place.startswith("exchange:"),
                why=job.why,
            )

    def relays(self, job: Job, member: str) -> list[tuple[str, ...]]:
        return self.world.stations(job.task.via, member)

    def _down(
        self, job: Job, top: str, member: str, plain: tuple[Sum, ...], noise: tuple[Noise, ...], ends: Sequence[str]
    ) -> Movement:
        """What comes back to a member, or to a place on the way to the `ends`, behind a seal that these can open."""
        return Movement(
            way=(top, member),
            level=self.models.level(job.up),
            counted=self.models.counted(str(job.up)),
            nominal=self.models.level(job.method.down or "sums"),
            few=(self._few_each(job, job.members, top),),
            only=job.mask,
            sums=plain,
            noises=noise,
            adds=True,
            seals=self._again(job, top, ends),
            tells=self._tells(job),
            unsaid=job.unsaid,
            why=job.why,
        )

    def _tells(self, job: Job) -> int:
        """What training sends back is a model, which can be asked where it arrives."""
        return INFERABLE if job.method.trains else 0

    def _star(self, job: Job) -> Iterator[Movement]:
        tops: dict[str, list[str]] = {}
        for member in job.givers:
            for top in self.aggregators(job, member):
                tops.setdefault(top, []).append(member)
        for top, below in tops.items():
            plain = self._plain(job, top, below)
            noise = self._noises(job, "aggregator", [top]) if self._noisy(job) else ()
            for member in below:
                for relays in self.relays(job, member):
                    yield from self._up(job, member, (*relays, top), below)
            forwards = self._cannot_add(job.task.safeguards, top)
            for member in job.members:
                comes = job.method.down or forwards or self._keyed(job, top, member, forwards=False)
                if comes and top in self.aggregators(job, member):
                    for place in {member, *(relay for relays in self.relays(job, member) for relay in relays)}:
                        if forwards:
                            yield from self._forward(job, top, below, place, [member])
                        else:
                            yield self._down(job, top, place, plain, noise, [member])
                        adds = () if forwards else (top,)
                        yield from self._copies_back(job, place, self._again(job, top, [member]), adds)
            yield from self._result(job, top, () if forwards else plain, () if forwards else noise, adds=not forwards)

    def _peer_to_peer(self, job: Job) -> Iterator[Movement]:
        exchange = self.world.inner(f"exchange:{job.name}")
        for member in job.members:
            for relays in self.relays(job, member):
                yield from self._up(job, member, (*relays, exchange), job.members)
            for giver in job.givers:  # each gets what each has sent
                yield Movement(
                    way=(exchange, member),
                    level=self.models.level(job.up),
                    counted=self.models.counted(str(job.up)),
                    few=(self._few(job, giver, exchange),),
                    maker=giver,
                    only=frozenset(job.masks[giver]),
                    tells=self._tells(job),
                    why=job.why,
                )
            yield from self._copies_back(job, member)
        yield from self._result(job, exchange, (), ())

    def _made_inside(self, job: Job) -> Iterator[Movement]:
        if job.task.produces:
            noise = self._noises(job, "aggregator", job.members) if self._noisy(job) else ()
            yield Movement(
                way=(job.meeting, self.models.vertex(job.task.produces)),
                level=INFERABLE,
                only=job.mask,
                noises=noise,
                unsaid=job.unsaid,
                why=job.why,
            )

    def _local(self, job: Job) -> Iterator[Movement]:
        if job.blind:
            yield from self._made_inside(job)
            return
        for member in job.givers:
            noise = self._noises(job, "client", [member]) if self._trains_private(job) else ()
            if job.task.produces and not self._personal_result(job):
                yield Movement(
                    way=(member, self.models.vertex(job.task.produces)),
                    level=INFERABLE,
                    only=frozenset(job.masks[member]),
                    noises=noise,
                    unsaid=job.unsaid,
                    why=job.why,
                )

    _rotating = _peer_to_peer
    _central = _local
