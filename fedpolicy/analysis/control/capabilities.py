"""
What each participant can do with a task or a call, as conditions over nodes, models and licences.

*run*: compute with the models; *join*: take part in rounds; *keep*: leave with a working copy of what a task makes;
*inspect*: look into the weights. A `ModelCall` is one call or task: who takes part where.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import (
    SURE,
    Formula,
    Gap,
    all_of,
    any_of,
    opened,
)
from fedpolicy.analysis.control.access import Means, reach
from fedpolicy.graph.lookup import family_of
from fedpolicy.graph.routes import stand_ins

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.graph import Vertex

CAPABILITIES = ("run", "join", "keep", "inspect")
_OWN = "its own"


class ModelCall:
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
        stores = self.brought.get(place.id)
        if not stores or not self.worked_on.isdisjoint(self.means.lookup.stored.get(place.id, ())):
            return SURE
        return any_of(self.here(self.means.graph.vertices[store], own) for store in sorted(stores))

    @cached_property
    def brought(self) -> Mapping[str, set[str]]:
        """The stores from which records are brought to each place."""
        found: dict[str, set[str]] = {}
        for flow in self.means.lookup.flows_of.get(self.id, ()):
            if flow.role == "records":
                found.setdefault(flow.target, set()).add(flow.source)
        return found

    @cached_property
    def worked_on(self) -> frozenset[str]:
        """The datasets that it works on."""
        section, _, name = self.id.partition(".")
        deployment = self.means.graph.deployment
        named = deployment.tasks[name].data if section == "tasks" else deployment.api_calls[name].sends
        return frozenset(map(family_of, named))

    def surroundings(self, place: Vertex, own: AbstractSet[str]) -> Hashable:
        """What a place has to do with others in this use: how it reaches models, and where its data come from."""
        known = self.means.lookup.access_from.get((self.id, place.id), ())
        stores = self.brought.get(place.id, ())  # any of them is enough, and nobody takes away one's own
        return (
            tuple((one.model, one.how, marked(own, one.runner), marked(own, *one.hops)) for one in known),
            tuple(sorted(stores)) if own.isdisjoint(stores) else _OWN,
            self.worked_on.isdisjoint(self.means.lookup.stored.get(place.id, ())),
        )

    def ways(self, model: str, place: Vertex, own: str) -> Formula:
        """A model or anything that stands in for it, however the place reaches it; the model itself first."""
        wanted = [model, *sorted(stand_ins(self.means.graph.deployment, model))]
        known = self.means.lookup.access_from.get((self.id, place.id), ())
        ways = [access for name in wanted for access in known if access.model == name]
        if not ways and self.asks_nothing:
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
        if model in self.means.lookup.released:
            return SURE
        if model in self.means.lookup.makers:
            # That the weights it began with can be had says nothing about who has what was made of them.
            return any_of([*ways, Gap("copy", f"models.{model}")])
        if (weights := self.means.weights(model)) in {"open", "gated"}:
            return SURE
        return any_of([*ways, Gap("weights", f"models.{model}", () if weights else (f"models.{model}.weights",))])

    @property
    def asks_nothing(self) -> bool:
        """Whether no model is needed."""
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
            if not self.models or self.asks_nothing or (self.id, place.id) in self.means.lookup.access_from:
                found.setdefault(self.means.lookup.party(place.party), []).append(place)
        return found


def marked(own: AbstractSet[str], *names: str) -> tuple[str, ...]:
    """Names of places and parties, without those of one's own."""
    return tuple([_OWN if name in own else name for name in names])
