"""What a task adds to a call: rounds to take part in, and a result to leave with."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import SURE, AtLeast, Formula, Gap, all_of, any_of, at_least, opening, sealed_by
from fedpolicy.analysis.control.access import Means, copy_at, original_at, rights
from fedpolicy.analysis.control.capabilities import ModelCall, marked
from fedpolicy.graph.places import supplier_of
from fedpolicy.language.model.does import Seal, Sum

if TYPE_CHECKING:
    from fedpolicy.graph import Vertex
    from fedpolicy.language.model.flow import Task

# What these make works only together with the model that it was made for.
_PARTIAL = {"peft", "prompt", "head", "zeroth_order"}


class TaskUse(ModelCall):
    """A task, which may have rounds and leave a result."""

    def __init__(self, means: Means, name: str, task: Task) -> None:
        models = [model for model in dict.fromkeys((task.model, task.evaluates)) if model]
        method = means.catalog.methods[task.method]
        super().__init__(means, f"tasks.{name}", task.runs_on, models, method)
        self.task = task
        self.family = method.family
        self.topology = task.topology or method.topology
        self.steps = means.lookup.uplinks.get(self.id, {})
        self._above: dict[frozenset[str], frozenset[str]] = {}
        self._enough = list(self._waits_for())
        seals = any(isinstance(one.does, Seal) for one in task.safeguards)
        self._sealed = tuple(sealed_by(means, self.id)) if seals else ()

    def parties(self) -> list[str]:
        """Who takes part, and the participants whose data the result is learned from."""
        datasets = self._learned(self.task) if self.task.produces else ()
        return sorted({*self.places, *(who for name in datasets for who in self.means.owners.get(name, ()))})

    def capability(self, name: str, own: str) -> Formula | None:
        """The condition for one party; None where the question makes no sense."""
        made = self.task.produces
        if name == "keep":
            return self._keep(made, own) if made else None
        if name == "join" and own in self.places and self.steps:
            joined = any_of(all_of([self.run(place, own), *self._meet(place, own)]) for place in self.places[own])
            return all_of([joined, *self._enough, *self._read(own)])
        if name == "inspect" and own in self.places and made:
            return self.inspect([*self.models, made], own)
        return super().capability(name, own)

    def software(self, own: str, beside: Iterable[Vertex] = ()) -> tuple[tuple[str, str], ...]:
        """The same, also where contributions go, and whose code the task itself ships."""
        if not self.means.supplied:
            return ()
        above = {name for place in self.places.get(own, ()) for name in self.above(place.id)}
        shipped = self.means.lookup.party(supplier_of(self.task.code_from, own))
        found = super().software(own, (*beside, *(self.means.graph.vertices[name] for name in sorted(above))))
        return (*found, *([(shipped, self.id)] if shipped not in {"", own} else []))

    def surroundings(self, place: Vertex, own: AbstractSet[str]) -> Hashable:
        """The same, and where its contributions go."""
        return super().surroundings(place, own), place.id in self.steps, marked(own, *sorted(self.above(place.id)))

    def _meet(self, place: Vertex, own: str) -> Iterator[Formula]:
        """Everything between a client and the sum: relays, aggregators."""
        yield from (self.here(self.means.graph.vertices[other], own) for other in sorted(self.above(place.id)))

    def _read(self, own: str) -> Iterator[Formula]:
        """Somebody who opens what comes down: the next round begins with it."""
        for one in self._sealed:
            if not any(one.opens(place) for place in self.places[own]):
                yield opening(self.means, one, own)

    def above(self, place: str) -> frozenset[str]:
        """The places that what one contributes passes or comes to; thousands send to the same ones."""
        first = frozenset(self.steps.get(place, ()))
        if first not in self._above:
            vertices = self.means.graph.vertices
            found: set[str] = set()
            left = [place]
            while left:
                new = {one for one in self.steps.get(left.pop(), ()) if vertices[one].kind == "place"} - found
                found |= new
                left += sorted(new)
            self._above[first] = frozenset(found)
        return self._above[first]

    def _waits_for(self) -> Iterator[AtLeast]:
        """As many clients as a sum waits for; two where clients meet without an aggregator."""
        sums = [one.does.clients_of(one) for one in self.task.safeguards if isinstance(one.does, Sum)]
        meets = 2 if any(f"{self.id}.exchange" in targets for targets in self.steps.values()) else 0
        needed = max([self.task.min_clients or 0, meets, *sums])
        clients = {
            party: sum(place.weight for place in places if place.id in self.steps)
            for party, places in sorted(self.places.items())
        }
        if needed > 1:
            yield at_least(needed, clients, self.id)

    def _learned(self, task: Task, seen: frozenset[str] = frozenset()) -> set[str]:
        """The datasets of a task, and of those that made its input model."""
        found = set(task.data)
        if task.model and task.model not in seen:
            for maker in self.means.lookup.makers.get(task.model, ()):
                found |= self._learned(maker, seen | {task.model})
        return found

    def _keep(self, made: str, own: str) -> Formula:
        """A copy on a node of its own, or the public's, that still works: with its base, under licences that stay."""
        allowed = list(rights(self.means, made, own))
        copies = [all_of([here, *allowed]) for _, here in self.held(made, own)]
        if made in self.means.lookup.released:
            copies.append(all_of(allowed))
        return all_of(
            [any_of(copies) if copies else Gap("copy", f"models.{made}"), self._base(own), *self._parts(made, own)]
        )

    def _parts(self, made: str, own: str) -> Iterator[Formula]:
        """Where a result rests in parts, those of others: the top model; of features held apart, everybody's."""
        alike = {place.id for places in self.places.values() for place in places}
        needed: set[str] = set()
        if self.means.graph.deployment.models[made].copies == "parts":
            needed = set(self.means.lookup.holders(made))
        elif self.family == "split":
            above = {one for place in alike for one in self.above(place)}
            needed = above | (alike if self.topology == "vertical" else set())
        for place in (self.means.graph.vertices[one] for one in sorted(needed)):
            # That features held apart make one model is what such a training is for.
            how = "part" if place.id in alike else ""
            yield self.means.there(place, own, f"nodes.{place.family}", how)

    def _base(self, own: str) -> Formula:
        base = self.task.model
        if base is None or self.family not in _PARTIAL:
            return SURE
        while original := self.means.graph.deployment.models[base].emulates:
            base = original
        if (weights := self.means.weights(base)) in {"open", "gated"}:
            return all_of(rights(self.means, base, own))
        held = [all_of([here, copy_at(self.means, base, place, own)]) for place, here in self.held(base, own)]
        had = [Gap("weights", f"models.{base}", (f"models.{base}.weights",))] if weights is None else []
        if base != self.task.model:
            # An emulator was made because the model itself is given to nobody.
            return any_of([*held, *had, all_of([original_at(self.means, base), *rights(self.means, base, own)])])
        return any_of([*held, *had, *(self.ways(base, place, own) for place in self.places.get(own, ()))])


def uses(means: Means) -> Iterator[ModelCall]:
    """Every task, and every call of a model, by name."""
    deployment = means.graph.deployment
    for name, task in sorted(deployment.tasks.items()):
        yield TaskUse(means, name, task)
    for name, call in sorted(deployment.api_calls.items()):
        if call.model is not None:
            yield ModelCall(means, f"api_calls.{name}", call.from_, [call.model])
