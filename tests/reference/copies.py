"""Which copies of models there are, who can open them, and what they are worth when one party has gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.reference.jobs import Job
from tests.reference.models import WEIGHTS, Models
from tests.reference.movement import Seal
from tests.reference.safeguards import flow_seals, seals
from tests.reference.tasks import Desugared
from tests.reference.tree import Rungs
from tests.reference.world import World


@dataclass(frozen=True)
class Case:
    """Who has gone, whether what is missing is taken favourably, and how a task exchanges."""

    kind: bool
    gone: str = ""
    way: Any = None


@dataclass(frozen=True)
class Rested:
    """The task that made a model, exchanging in one of the ways that are possible."""

    job: Job
    way: Job


class Copies:
    """Copies of models, one party taken away."""

    def __init__(self, world: World, models: Models, tasks: Desugared) -> None:
        self.world, self.models, self.tasks = world, models, tasks
        self.makers: dict[str, list[Job]] = {}
        for job in tasks.jobs:
            if job.task.produces:
                self.makers.setdefault(job.task.produces, []).append(job)
        roles = {name: {*party.role} for name, party in world.file.parties.items()}
        self.members = [name for name, role in roles.items() if role & {"participant", "coordinator"}]

    # Places and parties.

    def stands(self, place: str, case: Case) -> bool:
        """Whether a place goes on: its host is there, and one of those who run it."""
        here = self.world.places[place]
        names = [bare(one) for one in here.operators]
        return bare(here.host) != (case.gone or None) and names != [case.gone] and {*names} != {case.gone}

    def there(self, name: str, case: Case) -> bool:
        """Whether a node or a party that is named as a reader is there."""
        return self.stands(name, case) if name in self.world.places else name != case.gone

    def runs(self, party: str, place: str) -> bool:
        """Whether a party is among those who run a place."""
        return party in {bare(one) for one in self.world.places[place].operators}

    # Copies.

    def can_be_had(self, model: str, case: Case) -> bool:
        """Whether everybody can get the weights, those of a model that is made here only where it is published."""
        if self._published(model):
            return True
        if model in self.makers:
            return False
        weights = self.models.weights(model)
        return weights in ("open", "gated") or (weights is None and case.kind)

    def _published(self, model: str) -> bool:
        """Whether everybody can get it, as it says or by a flow of its weights."""
        released = (seal for to, seal in self._sent(model) if to == "=public")
        return bool(self.world.file.models[model].published) or not all(released)

    def _sent(self, model: str) -> Iterator[tuple[str, tuple[Seal, ...]]]:
        """Where a model's weights flow, and behind which seals: whoever gets them, or passes them on, has a copy."""
        for flow in self.world.file.flows.values():
            if flow.payload in WEIGHTS and model in (flow.data or ()):
                for source in self.world.nodes(flow.from_):
                    for target in (*self.world.nodes(flow.to, source), *self.world.nodes(flow.via, source)):
                        yield target, flow_seals(self.world, flow, source)

    def looks_into(self, model: str, party: str, case: Case) -> bool:
        """Whether a party can look into the weights."""
        return self.can_be_had(model, case) or self.has_copy(model, party, case)

    def has_copy(self, model: str, party: str, case: Case) -> bool:
        """Whether a party has a copy that it can open, on machines that are there."""
        return self._published(model) or any(
            self.runs(party, place)
            and self.stands(place, case)
            and self._sees(place, party, case)
            and self.readable(model, place, case)
            and self.unwrapped(model, place, case)
            for place in self.rests(model, case.way)
        )

    def rests(self, model: str, way: Job | None = None) -> set[str]:
        """Where there are copies: where it is said or made, where flows bring it, and with whoever runs it."""
        return self.stays(model, way) | {to for to, _ in self._sent(model) if to != "=public"}

    def stays(self, model: str, way: Job | None = None) -> set[str]:
        """Where there are copies that run there: not what is carried along, or cannot be opened."""
        found, entry = {*self.models.holders(model)}, self.world.file.models[model]
        if way is not None and model == way.task.produces and not (entry.weights_at or entry.via):
            # In this way it is made at fewer places.
            others = [one for job in self._makers_of_copies(model) if job.name != way.name for one in job.ways()]
            made = [place for one in (way, *others) for place in self.tasks.rests(one)]
            found &= {*made, *self.models.given(model)}
        if entry.copies == "personal" and entry.weights_at is None and model in self.makers:
            # Personal copies are made where the data are, and who only adds up has none.
            own = {self.world.copy(model, place) for job in self.makers[model] for place in job.givers}
            found = {place for place in found if self.world.copy(model, place) in own}
            found |= {*self.models.given(model)}
        if self.models.closed(model):
            return found | {self.world.outside(one) for one in [self.models.provider(model)] if one}
        return found | {*self.world.nodes((entry.via or ())[-1:])}

    def _makers_of_copies(self, model: str) -> list[Job]:
        """The tasks that make a model here: what only others train rests with them."""
        return [job for job in self.makers[model] if not all(job.hosted(one) for one in job.inputs())]

    def readable(self, model: str, place: str, case: Case) -> bool:
        """Whether a copy at a place can be opened, of whichever task that made it."""
        makers = self.makers.get(model, ())
        return not makers or any(
            self.opens(self.sealed(way, place), place, case)
            for job in makers
            for way in ([case.way] if case.way is not None and case.way.name == job.name else job.ways())
        )

    def unwrapped(self, model: str, place: str, case: Case) -> bool:
        """Whether what a flow brings can be opened, where nothing else brings it there."""
        sent = [sealed for to, sealed in self._sent(model) if to == place]
        alone = sent and place not in self.stays(model, case.way)
        return not alone or any(self.opens(sealed, place, case) for sealed in sent)

    def _sees(self, place: str, party: str, case: Case) -> bool:
        """Whether an enclave does not keep a party out, as whoever runs the place and as whoever owns the machine."""
        here = self.world.places[place]
        if here.tee is None or not here.tee.attested:
            return True
        ways = ["operator", *(["host"] if party == bare(here.host) else [])]
        return not all(self._keeps_out(here.tee, who, case) for who in ways)

    def _keeps_out(self, tee: Any, who: str, case: Case) -> bool:
        if tee.hides_from is not None:
            return who in tee.hides_from
        row = self.world.catalog.enclaves.find(tee.kind)
        said = getattr(row, who) if row else None
        return not case.kind if said is None else bool(said)

    # Seals.

    def sealed(self, way: Job, place: str) -> tuple[Seal, ...]:
        """The seals on a result that nobody who adds it up can open."""
        if not way.up or not self.tasks.exchanges(way):
            return ()
        if way.topology in ("peer_to_peer", "rotating"):
            return self.tasks.sealing(way, place, "exchange:") if place in way.members else ()
        if way.topology not in ("star", "tree"):
            return ()
        first = seals(self.world, way.task.safeguards, place)
        # What comes down passes the relays, too.
        passed = {one for giver in way.givers for relays in self.tasks.relays(way, giver) for one in relays}
        if way.topology == "star":
            tops = self.tasks.tops(way)
            adds = place in tops and place not in {*way.members, *passed}
            tops = [place] if adds else self.tasks.aggregators(way, place) or tops
            return tuple(one for one in first if tops and not any(self.models.reads(one, top) for top in tops))
        left = list(first)
        chain = self.tasks.rungs(way, [place] if place in way.members else way.givers)
        for hop, here in _on_way(chain, "" if place in passed else place):
            left = [one for one in left if not any(self.models.reads(one, top) for top in here)]
            if hop is not None:
                left += seals(self.world, hop.safeguards, here[0]) if here else []
        return tuple(left)

    def opens(self, left: Sequence[Seal], place: str, case: Case) -> bool:
        """Whether a place opens all seals, or there are readers enough."""
        return all(
            self.models.reads(one, place) or sum(self.there(reader, case) for reader in one.readers) >= one.threshold
            for one in left
        )


def _on_way(chain: Rungs, place: str) -> list[tuple[Any, list[str]]]:
    """Who adds up at each level: of whoever adds up itself, those below and above it."""
    level = next((number for number, (_, here) in enumerate(chain) if place in here), None)
    if level is None:
        return [(hop, list(here)) for hop, here in chain]
    found, kept = [(chain[level][0], [place])], {*chain[level][1][place]}
    for hop, here in reversed(chain[:level]):
        found.insert(0, (hop, [one for one in here if one in kept]))
        kept = {lower for one in found[0][1] for lower in here[one]}
    kept = {place}
    for hop, here in chain[level + 1 :]:
        kept = {one for one, lower in here.items() if not kept.isdisjoint(lower)}
        found.append((hop, [one for one in here if one in kept]))
    return found


def bare(party: str) -> str:
    return party.removesuffix(".self").removesuffix(".peer")
