"""What travels where a model is divided between those who take part and whoever has its top."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import groupby

from tests.reference.jobs import Job
from tests.reference.movement import INFERABLE, RECONSTRUCTABLE, Movement, Seal
from tests.reference.safeguards import caps, noises, seals
from tests.reference.tree import Tree

Labels = dict[str, dict[str, frozenset[str]]]  # by client, who holds its labels, and of which instances they are


class Divided(Tree):
    """Neural networks in two parts, and trees over columns that are held apart."""

    def _split(self, job: Job) -> Iterator[Movement]:
        yield from self._parted(job, boosts=job.topology in (job.method.up_in or {}))
        if job.task.method == "unknown":  # perhaps it is trees that grow
            yield from self._parted(job, boosts=True)
        if job.averages():
            parts = copy(job)
            parts.method = replace(job.method, up="model_update", down="model_weights", up_in={})
            yield from self._star(parts)

    def _parted(self, job: Job, *, boosts: bool) -> Iterator[Movement]:
        heads = list(dict.fromkeys(head for member in job.givers for head in self.heads(job, member)))
        labels = self._labels(job, heads if boosts else [])
        arbiters = self.arbiters(job, heads)
        for member in job.givers:
            for holder in labels[member]:
                if not self._stored(holder):
                    yield from self._leg(job, member, (member, holder), "labels", frozenset(job.masks[member]), [])
            for head in self.heads(job, member):
                for holder, of in labels[member].items():
                    yield from self._leg(job, holder, (holder, head), "labels", of, arbiters)
                if boosts:
                    yield from self._boosted(job, member, head, labels[member], arbiters)
                else:
                    yield from self._trained(job, member, head, labels[member], arbiters)
        every = frozenset(item for own in labels.values() for of in own.values() for item in of)
        for arbiter in arbiters:
            for place in {*job.givers, *heads}:
                of = frozenset(job.masks.get(place, ())) or job.mask
                of |= every if place in heads else frozenset()
                told = frozenset(i for holder, some in labels.get(place, {}).items() if holder != place for i in some)
                yield from self._leg(job, place, (place, arbiter), "gradients", of | told, [])
                yield from self._leg(job, place, (arbiter, place), "gradients", of, [], back=True)
                yield from self._leg(job, place, (arbiter, place), "gradients", told, [])
                yield from self._contents(job, place, arbiter, [])
        for head in heads:
            title, guards = f"{job.why}.safeguards", job.task.safeguards
            noise = noises(self.world, guards, title, "aggregator", [head], job.mask | every)
            for one in self._result(job, head, (), noise, adds=False):
                yield replace(one, only=job.mask | every)

    _vertical = _split

    def arbiters(self, job: Job, heads: list[str]) -> list[str]:
        """An aggregator beside the top of the model that everybody sends gradients."""
        return [] if job.averages() else self.beside(job, heads)

    def beside(self, job: Job, heads: list[str]) -> list[str]:
        """An aggregator beside the top of the model."""
        if not job.task.top_model_at:
            return []
        return [place for place in self.world.nodes(job.task.aggregator) if place not in heads]

    def _labels(self, job: Job, heads: list[str]) -> Labels:
        """Whoever is said to hold them, else each client its own; those of trees are at a top with data of its own."""
        found: Labels = {}
        for member in job.givers:
            own = frozenset(job.masks[member])
            if job.task.labels_at is None:
                at_top = {head: frozenset(job.masks[head]) for head in heads if job.masks.get(head)}
                found[member] = at_top or {member: own}
            else:
                places = self.world.nodes(job.task.labels_at, member)
                found[member] = {place: self._labelled(job, member, place) for place in places}
        return found

    def _labelled(self, job: Job, member: str, place: str) -> frozenset[str]:
        """Of which data somebody holds the labels: what rests there, else the client's, else everybody's columns."""
        stored = self._stored(place)
        same = self.world.places[place].party == self.world.places[member].party or job.topology == "split"
        return (stored & job.mask) or stored or (frozenset(job.masks[member]) if same else job.mask)

    def _stored(self, place: str) -> frozenset[str]:
        return frozenset(item.id for item in self.world.instances if item.place == place)

    def _trained(
        self, job: Job, member: str, head: str, labels: dict[str, frozenset[str]], arbiters: list[str]
    ) -> Iterator[Movement]:
        """Activations go up; the gradients that come back tell of what was sent, and of labels of others."""
        own = frozenset(job.masks[member])
        yield from self._leg(job, member, (member, head), "activations", own, arbiters)
        yield from self._contents(job, member, head, arbiters)
        yield from self._leg(job, member, (head, member), "gradients", own, arbiters, back=True)
        for holder, of in labels.items():
            if holder != member:
                yield from self._leg(job, member, (head, member), "gradients", of, arbiters)

    def _boosted(
        self, job: Job, member: str, head: str, labels: dict[str, frozenset[str]], arbiters: list[str]
    ) -> Iterator[Movement]:
        """Gradients of the labels go down, sums by the columns of others up; these need not read what they add."""
        if member == head:
            return
        of = frozenset(item for holder, some in labels.items() if holder != member for item in some)
        yield from self._leg(job, member, (head, member), "gradients", of, arbiters, blind=True)
        yield from self._leg(job, member, (member, head), "sums", frozenset(job.masks[member]), arbiters)
        yield from self._contents(job, member, head, arbiters)

    def _leg(
        self,
        job: Job,
        member: str,
        ends: tuple[str, str],
        payload: str,
        of: frozenset[str],
        arbiters: list[str],
        *,
        blind: bool = False,
        back: bool = False,
    ) -> Iterator[Movement]:
        """
        One leg, through the relays, under all safeguards of the task.

        What comes `back` says nothing new to whoever sent what it is made of, but the relays read it.
        """
        sender, receiver = ends
        if sender == receiver or not of:
            return
        guards, row = job.task.safeguards, self.world.catalog.payloads[payload]
        title = f"{job.why}.safeguards"
        noise = noises(self.world, guards, title, "client", [sender], of) if row.summable else ()
        for relays in self.relays(job, member):
            between = [
                place for place in relays if not (back and place == receiver)
            ]  # who is its own relay reads nothing
            way = (sender, *(between if sender == member else reversed(between)), *([] if back else [receiver]))
            way = tuple(place for place, _ in groupby(way))  # who holds the top may be the relay, too
            if len(way) == 1:
                continue
            yield Movement(
                way=way,
                level=self.models.level(payload),
                counted=self.models.counted(payload),
                raw=RECONSTRUCTABLE if row.aggregate else 0,
                few=(self._few_of(payload, of, sender, way[1]),),
                only=of,
                noises=noise,
                seals=self._seals_to(job, sender, receiver, arbiters, blind=blind),
                caps=caps(self.world, guards, sender),
                unsaid=job.unsaid,
                why=job.why,
            )

    def _seals_to(
        self, job: Job, sender: str, receiver: str, arbiters: list[str], *, blind: bool = False
    ) -> tuple[Seal, ...]:
        """A receiver works on what it gets: it opens it, or computes on what an arbiter opens, or adds it up."""
        found = seals(self.world, job.task.safeguards, sender)
        keyed = [s for s in found if s.malleable and arbiters and all(self.models.reads(s, one) for one in arbiters)]
        return tuple(
            one for one in found if self.models.reads(one, receiver) or one in keyed or (blind and one.malleable)
        )

    def _ends(self, job: Job, member: str) -> list[str]:
        """To whom a member sends: the top, and whoever is an arbiter beside it."""
        heads = self.heads(job, member)
        return [*heads, *self.arbiters(job, heads)]

    def _contents(self, job: Job, member: str, head: str, arbiters: list[str]) -> Iterator[Movement]:
        """What a model contains goes with what it makes."""
        level = min(INFERABLE, self.models.level(job.up or "activations"))
        senders = [one for one in job.givers if one != head and head in self._ends(job, one)]
        every = tuple(one for giver in senders for one in self._seals_to(job, giver, head, arbiters))
        for model in job.carried():
            between = self.relays(job, member) if head != member else []
            # Who has no weights, and sends nothing to anybody, gets none by holding the top itself.
            ends = {head} if head != member or not job.hosted(model) else set()
            for place in {*ends, *(relay for relays in between for relay in relays)}:
                sides = {"level": level, "seals": self._joint(every), "unsaid": job.unsaid}
                yield from self.models.contents(model, place, job.why, **sides)
