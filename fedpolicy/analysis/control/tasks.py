"""What a task adds to a call: rounds to take part in, and a result to leave with."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import SURE, Atom, Formula, Gap, all_of, any_of, at_least, opening, sealed_by
from fedpolicy.analysis.control.access import Means, copy_at, original_at, rights
from fedpolicy.analysis.control.capabilities import ModelCall, marked, may_claim
from fedpolicy.graph.build import build_graph
from fedpolicy.graph.computation import computation_of
from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.graph.lookup import Lookup, listed_by, names_by
from fedpolicy.graph.places import is_unknown, supplier_of
from fedpolicy.graph.routes import stand_ins
from fedpolicy.language.model.does import Sum
from fedpolicy.topologies import KEYS, TOPOLOGIES, possible

if TYPE_CHECKING:
    from fedpolicy.graph import Mask, Vertex
    from fedpolicy.language.model.flow import Task

# What these make works only together with the model that it was made for.
_PARTIAL = {"peft", "prompt", "proxy", "head", "zeroth_order"}
_MANY = 20  # parties that have a part each, or nodes that somebody hosts, beyond which not all are named


class TaskUse(ModelCall):
    """A task, which may have rounds and leave a result."""

    def __init__(self, means: Means, name: str, task: Task) -> None:
        self.moved = names_by(
            (flow.target, flow.source)
            for flow in means.lookup.flows_of.get(f"tasks.{name}", ())
            if flow.role == "records"
        )
        self.lying = frozenset[str]().union(*(means.stored.get(one, ()) for one in task.data))
        models = [model for model in dict.fromkeys((task.model, task.evaluates)) if model]
        method = means.catalog.methods[task.method]
        super().__init__(means, f"tasks.{name}", task.runs_on, models, task.data, method)
        self.name, self.task = name, task
        self.family = method.family
        self.topology = means.topology(self.id)
        self.steps = means.lookup.uplinks.get(self.id, {})
        self._enough = list(self._waits_for())
        self._sealed = tuple(sealed_by(means, self.id))

    def parties(self) -> list[str]:
        """Who takes part, and the participants whose data the result is learned from."""
        learned = self._learned(self.name) if self.task.produces else 0
        return sorted({*self.places, *self.means.owners(learned)})

    def stores(self, place: Vertex) -> AbstractSet[str]:
        """Where they lie: what is elsewhere is moved to those who work on it."""
        return {*self.moved.get(place.id, ()), *([place.id] if place.id in self.lying else ())}

    def capability(self, name: str, own: str) -> Formula | None:
        """The condition for one party; None where the question makes no sense."""
        made = self.task.produces
        if name == "keep":
            claims = made and may_claim(self.means, own, self._learned(self.name))
            return self._keep(made, own) if made and claims else None
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
        """The same, where its contributions go, and what it has to do with what its result works with."""
        party = self.means.lookup.party(place.party)
        makers = ((one, here) for some in self.before.values() for one in some for here in one.places.get(party, ()))
        beside = [
            (one.id, super(TaskUse, one).surroundings(here, own) if here is place else here.id) for one, here in makers
        ]
        around = super().surroundings(place, own), place.id in self.steps, marked(own, *sorted(self.needed(place)))
        return (*around, *beside)

    def _meet(self, place: Vertex, own: str) -> Iterator[Formula]:
        """Everything between a client and the sum: relays, aggregators; and whoever holds the labels."""
        yield from (self.here(self.means.graph.vertices[other], own) for other in sorted(self.needed(place)))

    def _read(self, own: str) -> Iterator[Formula]:
        """Somebody who opens what comes down: the next round begins with it."""
        for one in self._sealed:
            if all(one.stays(self.means, place) for place in self.places[own]):
                yield opening(self.means, one.seal, own, self.id)

    def needed(self, place: Vertex) -> AbstractSet[str]:
        """The places of others that rounds need."""
        labels = (name for one in self.task.labels_at or () for name in self.means.reached(place, one))
        return self.above(place.id).union(labels)

    def above(self, place: str) -> frozenset[str]:
        """The places that what one contributes passes or comes to."""
        return self.means.above(self.id, place)

    def _waits_for(self) -> Iterator[Formula]:
        """As many clients as a sum waits for; two where clients meet without an aggregator."""
        sums = [one.does.clients_of(one) for one in self.task.safeguards if isinstance(one.does, Sum)]
        meets = 2 if any(f"{self.id}.exchange" in targets for targets in self.steps.values()) else 0
        needed = max([self.task.min_clients or 0, meets, *sums])
        if needed > 1:
            # Those without data count, too, as they may be in a round.
            yield from self._spared(self.members, sum(place.weight for place in self.members) - needed)

    def _spared(self, places: Iterable[Vertex], spare: int, how: str = "number") -> Iterator[Formula]:
        """All but so many of some places: those that each party takes away with it, its own and those that it hosts."""
        taken = listed_by((who, place) for place in places for who in sorted(self.means.takers(place)))
        own = {self.means.lookup.party(place.party) for some in taken.values() for place in some}
        sizes = {who: sum(place.weight for place in some) for who, some in taken.items()}
        yield at_least({who: size for who, size in sizes.items() if who in own}, spare, self.id, how)
        for who in sorted(sizes.keys() - own):
            if sizes[who] > spare:
                yield from (self.means.held_by(who, place) for place in taken[who][:_MANY])

    def _learned(self, name: str, seen: frozenset[str] = frozenset()) -> Mask:
        """What a task works on, and what those did that made its input model."""
        tasks, found = self.means.graph.deployment.tasks, self.means.graph.worked[f"tasks.{name}"]
        model = tasks[name].model
        if model and model not in seen:
            for maker in (other for other, task in tasks.items() if task.produces == model):
                found |= self._learned(maker, seen | {model})
        return found

    def _keep(self, made: str, own: str) -> Formula:
        """A copy on a node of its own, or the public's, that still works: with its base, under licences that stay."""
        allowed = list(rights(self.means, made, own))
        copies = [all_of([here, *allowed]) for _, here in self.held(made, own)]
        if made in self.means.lookup.released:
            copies.append(all_of(allowed))
        return all_of(
            [any_of(copies) if copies else Gap("copy", f"models.{made}"), self.base(own), *self._parts(made, own)]
        )

    def _parts(self, made: str, own: str) -> Iterator[Formula]:
        """Where a result rests in parts, those of others: the top model; of features held apart, everybody's."""
        if made in self.means.lookup.released:
            return
        alike = self._working
        needed: set[str] = set()
        if self.means.graph.deployment.models[made].copies == "parts":
            needed = set(self.means.holders(made))
        elif TOPOLOGIES[self.topology].exchanges == "activations" and not self._elsewhere:
            mine = {place.id for place in self.places.get(own, ())}
            above = {one for place in mine or alike for one in self.above(place)}
            needed = above & self._tops - mine
            if self.topology == "vertical":
                needed |= alike - self._among_many.keys()
                yield from self._everybody
        for place in (self.means.graph.vertices[one] for one in sorted(needed)):
            # That features held apart make one model is what such a training is for.
            how = "part" if place.id in alike else ""
            yield self.means.there(place, own, f"nodes.{place.family}", how)

    @cached_property
    def _working(self) -> AbstractSet[str]:
        """Where those who take part work."""
        return {place.id for places in self.places.values() for place in places}

    @cached_property
    def _among_many(self) -> Mapping[str, Vertex]:
        """Where parts lie that are told of together: there are many, and somebody who is named runs each alone."""
        places = [place for places in self.places.values() for place in places]
        named = {one.id: one for one in places if not any(map(is_unknown, (one.party, one.host, *one.operators)))}
        alone = {name: one for name, one in named.items() if len(self.means.lookup.operators(name)) == 1}
        return alone if len({one.party for one in alone.values()}) > _MANY else {}

    @cached_property
    def _everybody(self) -> Sequence[Formula]:
        """All of these parts; to name all others to each would be as many holds as there are pairs."""
        return [*self._spared(self._among_many.values(), 0, "part")] if self._among_many else []

    @cached_property
    def told(self) -> AbstractSet[str]:
        """The same, of many whom somebody hosts."""
        return {one.element for one in (*self._enough, *self._everybody) if isinstance(one, Atom)}

    @property
    def _elsewhere(self) -> bool:
        """Whether others train it, as a whole."""
        flows = self.means.lookup.flows_of.get(self.id, ())
        exchanges = self.steps or self.task.top_model_at  # each may hold the top itself
        return not exchanges and any(flow.role == "hosted-training" for flow in flows)

    @property
    def _tops(self) -> set[str]:
        """Where the top of a model may be: neither with relays nor with an arbiter."""
        named = self.task.top_model_at or self.task.aggregator
        places = self.means.lookup.places_at(named) if named else self.means.lookup.places.values()
        return {place.id for place in places if named or place.node_kind == "aggregator"}

    @property
    def wanted(self) -> list[str]:
        """What a result works with: its model, or one that stands in; for an emulator, the model itself."""
        models, base = self.means.graph.deployment.models, self.task.model
        if base is None or self.family not in _PARTIAL:
            return []
        original = base
        while further := models[original].emulates:
            original = further
        return [original] if original != base else [base, *stand_ins(self.means.graph.deployment, base)]

    @cached_property
    def before(self) -> Mapping[str, Sequence[TaskUse]]:
        """The tasks that make what a result works with, and what that works with in turn."""
        found: dict[str, Sequence[TaskUse]] = {}
        left: list[TaskUse] = [self]
        while left:
            for model in (one for one in left.pop().wanted if one not in found):
                tasks = sorted(self.means.graph.deployment.tasks.items())
                found[model] = [TaskUse(self.means, name, task) for name, task in tasks if task.produces == model]
                left += found[model]
        return found

    def base(self, own: str, seen: frozenset[str] = frozenset()) -> Formula:
        """That this is there: it can be had, is held, or answers."""
        if not self.wanted:
            return SURE
        found = [one for model in self.wanted for one in self._had(model, own, seen)]
        # An emulator was made because the model itself is given to nobody.
        return any_of(found if self.task.model in self.wanted else [*found, original_at(self.means, self.wanted[0])])

    def _had(self, model: str, own: str, seen: frozenset[str]) -> Iterator[Formula]:
        """A model that a party can get, or has, with what it works with in turn; whoever answers has that."""
        had, makers = self.means.had(model), () if model in seen else self.before[model]
        works = any_of(one.base(own, seen | {model}) for one in makers) if makers else SURE
        if not isinstance(had, Gap) or had.missing:  # that it cannot be had is no lack of whoever has it elsewhere
            yield all_of([had, works, *rights(self.means, model, own)])
        copies = ((here, copy_at(self.means, model, place, own)) for place, here in self.held(model, own))
        yield from (all_of([here, works, copy]) for here, copy in copies)
        for place in self.places.get(own, ()) if self.task.model in self.wanted else ():
            for access in self.accesses(model, place)[:1]:
                yield all_of([self.reached(model, place, own), *([works] if access.how == "weights" else [])])


