"""What is computed on shares or on ciphertext: data meet where nobody looks, and what comes of them leaves there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.reference.divided import Divided
from tests.reference.few import few
from tests.reference.jobs import Job
from tests.reference.movement import VERBATIM, Few, Movement, Noise, Seal, Word
from tests.reference.safeguards import caps, noises, noisy, readers, word
from tests.reference.world import World


def shared(world: World, one: Any, place: str) -> Seal:
    """The seal on what somebody gives to those who compute."""
    return Seal(
        readers=readers(world, one.of, None, one.threshold),
        threshold=one.threshold,
        malleable=True,
        words=word(world, one, [place]),
    )


class Blind(Divided):
    """The movements of tasks that are computed so."""

    def _given(self, job: Job) -> Iterator[Movement]:
        """All data come sealed to everybody who computes, and to where they meet."""
        for item in (one for one in self.world.instances if one.id in job.mask):
            for end in (*job.members, job.meeting):
                if end != item.place:
                    yield Movement(
                        way=(item.place, end),
                        level=VERBATIM,
                        only=frozenset({item.id}),
                        caps=caps(self.world, job.task.safeguards, item.place),
                        seals=() if end == job.meeting else (shared(self.world, job.blind, item.place),),
                        unsaid=job.unsaid,
                        why=job.why,
                    )

    def _inside(self, job: Job, model: str) -> bool:
        """Whether all who compute have a model, and so ask nobody."""
        return bool(job.blind) and {*job.members} <= {*self.models.holders(model)}

    def _told(self, job: Job, model: str) -> Iterator[Movement]:
        """What a model that is run or trained inside has learned, which comes with the result."""
        for end in (job.meeting, *job.revealed):
            yield from self.models.contents(model, end, job.why)

    def _learned(self, job: Job) -> Iterator[Movement]:
        """What the models have learned that something is trained from, or by."""
        for model in job.inputs() if job.method.trains else ():
            if model and not job.hosted(model):
                yield from self._told(job, model)

    def _revealed(self, job: Job) -> Iterator[Movement]:
        """What comes of it, for those who are to have it, unless it is a model that is placed with them."""
        made = self.world.file.models.get(job.task.produces or "")
        placed = made is not None and made.weights_at is None and not made.via
        down = job.method.down or "model_weights"
        trained = down if self.world.catalog.payloads[down].weights else "model_weights"
        payload = trained if job.method.trains else job.method.output or job.up or "model_update"
        row = self.world.catalog.payloads[payload]
        items = [item for item in self.world.instances if item.id in job.mask]
        for end in (one for one in job.revealed if one.startswith("=") or not placed):
            yield Movement(
                way=(job.meeting, end),
                level=self.models.level(payload),
                counted=row.least_units is not None,
                raw=0,
                few=(Few() if row.least_units is None else few(self.world, row, items, job.meeting, end),),
                only=job.mask,
                noises=self._noises(job, "aggregator", job.members) if noisy(self.world, payload) else (),
                unsaid=job.unsaid,
                why=job.why,
            )


def sent_on(jobs: list[Job], world: World, moves: Iterator[Movement]) -> Iterator[Movement]:
    """What those send who compute: what they cannot read leaves from where it meets."""
    for one in moves:
        if not one.why.startswith("flows.") or one.way[0] not in world.places:
            yield one
            continue
        own = frozenset(item.id for item in world.instances if item.place == one.way[0])
        here = [job for job in jobs if job.blind and one.way[0] in job.members]
        met = [job for job in here if one.only is None or (one.only - own and one.only <= job.mask)]
        yield from (_from(one, job) for job in met)
        if not met or one.only is None:
            yield one


def _from(one: Movement, job: Job) -> Movement:
    """The same from where the data meet, made by what the task ships, on the word of all who compute."""
    flow, title = job.world.file.flows[one.why.partition(".")[2]], f"{one.why}.safeguards"
    covered = frozenset(item for item, _ in (pair for noise in one.noises for pair in noise.enough))
    noise = [n for where in ("client", "aggregator") for n in _noises_of(job, flow, title, where, covered)]
    made = [item for item in job.world.instances if item.id in (one.only or ())]
    row = job.world.catalog.payloads[flow.payload]
    return replace(
        one,
        way=(job.meeting, *one.way[1:]),
        few=(few(job.world, row, made, job.meeting, one.way[1]),) if one.few else (),
        made=(frozenset(item.id for item in made),) if one.made else (),
        ships=(job.task.code_from,) if job.task.code_from else (),
        seals=tuple(replace(seal, words=_by_all(job, one.way[0], seal.words)) for seal in one.seals),
        caps=tuple(replace(cap, words=_by_all(job, one.way[0], cap.words)) for cap in one.caps),
        sums=tuple(replace(total, words=_by_all(job, one.way[0], total.words)) for total in one.sums),
        noises=(*noise, *(n for n in one.noises if n.shares is not None)) if one.noises or noise else (),
    )


def _noises_of(job: Job, flow: Any, title: str, where: str, covered: frozenset[str]) -> tuple[Noise, ...]:
    counts = noisy(job.world, flow.payload)
    return noises(job.world, flow.safeguards, title, where, job.members, covered or job.mask) if counts else ()


def _by_all(job: Job, source: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """What is done at one of them is done by all."""
    found: list[Word] = []
    for one in words:
        if one.place != source:
            found.append(one)
            continue
        plain = one.parties == frozenset(job.world.words(source))
        for member in job.members:
            here = job.world.places[member]
            parties = job.world.words(member) if plain else {job.world.supplier(here.code, here) or here.party}
            found.append(Word(parties=frozenset(parties), place=member))
    return tuple(found)
