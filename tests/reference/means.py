"""What takes a model, and what a copy is worth, when one party has gone: running it, training it, keeping it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.reference.copies import Case, Copies, Rested, bare
from tests.reference.jobs import Job

HALF_A_BYTE = 0.5
SMALL = 1.0  # thousand million parameters, below which no GPU is needed
ALONE = ("full", "alignment", "distillation", "trees", "hosted", "split")  # families whose results need no base
FROM_ANSWERS = ("prompt", "distillation", "proxy", "head")  # families that learn from what a model answers
LICENSOR = "the licensor"  # whoever that is
GIB = 2**30


class Means(Copies):
    """What it takes to use models, and to keep what is made of them."""

    # Running.

    def callable(self, model: str, place: str, party: str, case: Case) -> bool:
        """Whether a model can be computed with at a place: there, or by whoever runs it for others."""
        holders = sorted(self.rests(model, case.way))
        if place in self.stays(model, case.way):
            divided = self.world.file.models[model].copies == "parts"
            parts = [one for one in holders if one == place or (divided and self._gives(model, one, case))]
            held = all(self.stands(one, case) and self.readable(model, one, case) for one in parts)
            runners = {bare(self.world.places[one].party) for one in parts}
            if runners - {party, self.world.file.models[model].account} and self.revoked(model, party, case):
                return False
            runs = {*self.models.holders(model), *(to for to, _ in self._sent(model))}
            fits = place not in runs or self.fits(model, place, case)  # whoever runs it for others has the machine
            return held and fits and self.licensed(model, party, case)
        found = self.models.ways(model, place)
        if not found:  # it runs there, on a copy that is brought
            rests = [one for one in holders if self._gives(model, one, case)]
            there = any(self.stands(one, case) for one in rests) and self.readable(model, place, case)
            there = there and self.fits(model, place, case)
            return there and self.licensed(model, party, case)
        ways = [self.answers(model, way, party, case) for way in found]
        return bool(ways) and all(ways) if self.world.file.models[model].copies == "parts" else any(ways)

    def usable(self, model: str, place: str, party: str, case: Case, job: Job) -> bool:
        """Whether a task can do with its model, or one that stands in, what it does."""
        if job.hosted(model):
            ways = self.models.ways_to_train(model, place)
            return not ways or any(self.answers(model, way, party, case) for way in ways)
        if job.method.needs == "weights":
            return self.trainable(model, place, party, case, job)
        return job.method.needs == "none" or self.callable(model, place, party, case)

    def trainable(self, model: str, place: str, party: str, case: Case, job: Job) -> bool:
        """Whether a model can be trained at a place, to which it is brought from wherever it is held."""
        holders = [place for place in self.rests(model, case.way) if self._gives(model, place, case)]
        one = all if self.world.file.models[model].copies == "parts" else any
        there = self.stands(place, case) if place in holders and one is any else None
        held = one(self.stands(other, case) for other in holders) if there is None else there
        own = place in self.rests(model, case.way) and place not in holders and one is any  # its own, under a seal
        held = held or (own and self.stands(place, case) and self.unwrapped(model, place, case))
        fits = job.method.family == "split" or self.fits(model, place, case, job.method.bytes_per_parameter)
        return held and fits and self.readable(model, place, case) and self.licensed(model, party, case)

    def _gives(self, model: str, place: str, case: Case) -> bool:
        """Whether a copy may be brought from there: not from whoever only runs it for others, or cannot open it."""
        stays = bool(self.world.places[place].family) and place in self.stays(model, case.way)
        return stays or self._gets_open(model, place)

    def _gets_open(self, model: str, place: str) -> bool:
        """Whether a flow brings a model to a place that can open it."""
        sent = (sealed for to, sealed in self._sent(model) if to == place)
        return any(all(self.models.reads(one, place) for one in sealed) for sealed in sent)

    def answers(self, model: str, way: Sequence[str], party: str, case: Case) -> bool:
        """Whether a call is answered; what a member runs, it runs under the licence that those have who call."""
        runner = bare(self.world.places[way[-1]].party)
        account, rests = self.world.file.models[model].account, self.rests(model, case.way)
        divided = self.world.file.models[model].copies == "parts"
        runners = {runner, *(bare(self.world.places[one].party) for one in rests if divided)}
        if runners - {party, account} and self.revoked(model, party, case):
            return False
        holds = divided and way[0] in rests
        free = runners.isdisjoint({party, *self.members}) and not holds
        return self.passes(model, way, case) and (free or self.licensed(model, party, case))

    def revoked(self, model: str, party: str, case: Case) -> bool:
        """Whether the account is closed through which a model is called."""
        account = self.world.file.models[model].account
        return account not in (None, "participants", party) and account == case.gone

    def passes(self, model: str, way: Sequence[str], case: Case) -> bool:
        """Whether everybody on a way lets a call pass, and whoever runs the model, or a part of it, answers."""
        stays = self.stays(model, case.way)
        rests = {one for one in self.rests(model, case.way) if one in stays or self._gets_open(model, one)}
        parts = rests if self.world.file.models[model].copies == "parts" else rests & {way[-1]}
        return all(self.stands(hop, case) for hop in (*way[1:], *parts)) and all(
            self.readable(model, one, case) for one in parts
        )

    def fits(self, model: str, place: str, case: Case, size: float | None = None) -> bool:
        """Whether the memory of a machine holds the weights, as far as it is known."""
        billions = self.parameters(model)
        if billions is None or billions < SMALL or self.world.file.models[model].copies == "parts":
            return True
        hardware = self.world.file.nodes[self.world.places[place].family].hardware
        memory = hardware.gpu_memory_gib if hardware else None
        if memory is None:
            return case.kind
        return bool(memory >= billions * 1e9 * (size or HALF_A_BYTE) / GIB)

    def parameters(self, model: str, seen: frozenset[str] = frozenset()) -> float | None:
        """How large a model is: what is made from another is as large."""
        entry = self.world.file.models[model]
        row = self.world.catalog.model(entry.ref) if entry.ref else None
        if row is not None and row.parameters_b is not None:
            return float(row.parameters_b)
        for job in self.makers.get(model, ()):
            base = job.task.model
            if base and base != model and base not in seen and _from_weights(job):
                size = self.parameters(base, seen | {model})
                if size is not None:
                    return size
        return None

    def licensed(self, model: str, party: str, case: Case, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a party has the right to use a copy, and to use what it was made from."""
        name = self.models.aspect(model, "licence")
        row = self.world.catalog.licence(name) if name else None
        if row is not None:
            if row.revocable and case.gone == self.licensor(model) != party:
                return False
            where = self.world.file.parties[party].jurisdiction if party in self.world.file.parties else None
            if row.not_granted_in:
                if where is None:
                    if not case.kind:
                        return False
                elif {*_listed(where)} <= {*row.not_granted_in}:
                    return False
        bases = {job.task.model for job in self.makers.get(model, ()) if _from_weights(job)} - {None, model, *seen}
        return all(self.licensed(base, party, case, seen | {model}) for base in bases)

    def licensor(self, model: str) -> str:
        """Who gave the licence, as far as it is known."""
        entry = self.world.file.models[model]
        row = self.world.catalog.model(entry.ref) if entry.ref else None
        return (row.developer if row else None) or entry.provider or LICENSOR

    # Keeping.

    def keeps(self, model: str, party: str, case: Case, rested: Rested) -> bool:
        """Whether a party leaves with a copy that works."""
        if not self.has_copy(model, party, case):
            return False
        if not self.licensed(model, party, case):
            return False
        return self._whole(model, party, case, rested) and self._works(party, case, rested.job)

    def _whole(self, model: str, party: str, case: Case, rested: Rested) -> bool:
        """Whether the other halves, or the parts made for the features of others, are there too."""
        model, way = str(rested.job.task.produces), rested.way
        if self._published(model):
            return True
        if self.world.file.models[model].copies == "parts":
            return all(self.stands(place, case) for place in self.rests(model, way))
        if way.topology not in ("split", "vertical") or not self.tasks.exchanges(rested.job):
            return True
        # Who has no data takes no part.
        mine = [place for place in rested.job.working if bare(self.world.places[place].party) == party]
        # Whoever has the top of its own model has all of it.
        heads = [
            head for place in (mine or rested.job.working) for head in self.tasks.heads(way, place) if head != place
        ]
        if not all(self.stands(head, case) for head in heads if head not in mine):
            return False
        others = rested.job.working if way.topology == "vertical" else []
        return all(self.stands(other, case) for other in others)

    def _works(self, party: str, case: Case, job: Job, seen: frozenset[str] = frozenset()) -> bool:
        """Whether what it works with is there: a model that can be had, or that answers."""
        model = job.task.model
        if model is None or model == job.task.produces or job.method.family in ALONE:
            return True
        if original := self.world.file.models[model].emulates:
            return self.had(original, party, case, seen) or any(one != case.gone for one in self.owners(original))
        places = [place for place in job.working if bare(self.world.places[place].party) == party]
        return any(
            self.had(base, party, case, seen)
            or any(
                self.usable(base, one, party, case, job)
                and (self._serves(base, one, job) or self._complete(base, party, case, seen))
                for one in places
            )
            for base in (model, *self.models.stand_ins(model))
        )

    def _complete(self, model: str, party: str, case: Case, seen: frozenset[str]) -> bool:
        """Whether what a model works with that was made here is there, too."""
        makers = [] if model in seen else self.makers.get(model, [])
        return not makers or any(self._works(party, case, maker, seen | {model}) for maker in makers)

    def _serves(self, model: str, place: str, job: Job) -> bool:
        """Whether somebody else answers with a model, who has what it works with."""
        if job.hosted(model):
            return bool(self.models.ways_to_train(model, place))
        return job.method.needs != "weights" and bool(self.models.ways(model, place))

    def owners(self, model: str) -> set[str]:
        """Whoever alone runs a model that is given to nobody, as far as it is known."""
        provider, ends = self.models.provider(model), self.world.nodes((self.world.file.models[model].via or ())[-1:])
        return {provider} if provider else {bare(self.world.places[end].party) for end in ends} or {"unknown"}

    def had(self, base: str, party: str, case: Case, seen: frozenset[str]) -> bool:
        """Whether a party has what a result works with, or can get it, with what that works with in turn."""
        if not self._complete(base, party, case, seen):
            return False
        parts = self.rests(base, case.way) if self.world.file.models[base].copies == "parts" else ()
        held = self.has_copy(base, party, case) and all(self.stands(place, case) for place in parts)
        return self.licensed(base, party, case) and (self.can_be_had(base, case) or held)


def _from_weights(job: Job) -> bool:
    """Whether what a task makes is made from the weights of its model."""
    return job.method.family not in FROM_ANSWERS


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
