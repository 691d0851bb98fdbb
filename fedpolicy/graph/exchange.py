"""What topologies are made of: the steps by which contributions to one task travel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph.flows import hops, receivers, stations
from fedpolicy.graph.guards import Shield, guards_for, opens, performers, sealed_for_work, seals_at, seals_for
from fedpolicy.graph.jobs import Job, Outcome
from fedpolicy.graph.routes import aggregators_of
from fedpolicy.language.model.does import Noise, Seal, Sum, Unsaid
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.graph import Guard, Mask, Path, Vertex
    from fedpolicy.graph.builder import Builder
    from fedpolicy.language.model.flow import TreeRoute

Cohort = tuple[int, int, tuple[str, ...]]
Ends = tuple[Sequence["Vertex"], Iterable[str]]
_SHUT = "{} can neither open nor compute on what is encrypted end to end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The contributions to one task, and the graph that their flows are added to."""

    builder: Builder
    job: Job

    @property
    def own(self) -> Shield:
        """The task's own safeguards: those of what the clients send."""
        return self.job.shield

    def aggregator_names(self) -> tuple[str, ...]:
        """References to the aggregator: as declared, else the only node of that kind."""
        return aggregators_of(self.builder, self.job.task)

    def aggregators(self, place: Vertex) -> list[str]:
        """The aggregators that a place sends to."""
        return [target for reference in self.aggregator_names() for target in self.builder.targets(place, reference)]

    def mask_of(self, contributors: Iterable[Vertex]) -> Mask:
        """The instances that some contributors work on."""
        return reduce(or_, (self.job.masks[place.id] for place in contributors), 0)

    def guards(
        self, stage: str, place: Vertex, payload: str, of: Shield | None = None, sums: dict[Path, int] | None = None
    ) -> tuple[Guard, ...]:
        """The safeguards on what a place sends at a stage: `uplink`, `hop`, `aggregated` or `local`."""
        clients = self.job.words
        return guards_for(self.builder, of or self.own, stage, place, payload=payload, clients=clients, sums=sums)

    def uplink(
        self, place: Vertex, sums: dict[Path, int], of: Shield | None = None
    ) -> tuple[tuple[Guard, ...], tuple[int, ...]]:
        """The guards and the seals on what one contributor sends."""
        stage = "uplink" if of is None or of.path == self.job.origin.path else "hop"
        return self.guards(stage, place, self.job.up, of, sums), seals_for(self.builder, of or self.own)

    def secure_sums(
        self,
        contributors: Sequence[Vertex],
        mask: Mask,
        of: Shield | None = None,
        shares: tuple[Mask, ...] = (),
        *,
        at: str = "",
    ) -> dict[Path, int]:
        """One aggregate per secure aggregation: it hides a contribution among its clients, if there are as many."""
        safeguards, path = of or self.own
        found: dict[Path, int] = {}
        here = sum(place.weight for place in contributors)
        # Clients that have nothing to add may be among those who are counted.
        idle = self.job.idle(self.job.members) if path == self.job.origin.path else 0
        for index, safeguard in enumerate(safeguards):
            if isinstance(does := safeguard.does, Sum):
                k = max(1, min(does.clients_of(safeguard) - idle, here))
                ids, own = [place.id for place in contributors], shares or self.job.shares(contributors)
                found[*path, "safeguards", index] = self.builder.add_aggregate(
                    self.job.origin, ids, mask, (k, k), frozenset(), shares=own, payload=self.job.up, at=at
                )
        return found

    def aggregate(self, contributors: Sequence[Vertex], mask: Mask, cohort: Cohort, at: Vertex | None = None) -> int:
        """A sum over contributions; without a place `at` which they are added up it rests on all who contribute."""
        low, high, missing = self.job.mixed(cohort)
        return self.builder.add_aggregate(
            self.job.origin,
            [place.id for place in contributors],
            mask,
            (low, high),
            self.job.words[0] if at is None else performers(at),
            summable=self.builder.catalog.payloads[self.job.up].summable,
            missing=missing,
            shares=self.job.shares(contributors),
            payload=self.job.up,
            at="" if at is None else at.id,
        )

    @property
    def send(self) -> partial[int | None]:
        """Add one flow, see `Builder.add`."""
        return partial(self.builder.add, self.job.origin)

    def send_up(
        self,
        place: Vertex,
        target: str,
        payload: str,
        role: str,
        *,
        guards: tuple[Guard, ...] = (),
        seals: tuple[int, ...] = (),
    ) -> None:
        """Send a client's own contribution through the relays; safeguards apply where it leaves the client."""
        self._send_along(self.way(place, target), role, payload, self.job.masks[place.id], guards, seals)

    def send_leg(
        self,
        role: str,
        place: Vertex,
        above: Vertex,
        payload: str,
        mask: Mask,
        *,
        blind: tuple[int, ...] = (),
        down: bool = False,
        echo: bool = False,
    ) -> None:
        """
        Send something up from a place, or `down` to it, through the relays, under the safeguards of the task.

        Whoever gets it works on it. So a seal counts where the receiver opens it, or where it only computes on what is
        sealed (`blind`).
        """
        if place == above:
            return
        sender, receiver = (above, place) if down else (place, above)
        guards = self.guards("divided", sender, payload)
        seals = tuple(sorted({*self.seals_to(receiver), *blind}))
        guards = sealed_for_work(self.builder, guards, receiver, seals=seals)
        way = self.way(place, above.id)
        onward = [(end, source) for source, end in reversed(way)] if down else way
        # What comes back says nothing new to whoever sent it, but relays may have passed it on sealed.
        self._send_along(onward, role, payload, mask, guards, seals, back=receiver.id if echo else "")

    def _send_along(
        self,
        way: Sequence[tuple[str, str]],
        role: str,
        payload: str,
        mask: Mask,
        guards: tuple[Guard, ...],
        seals: tuple[int, ...],
        back: str = "",
    ) -> None:
        """Send one message through the relays; safeguards apply where it leaves its sender."""
        sender = way[0][0]
        for source, end in way:
            first = source == sender
            kept, put_on, by = (guards, seals, "") if first else ((), (), sender)
            passed = {"passed_on": not first, "sender": by, "echo": end == back}
            self.send(role, source, end, payload, mask, guards=kept, seals=put_on, **passed)

    def blind_seals(self, *openers: Vertex) -> tuple[int, ...]:
        """The seals under which others can compute, and which some places open."""
        return seals_for(self.builder, self.own, *openers, malleable=True)

    def receivers(
        self, sources: Iterable[str], at: Iterable[str], routes: Iterable[TreeRoute] = ()
    ) -> dict[str, list[str]]:
        """Where places below send to at a level of a tree."""
        return receivers(self.builder, sources, at, routes)

    def relays(self, place: Vertex) -> list[list[str]]:
        """The relays between a place and the aggregator, one station after the other; they see what they pass on."""
        return stations(self.builder, place, self.job.task.via)

    def way(self, place: Vertex, target: str) -> list[tuple[str, str]]:
        """The single hops from a place to a target through the relays, one station after the other."""
        return list(hops([[place.id], *self.relays(place), [target]]))

    def train_divided(self) -> list[Outcome]:
        """Train a model of which the clients have the bottom and somebody else the top."""
        from fedpolicy.graph.divided import train_divided  # noqa: PLC0415  few models are divided

        return train_divided(self)

    def cannot_add(self, place: Vertex, of: Shield | None = None) -> bool:
        """Whether a place gets what it can neither open nor compute on: it forwards single contributions."""
        seals = [(one, one.does) for one in (of or self.own).safeguards if isinstance(one.does, Seal)]
        return any(not does.malleable and not opens(self.builder, one, place) for one, does in seals)

    def send_down(
        self,
        top: Vertex,
        aggregate: int,
        below: Sequence[Vertex],
        between: Iterable[str] = (),
        of: Shield | None = None,
    ) -> Outcome:
        """
        Send the aggregate back to everybody below who takes part, and say where it rests.

        Whoever passes it on (`between`, and the relays) gets it from the top too: it is not theirs to add up. The top
        may have safeguards `of` its own beside those of the task.
        """
        job = self.job
        below, between = self._entitled(below, between, top)
        guards = self.guards("aggregated", top, job.up)
        guards += () if of is None else self.guards("aggregated", top, job.up, of)
        sealing: dict[tuple[int, ...], tuple[Guard, ...]] = {(): guards}
        for target, seals in self._downward(below, between):
            if seals not in sealing:
                sealing[seals] = (*guards, *seals_at(self.builder, self.own, top, seals, job.down))
            way = ("downlink", top.id, target, job.down if job.method.down else "sums", job.mask)
            self.send(*way, guards=sealing[seals], seals=seals, aggregate=aggregate, raw=job.up)
        return Outcome(place=top.id, mask=job.mask, guards=guards, aggregate=aggregate, raw=job.up)

    def forward(self, top: Vertex, below: Sequence[Vertex], between: Iterable[str] = ()) -> Outcome:
        """Pass single contributions on to everybody below: whoever can open them adds them up."""
        job, mask = self.job, self.mask_of(below)
        below, between = self._entitled(below, between)
        said = self.guards("aggregated", top, job.up)
        vain = tuple(replace(guard, ignored=_SHUT.format(top.name)) for guard in said)
        sealing: dict[tuple[int, ...], tuple[Guard, ...]] = {}
        for target, seals in self._downward(below, between):
            if seals not in sealing:
                sealing[seals] = (*vain, *seals_at(self.builder, self.own, top, seals, job.up))
            self.send("forwarded", top.id, target, job.up, mask, guards=sealing[seals], seals=seals, passed_on=True)
        return Outcome(place=top.id, mask=job.mask, guards=tuple(one for one in said if isinstance(one.does, Unsaid)))

    def without_noise(self, place: Vertex, guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
        """The safeguards of a place that passes on what it cannot open; it adds no noise to that."""
        vain = _SHUT.format(place.name)
        return tuple(replace(one, ignored=vain) if isinstance(one.does, Noise) else one for one in guards)

    def seals_to(self, *places: Vertex) -> tuple[int, ...]:
        """The seals on what is sent to places that have to read it: those that each of them can open."""
        return seals_for(self.builder, self.own, *places)

    def _entitled(self, below: Sequence[Vertex], between: Iterable[str], top: Vertex | None = None) -> Ends:
        """Who gets anything back of a method that sends nothing back: who opens what the top, or anybody, cannot."""
        if self.job.method.down:
            return below, between
        shut = set(self.seals_to()).difference(self.seals_to(top) if top else ())
        found = [place for place in below if not shut.isdisjoint(self.seals_to(place))] if shut else []
        return found, between if found else ()

    def _downward(self, below: Sequence[Vertex], between: Iterable[str]) -> Iterable[tuple[str, tuple[int, ...]]]:
        """Who gets what goes down, and behind which seals: each leg's that its end can open. Relays pass every leg."""
        legs = {place.id: self.seals_to(place) for place in below}
        several = [set(seals) for seals in dict.fromkeys(legs.values())]
        common = tuple(sorted(several[0].intersection(*several))) if several else ()
        found = dict.fromkeys((name, common) for name in between)
        for place in below:
            found |= dict.fromkeys((hop, legs[place.id]) for station in self.relays(place) for hop in station)
            found[place.id, legs[place.id]] = None
        return found

    def share_with_all(self) -> list[Outcome]:
        """
        Send every contribution to a meeting point, and all of them from there to everybody who takes part.

        It stands for the n x (n - 1) flows between the clients; nobody operates it and it keeps nothing back. Everybody
        adds up, so a seal counts only if everybody can open it.
        """
        job = self.job
        hub = self.builder.exchange(job.origin).id
        sums = self.secure_sums(job.contributors, job.mask)
        shut, seals = self._shut_out(job.members), self.seals_to(*job.members)
        for place in job.contributors:
            guards = sealed_for_work(self.builder, self.guards("uplink", place, job.up, sums=sums), *shut)
            self.send_up(place, hub, job.up, "uplink", guards=guards, seals=seals)
        for place in job.members:
            self.send("exchange", hub, place.id, job.up, job.mask, passed_on=True)
        aggregate = self.aggregate(job.contributors, job.mask, job.cohort())
        return [Outcome(place=hub, mask=job.mask, aggregate=aggregate, raw=job.up)]

    def _shut_out(self, places: Sequence[Vertex]) -> list[Vertex]:
        """The first who cannot open it, for each seal."""
        seals = [one for one in self.own.safeguards if isinstance(one.does, Seal)]
        first = (next((place for place in places if not opens(self.builder, one, place)), None) for one in seals)
        return list({place.id: place for place in first if place is not None}.values())

    def stay(self, mask: Mask | None = None) -> list[Outcome]:
        """Leave the result where the task runs; `mask` is what went into it, if that is more than a place's own."""
        return [
            Outcome(
                place=place.id,
                mask=self.job.masks[place.id] if mask is None else mask,
                guards=self.guards("inside" if place.kind == "exchange" else "local", place, self.job.up),
            )
            for place in self.job.contributors
        ]
