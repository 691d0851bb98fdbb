"""One call or task: who takes part where, what running its models asks for, and what looking into them does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.access import reach
from fedpolicy.analysis.control.formula import SURE, Formula, Gap, all_of, any_of
from fedpolicy.graph.routes import stand_ins

if TYPE_CHECKING:
    from fedpolicy.analysis.control.means import Means
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.graph.model import Vertex

__all__ = ["Use"]


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
            self._runs[place.id] = all_of([self.here(place, own), *asked])
        return self._runs[place.id]

    def here(self, place: Vertex, own: str) -> Formula:
        """A place that works."""
        return self.means.there(place, own, f"nodes.{place.family}")

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
        """The places of its own that hold a copy, and what these ask for."""
        placed = self.means.lookup.holders(model)
        return [
            (place, self.here(place, own)) for place in self.means.lookup.places_of.get(own, ()) if place.id in placed
        ]

    def _sight(self, model: str, own: str) -> Formula:
        ways = [formula for _, formula in self.held(model, own)]
        weights = self.means.weights(model)
        if weights in {"open", "gated"} or self.means.graph.deployment.models[model].published:
            return SURE
        if model in self.means.lookup.makers:
            return any_of([*ways, Gap("copy", f"models.{model}")])
        return any_of([*ways, Gap("weights", f"models.{model}", () if weights else (f"models.{model}.weights",))])

    @property
    def _asks_nothing(self) -> bool:
        return self.method is not None and self.method.needs == "none"

    def _by_party(self, references: Iterable[str]) -> Mapping[str, list[Vertex]]:
        """The places where it runs; one without data does not ask the models, and so takes no part."""
        found: dict[str, list[Vertex]] = {}
        graph = self.means.graph
        for place in (graph.vertices[name] for one in references for name in graph.members.get(one, ())):
            if not self.models or self._asks_nothing or (self.id, place.id) in self.means.lookup.access_from:
                found.setdefault(self.means.lookup.party(place.party), []).append(place)
        return found
