"""
What each participant can do with a task or a call, as conditions over nodes, models and licences.

*run*: compute with the models; *join*: take part in rounds; *keep*: leave with a working copy of what a task makes;
*inspect*: look into the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.access import copy_at, reach, rights, stand_ins
from fedpolicy.analysis.control.formula import SURE, AtLeast, Formula, Gap, all_of, any_of
from fedpolicy.spec.safeguards import SecureAggregation

if TYPE_CHECKING:
    from fedpolicy.analysis.control.ground import Ground
    from fedpolicy.graph.model import Vertex
    from fedpolicy.spec.models import Task

__all__ = ["CAPABILITIES", "Use", "uses"]

CAPABILITIES = ("run", "join", "keep", "inspect")
# What these make works only together with the model that it was made for.
_PARTIAL = {"peft", "prompt", "head", "zeroth_order"}


class Use:
    """One task or call: who takes part where, and what each capability asks for."""

    def __init__(self, ground: Ground, identity: str, runs_on: Iterable[str], models: Sequence[str]) -> None:
        self.ground = ground
        self.id = identity
        self.models = models
        self.task: Task | None = None
        section, _, name = identity.partition(".")
        if section == "tasks":
            self.task = ground.graph.deployment.tasks[name]
        self.method = ground.catalog.methods[self.task.method] if self.task else None
        self.places = self._by_party(runs_on)
        self._enough = self._count()

    def parties(self) -> list[str]:
        """Who takes part: those at whose places it runs, and the participants whose data it learns from."""
        learns = self.task is not None and self.task.produces
        owners = (
            {who for name in self._learned(self.task) for who in self.ground.owners.get(name, ())} if learns else ()
        )
        return sorted({*self.places, *owners})

    def capability(self, name: str, own: str) -> Formula | None:
        """The condition for one party; None where the question makes no sense."""
        places = self.places.get(own, ())
        if name == "keep":
            return self._keep(own) if self.task is not None and self.task.produces else None
        if not places or (name == "join" and self.id not in self.ground.uplinks):
            return None
        if name == "run":
            return any_of(self._run(place, own) for place in places)
        if name == "join":
            joined = any_of(all_of([self._run(place, own), *self._meet(place, own)]) for place in places)
            return all_of([joined, *([self._enough] if self._enough else ())])
        return self._inspect(own) if self.models or (self.task and self.task.produces) else None

    def _by_party(self, references: Iterable[str]) -> dict[str, list[Vertex]]:
        found: dict[str, list[Vertex]] = {}
        for reference in references:
            for identity in self.ground.graph.members.get(reference, ()):
                place = self.ground.graph.vertices[identity]
                if not self.models or self._asks_nothing or (self.id, identity) in self.ground.accesses:
                    found.setdefault(self.ground.party(place.party), []).append(place)
        return found

    @property
    def _asks_nothing(self) -> bool:
        return self.method is not None and self.method.needs == "none"

    def _run(self, place: Vertex, own: str) -> Formula:
        here = self.ground.there(place, own, f"nodes.{place.family}")
        return all_of([here, *(self._ways(model, place, own) for model in self.models)])

    def _ways(self, model: str, place: Vertex, own: str) -> Formula:
        """A model or anything that stands in for it, however the place reaches it; the model itself first."""
        wanted = [model, *sorted(stand_ins(self.ground, model) - {model})]
        known = self.ground.accesses.get((self.id, place.id), ())
        ways = [a for name in wanted for a in known if a.model == name]
        if not ways and self._asks_nothing:
            return SURE
        parts = [a for a in ways if self.ground.graph.deployment.models[a.model].copies == "parts"]
        whole = [reach(self.ground, a, place, own, self.method) for a in ways if a not in parts]
        # Who holds one part of a model runs it with all who hold the others.
        split = [all_of(reach(self.ground, a, place, own, self.method) for a in parts)] if parts else []
        return any_of([*whole, *split])

    def _meet(self, place: Vertex, own: str) -> Iterator[Formula]:
        """Everything between a client and the sum: relays, aggregators."""
        vertices, steps = self.ground.graph.vertices, self.ground.uplinks.get(self.id, {})
        found: set[str] = set()
        left = [place.id]
        while left:
            new = {t for t in steps.get(left.pop(), ()) if vertices[t].kind == "place"} - found
            found |= new
            left += sorted(new)
        yield from (
            self.ground.there(vertices[other], own, f"nodes.{vertices[other].family}") for other in sorted(found)
        )

    def _count(self) -> AtLeast | None:
        """As many clients as a sum waits for; two where clients meet without an aggregator."""
        if self.task is None:
            return None
        graph, steps = self.ground.graph, self.ground.uplinks.get(self.id, {})
        exchange = f"{self.id}.exchange"
        needed = max([self._least(), 2 if any(exchange in targets for targets in steps.values()) else 0])
        own = {place.id for places in self.places.values() for place in places}
        clients: dict[str, int] = {}
        for source in sorted(own & steps.keys()):
            place = graph.vertices[source]
            who = self.ground.party(place.party)
            clients[who] = clients.get(who, 0) + place.weight
        return AtLeast(self.id, needed, tuple(sorted(clients.items())), self.id) if needed > 1 else None

    def _least(self) -> int:
        task = self.task
        if task is None:
            return 0
        sums = [one.min_clients for one in task.safeguards if isinstance(one, SecureAggregation)]
        return max([task.min_clients or 0, *sums])

    def _learned(self, task: Task | None, seen: frozenset[str] = frozenset()) -> set[str]:
        """The datasets of a task, and of those that made its input model."""
        if task is None:
            return set()
        found = set(task.data)
        for maker in self.ground.makers.get(task.model or "", ()):
            if task.model not in seen:
                found |= self._learned(maker, seen | {str(task.model)})
        return found

    def _keep(self, own: str) -> Formula:
        """A copy on a node of its own, or the public's, that still works: with its base, under licences that stay."""
        task = self.task
        made = task.produces if task else None
        if task is None or made is None:
            return SURE
        placed = self.ground.holders(made)
        copies = [self._copy(made, place, own) for place in self.ground.places_of.get(own, ()) if place.id in placed]
        if self.ground.graph.deployment.models[made].published:
            copies.append(all_of(rights(self.ground, made, own)))
        held = any_of(copies) if copies else Gap("copy", f"models.{made}")
        return all_of([held, self._base(task, own)])

    def _copy(self, made: str, place: Vertex, own: str) -> Formula:
        return all_of([self.ground.there(place, own, f"nodes.{place.family}"), *rights(self.ground, made, own)])

    def _base(self, task: Task, own: str) -> Formula:
        base = task.model
        if base is None or self.method is None or self.method.family not in _PARTIAL:
            return SURE
        weights = self.ground.weights(base)
        if weights in {"open", "gated"}:
            return all_of(rights(self.ground, base, own))
        places = self.ground.places_of.get(own, ())
        held = [
            all_of([self.ground.there(place, own, f"nodes.{place.family}"), copy_at(self.ground, base, place, own)])
            for place in places
            if place.id in self.ground.holders(base)
        ]
        asked = [self._ways(base, place, own) for place in self.places.get(own, ())]
        had = [Gap("weights", f"models.{base}", (f"models.{base}.weights",))] if weights is None else []
        return any_of([*held, *had, *asked])

    def _inspect(self, own: str) -> Formula:
        made = self.task.produces if self.task else None
        return all_of(self._sight(name, own) for name in dict.fromkeys([*self.models, *([made] if made else [])]))

    def _sight(self, model: str, own: str) -> Formula:
        """The weights on a node of its own, or anywhere that everybody can get them from."""
        placed = self.ground.holders(model)
        ways = [
            self.ground.there(place, own, f"nodes.{place.family}")
            for place in self.ground.places_of.get(own, ())
            if place.id in placed
        ]
        weights = self.ground.weights(model)
        if weights in {"open", "gated"} or self.ground.graph.deployment.models[model].published:
            ways.append(SURE)
        elif model in self.ground.makers:
            ways.append(Gap("copy", f"models.{model}"))
        else:
            ways.append(Gap("weights", f"models.{model}", () if weights else (f"models.{model}.weights",)))
        return any_of(ways)


def uses(ground: Ground) -> Iterator[Use]:
    """Every task, and every call of a model, by name."""
    deployment = ground.graph.deployment
    for name, task in sorted(deployment.tasks.items()):
        models = [model for model in dict.fromkeys((task.model, task.evaluates)) if model]
        yield Use(ground, f"tasks.{name}", task.runs_on, models)
    for name, call in sorted(deployment.api_calls.items()):
        if call.model is not None:
            yield Use(ground, f"api_calls.{name}", call.from_, [call.model])
