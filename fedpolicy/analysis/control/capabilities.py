"""
What each participant can do with a task or a call, as conditions over nodes, models and licences.

*run*: compute with the models; *join*: take part in rounds; *keep*: leave with a working copy of what a task makes;
*inspect*: look into the weights. A `Use` is one call or task: who takes part where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.access import copy_at, original_at, reach, rights
from fedpolicy.analysis.control.formula import (
    SURE,
    AtLeast,
    Formula,
    Gap,
    all_of,
    any_of,
    at_least,
    opened,
    opening,
    sealed_by,
)
from fedpolicy.graph.lookup import family_of
from fedpolicy.graph.places import supplier_of
from fedpolicy.graph.routes import stand_ins
from fedpolicy.language.model.does import Seal, Sum

if TYPE_CHECKING:
    from fedpolicy.analysis.control.access import Means
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.graph.model import Vertex
    from fedpolicy.language.model.task import Task

__all__ = ["CAPABILITIES", "Use", "uses"]


CAPABILITIES = ("run", "join", "keep", "inspect")
# What these make works only together with the model that it was made for.
_PARTIAL = {"peft", "prompt", "head", "zeroth_order"}


class Use:
    """A call of a model; a task is one that does more."""

    def __init__(
        self,
        means: Means,
        identity: str,
        runs_on: Iterable[str],
        models: Sequence[str],
        method: MethodRow | None = None,
    ) -> None:
        self.means = means
        self.id = identity
        self.models = models
        self.method = method
        self.places = self._by_party(runs_on)
        self._runs: dict[str, Formula] = {}

    def parties(self) -> list[str]:
        """Who takes part."""
        return sorted(self.places)

    def capability(self, name: str, own: str) -> Formula | None:
        """The condition for one party; None where the question makes no sense."""
        if own not in self.places:
            return None
        if name == "run":
            return any_of(self.run(place, own) for place in self.places[own])
        return self.inspect(self.models, own) if name == "inspect" and self.models else None

    def run(self, place: Vertex, own: str) -> Formula:
        """A place of its own, and every model that is asked there."""
        if place.id not in self._runs:  # a place is one party's own
            asked = (self.ways(model, place, own) for model in self.models)
            self._runs[place.id] = all_of([self.here(place, own), self.data(place, own), *asked])
        return self._runs[place.id]

    def here(self, place: Vertex, own: str) -> Formula:
        """A place that works."""
        return self.means.there(place, own, f"nodes.{place.family}")

    def data(self, place: Vertex, own: str) -> Formula:
        """The data that it works on: on the spot, or in any of the stores that they are brought from."""
        stores = self._brought.get(place.id)
        if not stores or not self._worked_on.isdisjoint(self.means.lookup.stored.get(place.id, ())):
            return SURE
        return any_of(self.here(self.means.graph.vertices[store], own) for store in sorted(stores))

    @cached_property
    def _brought(self) -> Mapping[str, set[str]]:
        """The stores from which records are brought to each place."""
        found: dict[str, set[str]] = {}
        for flow in self.means.lookup.flows_of.get(self.id, ()):
            if flow.role == "records":
                found.setdefault(flow.target, set()).add(flow.source)
        return found

    @cached_property
    def _worked_on(self) -> frozenset[str]:
        """The datasets that it works on."""
        section, _, name = self.id.partition(".")
        deployment = self.means.graph.deployment
        named = deployment.tasks[name].data if section == "tasks" else deployment.api_calls[name].sends
        return frozenset(map(family_of, named))

    def ways(self, model: str, place: Vertex, own: str) -> Formula:
        """A model or anything that stands in for it, however the place reaches it; the model itself first."""
        wanted = [model, *sorted(stand_ins(self.means.graph.deployment, model))]
        known = self.means.lookup.access_from.get((self.id, place.id), ())
        ways = [access for name in wanted for access in known if access.model == name]
        if not ways and self._asks_nothing:
            return SURE
        models = self.means.graph.deployment.models
        reached = [
            (models[one.model].copies == "parts", reach(self.means, one, place, own, self.method)) for one in ways
        ]
        # Who holds one part of a model runs it with all who hold the others.
        parts = [formula for part, formula in reached if part]
        return any_of([*(formula for part, formula in reached if not part), *([all_of(parts)] if parts else [])])

    def inspect(self, models: Iterable[str], own: str) -> Formula:
        """The weights of all of these on nodes of its own, or where everybody can get them from."""
        return all_of(self._sight(name, own) for name in dict.fromkeys(models))

    def held(self, model: str, own: str) -> list[tuple[Vertex, Formula]]:
        """The places of its own that hold a copy, and what these ask for; a copy that nobody can open is none."""
        placed = self.means.lookup.holders(model)
        return [
            (place, all_of([self.here(place, own), opened(self.means, model, place, own)]))
            for place in self.means.lookup.places_of.get(own, ())
            if place.id in placed
        ]

    def _sight(self, model: str, own: str) -> Formula:
        ways = [formula for _, formula in self.held(model, own)]
        if self.means.graph.deployment.models[model].published:
            return SURE
        if model in self.means.lookup.makers:
            # That the weights it began with can be had says nothing about who has what was made of them.
            return any_of([*ways, Gap("copy", f"models.{model}")])
        if (weights := self.means.weights(model)) in {"open", "gated"}:
            return SURE
        return any_of([*ways, Gap("weights", f"models.{model}", () if weights else (f"models.{model}.weights",))])

    @property
    def _asks_nothing(self) -> bool:
        return self.method is not None and self.method.needs == "none"

    def software(self, own: str, beside: Iterable[Vertex] = ()) -> tuple[tuple[str, str], ...]:
        """Others whose code computes for a party, and on which nodes; with a new version they change what it does."""
        if not self.means.supplied:
            return ()
        places = (*self.places.get(own, ()), *beside)
        found = {(self.means.lookup.party(place.supplier), f"nodes.{place.family}") for place in places}
        return tuple(sorted(one for one in found if one[0] not in {"", own}))

    def _by_party(self, references: Iterable[str]) -> Mapping[str, list[Vertex]]:
        """The places where it runs; one without data does not ask the models, and so takes no part."""
        found: dict[str, list[Vertex]] = {}
        graph = self.means.graph
        for place in (graph.vertices[name] for one in references for name in graph.members.get(one, ())):
            if not self.models or self._asks_nothing or (self.id, place.id) in self.means.lookup.access_from:
                found.setdefault(self.means.lookup.party(place.party), []).append(place)
        return found


class _TaskUse(Use):
    """A task, which may have rounds and leave a result."""

    def __init__(self, means: Means, name: str, task: Task) -> None:
        models = [model for model in dict.fromkeys((task.model, task.evaluates)) if model]
        method = means.catalog.methods[task.method]
        super().__init__(means, f"tasks.{name}", task.runs_on, models, method)
        self.task = task
        self.family = method.family
        self.topology = task.topology or method.topology
        self._steps = means.lookup.uplinks.get(self.id, {})
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
        if name == "join" and own in self.places and self._steps:
            joined = any_of(all_of([self.run(place, own), *self._meet(place, own)]) for place in self.places[own])
            return all_of([joined, *self._enough, *self._read(own)])
        if name == "inspect" and own in self.places and made:
            return self.inspect([*self.models, made], own)
        return super().capability(name, own)

    def software(self, own: str, beside: Iterable[Vertex] = ()) -> tuple[tuple[str, str], ...]:
        """The same, also where contributions go, and whose code the task itself ships."""
        if not self.means.supplied:
            return ()
        above = {name for place in self.places.get(own, ()) for name in self._above(place.id)}
        shipped = self.means.lookup.party(supplier_of(self.task.code_from, own))
        found = super().software(own, (*beside, *(self.means.graph.vertices[name] for name in sorted(above))))
        return (*found, *([(shipped, self.id)] if shipped not in {"", own} else []))

    def _meet(self, place: Vertex, own: str) -> Iterator[Formula]:
        """Everything between a client and the sum: relays, aggregators."""
        yield from (self.here(self.means.graph.vertices[other], own) for other in sorted(self._above(place.id)))

    def _read(self, own: str) -> Iterator[Formula]:
        """Somebody who opens what comes down: the next round begins with it."""
        for one in self._sealed:
            if not any(one.opens(place) for place in self.places[own]):
                yield opening(self.means, one, own)

    def _above(self, place: str) -> set[str]:
        vertices = self.means.graph.vertices
        found: set[str] = set()
        left = [place]
        while left:
            new = {one for one in self._steps.get(left.pop(), ()) if vertices[one].kind == "place"} - found
            found |= new
            left += sorted(new)
        return found

    def _waits_for(self) -> Iterator[AtLeast]:
        """As many clients as a sum waits for; two where clients meet without an aggregator."""
        sums = [one.does.clients_of(one) for one in self.task.safeguards if isinstance(one.does, Sum)]
        meets = 2 if any(f"{self.id}.exchange" in targets for targets in self._steps.values()) else 0
        needed = max([self.task.min_clients or 0, meets, *sums])
        clients = {
            party: sum(place.weight for place in places if place.id in self._steps)
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
        if self.means.graph.deployment.models[made].published:
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
            above = {one for place in alike for one in self._above(place)}
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


def uses(means: Means) -> Iterator[Use]:
    """Every task, and every call of a model, by name."""
    deployment = means.graph.deployment
    for name, task in sorted(deployment.tasks.items()):
        yield _TaskUse(means, name, task)
    for name, call in sorted(deployment.api_calls.items()):
        if call.model is not None:
            yield Use(means, f"api_calls.{name}", call.from_, [call.model])
