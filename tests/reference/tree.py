"""What travels up and down a tree of aggregators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.reference.exchange import Exchange
from tests.reference.few import contributed
from tests.reference.jobs import Job
from tests.reference.movement import INFERABLE, Contributor, Movement, Noise, Sum, Word
from tests.reference.safeguards import caps, noises, seals, secure_sums, unsaid
from tests.reference.world import Instance

Rungs = list[tuple[Any, dict[str, list[str]]]]


class Tree(Exchange):
    """One level after the other."""

    def _tree(self, job: Job) -> Iterator[Movement]:
        # Who takes part without data gets what comes out on the same way.
        yield from self._climb(job, self.rungs(job, job.givers), self.rungs(job, job.members))

    def rungs(self, job: Job, members: Sequence[str]) -> Rungs:
        """Level by level, who adds up, and what comes from below."""
        below: dict[str, list[str]] = {member: [member] for member in members}
        final = self._final(job)
        found: Rungs = []
        for hop, names in [*((hop, hop.at) for hop in job.task.hops), *([(None, final)] if final else [])]:
            here: dict[str, list[str]] = {}
            for lower in below:
                for place in self.world.nodes(self._routed(hop, names, lower), lower):
                    here.setdefault(place, []).append(lower)
            found.append((hop, here))
            below = here
        return found

    def sizes(self, job: Job) -> list[tuple[int, int]]:
        """How many contributions each of a tree adds up: with missing facts unfavourable, and favourable."""
        chain = self.rungs(job, job.givers)
        places = [(level, place) for level, (_, here) in enumerate(chain) for place in here]
        return [(one.least, one.most) for level, place in places for one in self._hop_sum(job, chain, level, place)]

    def _final(self, job: Job) -> list[str]:
        return list(job.task.aggregator or self.world.aggregators())

    def _members_below(self, chain: Rungs, level: int, place: str) -> list[str]:
        lower = chain[level][1].get(place, [])
        if level == 0:
            return lower
        return list(dict.fromkeys(m for one in lower for m in self._members_below(chain, level - 1, one)))

    def _items_below(self, job: Job, chain: Rungs, level: int, place: str) -> list[Instance]:
        ids = {item for member in self._members_below(chain, level, place) for item in job.masks[member]}
        return [item for item in self.world.instances if item.id in ids]

    def _climb(self, job: Job, chain: Rungs, full: Rungs) -> Iterator[Movement]:
        for place, members in chain[0][1].items():
            for member in members:
                for relays in self.relays(job, member):
                    yield from self._up(job, member, (*relays, place), members)
        for level in range(1, len(chain)):
            for place, lowers in chain[level][1].items():
                for lower in lowers:
                    for one in self._pass_on(job, chain, level, lower, place, lowers):
                        doubtful = unsaid(chain[level - 1][0].safeguards) and one.only is not None
                        yield replace(one, unsaid=True) if doubtful else one
        last = len(chain) - 1
        for top in chain[last][1]:
            plain = self._hop_sum(job, chain, last, top)
            noise = self._noises(job, "aggregator", [top]) if self._noisy(job) else ()
            if len(chain) == len(job.task.hops) and self._noisy(job):
                noise = noise + self._hop_noises(job, chain, last, top)
            forwards = self._passes(job, chain, last, top)
            ways = self._down_ways(job, full, last, top)
            if not job.method.down:  # only who can open it gets anything
                ways = [way for way in ways if self._keyed(job, top, way[-1], forwards=forwards)]
            # Hops get what all below can open; relays pass each leg on as it is.
            every = tuple(sorted({way[-1] for way in ways}))
            legs = {(place, every) for way in ways for place in way[:last]}
            legs |= {(place, way[-1:]) for way in ways for place in way[last:]}
            for place, ends in sorted(legs):
                if forwards:
                    yield from self._forward(job, top, self._members_below(chain, last, top), place, ends)
                else:
                    down = self._down(job, top, place, plain, noise, ends)
                    hop = chain[last][0]
                    yield replace(down, unsaid=True) if hop is not None and unsaid(hop.safeguards) else down
                yield from self._copies_back(job, place, self._again(job, top, ends), () if forwards else (top,))
            for one in self._result(job, top, () if forwards else plain, () if forwards else noise, adds=not forwards):
                yield replace(one, unsaid=True) if unsaid(chain[last][0].safeguards if chain[last][0] else ()) else one

    def _passes(self, job: Job, chain: Rungs, level: int, place: str) -> bool:
        """Whether a place passes on single contributions, since it can neither open them nor add them up."""
        guards = chain[level - 1][0].safeguards if level else job.task.safeguards
        came = level > 0 and any(self._passes(job, chain, level - 1, lower) for lower in chain[level][1][place])
        return self._cannot_add(guards, place) or (came and self._cannot_add(job.task.safeguards, place))

    def _down_ways(self, job: Job, chain: Rungs, level: int, top: str) -> list[tuple[str, ...]]:
        found = []
        for lower in chain[level][1][top]:
            if level == 0:
                found += [(*reversed(relays), lower) for relays in self.relays(job, lower)]
            else:
                found += [(lower, *rest) for rest in self._down_ways(job, chain, level - 1, lower)]
        return found

    def _hop_noises(self, job: Job, chain: list[tuple[Any, Any]], level: int, place: str) -> tuple[Noise, ...]:
        hop = chain[level][0]
        if hop is None:
            return ()
        covered = frozenset(item.id for item in self._items_below(job, chain, level, place))
        # Each that sends from a level adds the noise that stands there, whatever it is called.
        title = f"{job.why}.hops.{level}"
        found = (noises(self.world, hop.safeguards, title, who, [place], covered) for who in ("client", "aggregator"))
        return tuple(one for some in found for one in some)

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
        least, most = job.mixed(least, most)
        words = (Word(parties=frozenset(self.world.words(place)), place=place),)
        return (
            Sum(
                id=f"{job.why}.{level}@{place}",
                contributors=job.crowd(below),
                least=least,
                most=most,
                words=words,
                least_units=job.least_units,
                task=job.name,
                at=place,
                fed=self._fed(job, chain, level, place),
                crowd=job.crowd(below),
            ),
        )

    def _fed(self, job: Job, chain: Rungs, level: int, place: str) -> frozenset[str]:
        """The places by way of which something gets to one of a level: hops, and the relays before them."""
        lower = chain[level][1].get(place, [])
        if level == 0:
            return self._stations(job, lower)
        return frozenset(lower).union(*(self._fed(job, chain, level - 1, one) for one in lower))

    def _pass_on(
        self, job: Job, chain: list[tuple[Any, Any]], level: int, lower: str, place: str, lowers: Sequence[str]
    ) -> Iterator[Movement]:
        """What one level of a tree sends to the next."""
        hop = chain[level - 1][0]
        guards = hop.safeguards
        below = self._members_below(chain, level - 1, lower)
        only = frozenset(item for member in below for item in job.masks[member])
        sums = self._hop_sum(job, chain, level - 1, lower)
        noise = self._hop_noises(job, chain, level - 1, lower) if self._noisy(job) else ()
        if self._summable(job):
            crowd = tuple(
                Contributor(
                    controlled=frozenset({*self.world.places[one].operators, self.world.places[one].host} - {""}),
                    owners=frozenset(item.owner for item in self._items_below(job, chain, level - 1, one)),
                    items=frozenset(item.id for item in self._items_below(job, chain, level - 1, one)),
                    units=contributed(self.world, self._items_below(job, chain, level - 1, one)),
                )
                for one in lowers
            )
            title = f"{job.why}.hops.{level - 1}.safeguards"
            ends = {"at": place, "fed": self._fed(job, chain, level, place)}
            everybody = job.crowd(self._members_below(chain, level, place))
            sums += secure_sums(
                self.world, guards, title, [lower], crowd, least_units=job.least_units, below=everybody, **ends
            )
        if self._passes(job, chain, level - 1, lower):
            for one in self._pass_single(job, (lower, place), below, sums[1:]):
                sealed = (
                    seals(self.world, guards, lower) if one.maker else one.seals
                )  # what is sealed may be sealed again
                yield replace(one, seals=sealed)
            return
        yield Movement(
            way=(lower, place),
            level=self.models.level(job.up),
            counted=self.models.counted(str(job.up)),
            nominal=INFERABLE,
            few=(self._few_each(job, below, lower),),
            only=only,
            sums=sums,
            noises=noise,
            adds=True,
            seals=seals(self.world, guards, lower),
            caps=caps(self.world, guards, lower),
            why=job.why,
        )
        yield from self._carried_on(job, place)

    def _pass_single(
        self, job: Job, way: tuple[str, str], below: Sequence[str], sums: tuple[Sum, ...]
    ) -> Iterator[Movement]:
        for giver in below:
            yield Movement(
                way=way,
                level=self.models.level(job.up),
                counted=self.models.counted(str(job.up)),
                few=(self._few(job, giver, way[0]),),
                only=frozenset(job.masks[giver]),
                sums=sums,
                maker=giver,
                why=job.why,
            )
        yield from self._carried_on(job, way[1])

    def _carried_on(self, job: Job, place: str) -> Iterator[Movement]:
        every = tuple(one for other in job.givers for one in self.sealing(job, other, place))
        for model in job.carried():
            yield from self.models.contents(model, place, job.why, seals=self._joint(every), unsaid=job.unsaid)
