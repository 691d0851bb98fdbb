"""
The reference for control: who has which capability, and who can take it away alone, by taking away one party at a time.

What is missing is taken favourably, then unfavourably; where nobody knows who exchanges with whom, each way is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fedpolicy.catalog import Catalog
from tests.reference.copies import Case, Rested, bare
from tests.reference.jobs import Job
from tests.reference.means import Means
from tests.reference.models import Models
from tests.reference.tasks import Desugared
from tests.reference.world import World

PEERS = ("peer_to_peer", "rotating")
MEET = 2  # without an aggregator, clients meet each other
Key = tuple[str, str, str]  # use, party, capability


@dataclass(frozen=True)
class Answer:
    """Whether a party may have it, whether it surely has, and who surely can end it alone."""

    perhaps: bool
    surely: bool
    holders: frozenset[str]

    def __str__(self) -> str:
        held = "never" if not self.perhaps else "given" if self.surely else "perhaps given"
        return f"{held}, ended by {', '.join(sorted(self.holders)) or 'nobody'}"


def control(deployment: Any, catalog: Catalog) -> dict[Key, Answer]:
    """What each party has of each use, for all capabilities that make sense there."""
    world = World(deployment, catalog)
    models = Models(world)
    tasks = Desugared(world, models)
    uses: list[Use] = [Work(world, models, tasks, job) for job in tasks.jobs]
    uses += [Asking(world, models, tasks, name) for name in deployment.api_calls]
    return {(use.name, *key): answer for use in uses for key, answer in use.answers()}


class Use:
    """A task or a call: who takes part from where, and what that takes."""

    def __init__(self, world: World, models: Models, tasks: Desugared, name: str) -> None:
        self.world, self.models, self.tasks, self.name = world, models, tasks, name
        self.means = Means(world, models, tasks)
        self.places: list[str] = []
        self.ways: dict[str, Sequence[Job]] = {}  # by capability, what it may depend on that nobody knows
        self.stored: dict[str, list[str]] = {}  # by place, where the data lie that are worked on there

    def answers(self) -> Iterator[tuple[tuple[str, str], Answer]]:
        everybody = self._named()
        for party, capability in sorted(self._rows()):
            ask = getattr(self, f"_{capability}")
            ways = self.ways.get(capability, [None])
            best = any(ask(party, Case(kind=True, way=way)) for way in ways)
            worst = best and all(ask(party, Case(kind=False, way=way)) for way in ways)
            left = everybody - {party} if best else set()
            ended = {one for one in left if not any(ask(party, Case(kind=True, gone=one, way=way)) for way in ways)}
            yield (party, capability), Answer(best, worst, frozenset(ended))

    def _named(self) -> set[str]:
        """Everybody who has a name; nobody can say of others that they end something."""
        places = [*self.world.places.values()]
        places += [self.world.places[hop] for m in self.world.file.models.values() for hop in self.world.nodes(m.via)]
        found = {*self.world.file.parties, *(bare(one) for here in places for one in (*here.operators, here.host))}
        for model in self.world.file.models:
            found |= {self.models.provider(model) or "", self.means.licensor(model)}
        return {one for one in found if one and one != "unknown" and not one.startswith("unknown:")}

    def _rows(self) -> set[tuple[str, str]]:
        found = {(party, "run") for party in self._parties()}
        if self._used():
            found |= {(party, "inspect") for party in self._parties()}
        return found

    def _parties(self) -> set[str]:
        return {self._of(place) for place in self.places}

    def _of(self, place: str) -> str:
        return bare(self.world.places[place].party)

    def _mine(self, party: str) -> list[str]:
        return [place for place in self.places if self._of(place) == party]

    def _used(self) -> list[str]:
        raise NotImplementedError

    def _asked(self) -> list[str]:
        raise NotImplementedError

    def _run(self, party: str, case: Case) -> bool:
        return any(self._works_at(place, party, case) for place in self._mine(party))

    def _works_at(self, place: str, party: str, case: Case) -> bool:
        lies = self.stored.get(place, [])
        there = not lies or any(self.means.stands(one, case) for one in lies)
        return (
            self.means.stands(place, case)
            and there
            and all(
                any(self._usable(model, place, party, case) for model in (one, *self.models.stand_ins(one)))
                for one in self._asked()
            )
        )

    def _usable(self, model: str, place: str, party: str, case: Case) -> bool:
        return self.means.callable(model, place, party, case)

    def _inspect(self, party: str, case: Case) -> bool:
        return all(self.means.looks_into(model, party, case) for model in self._used())


class Asking(Use):
    """A call of a model."""

    def __init__(self, world: World, models: Models, tasks: Desugared, name: str) -> None:
        super().__init__(world, models, tasks, f"api_calls.{name}")
        self.call = world.file.api_calls[name]
        self.places = world.nodes(self.call.from_) if self.call.model else []
        for place in self.places:
            self.stored[place] = [item.place for item in world.sent(self.call.sends, place, self.call.from_)]

    def _used(self) -> list[str]:
        return [self.call.model] if self.call.model else []

    _asked = _used


class Work(Use):
    """A task."""

    def __init__(self, world: World, models: Models, tasks: Desugared, job: Job) -> None:
        super().__init__(world, models, tasks, job.why)
        self.job, self.task = job, job.task
        self.places = job.working  # whoever has no data takes no part
        ways = job.ways()
        leads = [way for way in ways if any(self._ends(way, place) for place in job.members)]
        quiet = [way for way in ways if way not in leads and way.topology in ("local", "central")]
        # Where there are no rounds, nobody takes part in any; a way that leads nowhere is none.
        left = [*leads, *quiet] or ways
        self.ways = {"join": leads, "keep": left, "inspect": left, "run": left}
        for place in self.places:
            here = [item for item in world.instances if item.id in (job.mask if job.blind else job.masks[place])]
            self.stored[place] = [item.place for item in here]

    def _rows(self) -> set[tuple[str, str]]:
        found = super()._rows()
        if self.tasks.exchanges(self.job) and any(
            self._ends(way, one) for way in self.ways["join"] for one in self.places
        ):
            found |= {(party, "join") for party in self._parties()}
        if self.task.produces:
            found |= {(party, "keep") for party in self._parties() - self._lenders() | self._gave()}
        return found

    def _lenders(self) -> set[str]:
        """Those who are said to be anything but participants, and work on what is not theirs."""
        return {*self.world.file.parties} - self.world.participants() - self._owning(self.job)

    def _gave(self) -> set[str]:
        """The participants among them."""
        return self._owning(self.job) & self.world.participants()

    def _owning(self, job: Job, seen: frozenset[str] = frozenset()) -> set[str]:
        """Whose data a task learns from, or those that made what it starts from."""
        found = {bare(item.owner) for item in self.world.every(job.mask)}
        for maker in self.means.makers.get(job.task.model or "", ()):
            if maker.name not in seen:
                found |= self._owning(maker, seen | {maker.name})
        return found

    def _ends(self, way: Job, place: str) -> list[str]:
        """Where what a place contributes goes to."""
        if way.topology in ("star", "tree"):
            return self.tasks.aggregators(way, place)
        if way.topology in ("split", "vertical"):
            heads = self.tasks.heads(way, place)
            # Parts are averaged where each client sends its own; an arbiter is everybody's.
            beside = self.tasks.aggregators(way, place) if way.averages() else self.tasks.beside(way, heads)
            return [one for one in (*heads, *beside) if one != place]
        return [place] if way.topology in PEERS else []

    def _used(self) -> list[str]:
        named = (self.task.model, self.task.evaluates, self.task.produces)
        return list(dict.fromkeys(model for model in named if model))

    def _asked(self) -> list[str]:
        return [model for model in (self.task.model, self.task.evaluates) if model]

    def _usable(self, model: str, place: str, party: str, case: Case) -> bool:
        if model == self.task.evaluates:
            return self.means.callable(model, place, party, case)
        return self.means.usable(model, place, party, case, self.job)

    # Rounds.

    def _join(self, party: str, case: Case) -> bool:
        # Those without data may be in a round, too; a client is there as long as its node is.
        there = sum(self._count(place) for place in self.job.members if self.means.stands(place, case))
        if there < max(self._least(), MEET if case.way.topology in PEERS else 0):
            return False
        mine = [one for one in self._mine(party) if self._works_at(one, party, case) and self._connected(one, case)]
        return any(self.means.opens(self.means.sealed(case.way, place), place, case) for place in mine)

    def _count(self, place: str) -> int:
        here = self.world.places[place]
        return 1 if here.count == 1 else here.count - 1 if place.endswith(".peer") else 1

    def _least(self) -> int:
        sums = [one.min_clients for one in self.task.safeguards if one.kind == "secure_aggregation"]
        return max([self.task.min_clients or 0, *sums])

    def _connected(self, place: str, case: Case) -> bool:
        """Whether everything is there that contributions pass or come to, and whoever holds the labels."""
        way = case.way
        ends, senders = self._ends(way, place), [place]
        if way.topology == "tree":
            ends = [one for _, level in self.tasks.rungs(way, [place]) for one in level]
        if way.topology in ("split", "vertical"):
            heads = self.tasks.heads(way, place)
            # The top of the model sends an arbiter what it has of a contribution.
            senders = [place, *heads] if self.tasks.arbiters(way, heads) else [place] if ends else []
            ends = [*ends, *self.world.nodes(way.task.labels_at, place)]
        between = [relay for one in senders for relays in self.tasks.relays(way, one) for relay in relays]
        return all(self.means.stands(one, case) for one in (*between, *ends))

    # What is left.

    def _keep(self, party: str, case: Case) -> bool:
        return self.means.keeps(self.task.produces, party, case, Rested(job=self.job, way=case.way))