class AnyWay(TaskUse):
    """A task of which nobody knows who exchanges with whom: in each way that it may be, it is a task of its own."""

    @cached_property
    def readings(self) -> Sequence[tuple[str, TaskUse]]:
        """The task in each of these ways."""
        name, deployment = self.id.partition(".")[2], self.means.graph.deployment
        catalog, bounds = self.means.catalog, self.means.bounds
        found = []
        for way in possible([key for key in ("aggregator", "via", *KEYS) if getattr(self.task, key)]):
            task = self.task.changed(topology=way)
            graph = build_graph(deployment.changed(tasks={**deployment.tasks, name: task}), catalog, bounds)
            found.append((way, TaskUse(Means(Lookup(graph), catalog, bounds), name, task)))
        # A way that leads nowhere for want of a place is none.
        return [one for one in found if one[1].steps or TOPOLOGIES[one[0]].exchanges == "nothing"] or found

    @cached_property
    def told(self) -> AbstractSet[str]:
        """Those of all ways."""
        return frozenset().union(*(use.told for _, use in self.readings))

    @property
    def _makes_what_it_asks(self) -> bool:
        """Whether where its models are depends on how it exchanges, too."""
        deployment, made = self.means.graph.deployment, self.task.produces
        return made in self.models or any(made in stand_ins(deployment, model) for model in self.models)

    def capability(self, name: str, own: str) -> Formula | None:
        """What it takes in any way in which it makes sense at all."""
        if name == "run" and not self._makes_what_it_asks:
            return super().capability(name, own)
        missing = (f"{self.id}.{'method' if self.task.method == UNKNOWN else 'topology'}",)
        known: dict[Formula, str] = {}  # in several ways it may take the same
        for way, use in self.readings:
            if (found := use.capability(name, own)) is not None:
                known.setdefault(found, way)
        ways = [all_of([Gap("way", self.id, missing, way), found]) for found, way in known.items()]
        return any_of(ways) if ways else None


def uses(means: Means) -> Iterator[ModelCall]:
    """Every task, and every call of a model, by name."""
    deployment = means.graph.deployment
    for name, task in sorted(deployment.tasks.items()):
        unsaid = task.says_unknown("topology") or (task.method == UNKNOWN and not task.topology)
        travels = means.catalog.methods[task.method].up and not computation_of(task)
        yield (AnyWay if unsaid and travels else TaskUse)(means, name, task)
    for name, call in sorted(deployment.api_calls.items()):
        if call.model is not None:
            yield ModelCall(means, f"api_calls.{name}", call.from_, [call.model], call.sends)
