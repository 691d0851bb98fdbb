"""What the judges of models, safeguards, tasks and dependencies ask of a deployment, from the texts alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from tests.reference.copies import bare
from tests.reference.jobs import Job
from tests.reference.models import WEIGHTS, Models
from tests.reference.safeguards import flow_seals
from tests.reference.tasks import Desugared
from tests.reference.world import Instance, World

NOT_PRIVATE = {"public", "synthetic", "anonymous"}
MEMBERS = {"participant", "coordinator"}
SEALS = ("homomorphic_encryption", "end_to_end_encryption", "secret_sharing")
FROM_ANSWERS = ("prompt", "distillation", "proxy", "head")
Truth = bool | None  # None: a missing fact decides


@dataclass(frozen=True)
class Access:
    """How somebody's place comes to a model in a use; without a way it runs, or is trained, where it is used."""

    use: str
    model: str
    place: str
    way: tuple[str, ...] = ()
    trains: bool = False
    sent: tuple[Instance, ...] = ()
    call: Any = None


class Facts:
    """One deployment, with who uses which model how."""

    def __init__(self, study: Any) -> None:
        self.study, self.file, self.catalog = study, study.deployment, study.catalog
        self.world = World(self.file, self.catalog)
        self.models = Models(self.world)
        self.tasks = Desugared(self.world, self.models)
        self.jobs = {job.name: job for job in self.tasks.jobs}

    # Parties.

    def roles(self, party: str) -> set[str]:
        """The roles of a party; who is not declared is whatever the catalogue has of it, and no member."""
        return {*self.file.parties[party].role} if party in self.file.parties else set()

    def member(self, party: str) -> bool:
        """Whether a party takes part or coordinates."""
        return bool(self.roles(party) & MEMBERS)

    def operators(self, place: str) -> set[str]:
        """The parties that operate a place."""
        return {bare(one) for one in self.world.places[place].operators}

    def runner(self, way: Sequence[str]) -> str:
        """The party at the end of a way, by which it is called."""
        return bare(self.world.places[way[-1]].party)

    def nowhere(self, party: str) -> bool:
        """Whether the file does not say who that is."""
        return party == "unknown" or party.startswith("unknown:")

    # Data.

    def private(self, dataset: str) -> Truth:
        """Whether data are about anybody or anything that is not public; None where nobody knows what they are."""
        found = {*self.file.datasets[dataset].categories}
        if "unknown" in found:
            return False if found & NOT_PRIVATE else None
        return not found & NOT_PRIVATE

    def of(self, items: Iterable[Instance]) -> list[str]:
        """The datasets of instances."""
        return sorted({item.dataset for item in items})

    def owner(self, item: Instance) -> str:
        """Whose an instance is."""
        return bare(item.owner)

    # Models.

    def aspect(self, name: str, key: str) -> Any:
        """What the file says of a model, else the catalogue."""
        return self.catalog.aspect(self.file.models[name], key)

    def licence(self, name: str) -> Any:
        """What the catalogue knows of a model's licence."""
        said = self.aspect(name, "licence")
        return self.catalog.licence(said) if said else None

    def makers(self, name: str) -> list[Job]:
        """The tasks that produce a model."""
        return [job for job in self.tasks.jobs if job.task.produces == name]

    def produced(self, name: str) -> bool:
        """Whether a task makes it."""
        return bool(self.makers(name))

    def made_from(self, name: str) -> set[str]:
        """The models that are made from its weights here, by way of others too."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            base = waiting.pop()
            for job in self.tasks.jobs:
                made = job.task.produces
                if (
                    made
                    and base in self._starts(job)
                    and job.method.trains
                    and job.method.family not in FROM_ANSWERS
                    and made not in found
                ):
                    found.add(made)
                    waiting.append(made)
        return found - {name}

    def _starts(self, job: Job) -> set[str]:
        return {job.task.model, *self.models.stand_ins(job.task.model)} if job.task.model else set()

    def published(self, name: str) -> Truth:
        """Whether everybody can get it: said of the model, or by a flow of its weights that nobody seals."""
        flows = [one for one in self.file.flows.values() if one.payload in WEIGHTS and "public" in one.to]
        kinds = [
            {guard.kind for guard in one.safeguards} for one in flows if name in (one.data or ()) and not one.sealed_for
        ]
        released = (None if "unknown" in some else True for some in kinds if some.isdisjoint(SEALS))
        return either(bool(self.file.models[name].published), *released)

    def holders(self, name: str) -> set[str]:
        """The parties that hold its weights, those included that run for others what can be had."""
        model, places = self.file.models[name], self.models.holders(name)
        has = self.open(name) or self.produced(name)
        if has or (not model.via and self.aspect(name, "weights") is None):
            ends = model.via[-1:] if model.via else [model.provider] if model.provider else []
            places = [*places, *self.world.nodes(ends)]
        places += [one.place for one in self.uses(name) if not one.way]
        places += [one for flow in self.file.flows.values() for one in self._brought(flow, name)]
        return {party for place in places for party in self.operators(place)}

    def _brought(self, flow: Any, name: str) -> Iterator[str]:
        """The nodes that a flow gives a model, or an adapter for it, in a form that they can open."""
        weights = flow.payload in WEIGHTS and name in (flow.data or ())
        for source in self.world.nodes(flow.from_) if weights else ():
            sealed = flow_seals(self.world, flow, source)
            for way in self.world.ways(flow, source):
                ends = [one for one in way[1:] if one not in (source, "=public")]
                yield from (one for one in ends if all({one, *self.operators(one)} & seal.readers for seal in sealed))

    def open(self, name: str) -> bool:
        """Whether its weights can be had, for certain."""
        return self.aspect(name, "weights") in ("open", "gated")

    # Uses.

    @cached_property
    def accesses(self) -> list[Access]:
        """Every use of every model, from every place, those included that stand in."""
        found = [one for name in self.file.tasks for one in self._task(name)]
        return found + [one for name in self.file.api_calls for one in self._call(name)]

    def uses(self, model: str) -> list[Access]:
        """Those of one model."""
        return [one for one in self.accesses if one.model == model]

    def remote(self, model: str) -> list[Access]:
        """Those in which somebody else runs, or trains, it."""
        return [one for one in self.uses(model) if one.way]

    def _task(self, name: str) -> Iterator[Access]:
        job = self.jobs[name]
        use = f"tasks.{name}"
        for place in job.working:
            sent = tuple(item for item in self.world.instances if item.id in self._given(job, place))
            asked = [job.task.evaluates] if job.task.evaluates and job.task.evaluates != job.task.model else []
            if job.task.model and job.method.needs not in ("weights", "none") and not job.hosted(job.task.model):
                asked.append(job.task.model)
            for model in asked:
                yield from self._asked(use, model, place, sent, None)
        for place in job.members:
            sent = tuple(item for item in self.world.instances if item.id in self._given(job, place))
            for model in job.inputs():
                if model and (job.hosted(model) or job.method.needs == "weights"):
                    hosted = job.hosted(model)
                    ways = self.models.ways_to_train(model, place) if hosted else []
                    for way in ways or [()]:
                        if not hosted or sent:
                            yield Access(use, model, place, way, trains=True, sent=sent)

    def _given(self, job: Job, place: str) -> set[str]:
        """What a place works with; who computes together on what nobody of them reads, with all of it."""
        return {*job.mask} if job.blind else job.masks[place]

    def _call(self, name: str) -> Iterator[Access]:
        call = self.file.api_calls[name]
        if call.model:
            for place in self.world.nodes(call.from_):
                sent = tuple(self.world.sent(call.sends, place, call.from_))
                yield from self._asked(f"api_calls.{name}", call.model, place, sent, call)

    def _asked(self, use: str, model: str, place: str, sent: tuple[Instance, ...], call: Any) -> Iterator[Access]:
        for one in (model, *self.models.stand_ins(model)):
            ways = self.models.ways(one, place)
            for way in [*ways, *self._parts(one, place, ways)] or [()]:
                yield Access(use, one, place, way, sent=sent, call=call if one == model else None)

    def _parts(self, model: str, place: str, ways: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """The ways to those who hold other parts of a model than the place where it is asked: they run it, too."""
        others = self.models.others(model, place)
        starts = [(place,)] if place in self.models.holders(model) else ways
        return {(*way, end) for way in starts for end in others.get(way[-1], ())}

    def users(self, accesses: Iterable[Access]) -> set[str]:
        """The parties at whose places a model is used."""
        return {party for one in accesses for party in self.operators(one.place)}

    # Agreements.

    def kept_from(self, party: str, runner: str, dataset: str) -> Truth:
        """Whether it is agreed that nothing of a dataset is kept, with each other or both with a coordinator."""
        if party == runner:
            return False
        kind = "zero_retention"
        hubs = [name for name, one in self.file.parties.items() if "coordinator" in one.role]
        ways = (
            both(self.agreed(kind, party, {hub}, dataset), self.agreed(kind, hub, {runner}, dataset)) for hub in hubs
        )
        return either(self.agreed(kind, party, {runner}, dataset), *ways)

    def agreed(self, kind: str, party: str, others: Iterable[str] = (), dataset: str = "") -> Truth:
        """Whether a party has an agreement of a kind: with one of these, and on a dataset, if any are named."""
        wanted = {*others}
        found: list[Truth] = []
        for one in self.file.agreements.values():
            with_them = not wanted or (wanted - {party}) & {*one.between}
            if one.kind == kind and party in one.between and with_them and not one.ended(self.study.settings.today):
                found.append(both(None if one.doubts else True, self._covers(one, dataset)))
        return either(*found)

    def _covers(self, agreement: Any, dataset: str) -> bool:
        about = {dataset, *self.file.datasets[dataset].categories} if dataset else set()
        # Of what it covers, what the file says not to know may be anything.
        return not agreement.covers or not dataset or bool(about & {*agreement.covers})


@lru_cache(maxsize=1)
def facts_of(study: Any) -> Facts:
    """Those of a deployment, for all who ask one after the other."""
    return Facts(study)


def verdict(truth: Truth) -> str | None:
    """What is said where something wrong is so, is not, or may be."""
    return "fail" if truth else "unknown" if truth is None else None


def no(truth: Truth) -> Truth:
    """Whether it is not so."""
    return None if truth is None else not truth


def either(*truths: Truth) -> Truth:
    """Whether one of them is so."""
    return True if True in truths else None if None in truths else False


def both(*truths: Truth) -> Truth:
    """Whether all of them are so."""
    return False if False in truths else None if None in truths else True


def released(facts: Facts, use: str, owners: Iterable[str] = ()) -> Truth:
    """Whether owners, or all, release all that anybody learns by way of a use."""
    theirs = {*owners}
    ids = {item.id for item in facts.world.instances if facts.owner(item) in theirs or not theirs}
    ways = ((one, {step.origin for path in one.paths for step in path}) for one in facts.study.disclosures)
    found = [one for one, origins in ways if use in origins and ids & {*one.datasets}]
    said = [None if _unsaid(facts, one) else one.allowed is not None and one.high <= one.allowed for one in found]
    return False if False in said else None if None in said else bool(found)


def _unsaid(facts: Facts, one: Any) -> bool:
    """Whether the file says that nobody knows what the owners release."""
    return any(facts.file.datasets[name.partition("@")[0]].says_unknown("releases") for name in one.datasets)


def foreign(facts: Facts, name: str) -> bool:
    """Whether a model is not made here, is used, and is held by a member."""
    held = any(facts.member(party) for party in facts.holders(name))
    return held and not facts.produced(name) and bool(facts.uses(name))


def asked(rules: Mapping[str, Callable[[Facts, str], Truth]], study: Any) -> dict[tuple[str, str], str]:
    """What rules on models say, each asked about all of them."""
    facts = facts_of(study)
    found = ((rule, name, verdict(ask(facts, name))) for rule, ask in rules.items() for name in facts.file.models)
    return {(rule, f"models.{name}"): said for rule, name, said in found if said}
