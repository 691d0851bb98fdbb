"""
What each participant can do with a task or a call, as conditions over nodes, models and licences.

*run*: compute with the models; *join*: take part in rounds; *keep*: leave with a working copy of what a task makes;
*inspect*: look into the weights. A `ModelCall` is one call or task: who takes part where.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import (
    SURE,
    Atom,
    Formula,
    Gap,
    all_of,
    any_of,
    opened,
    openers,
)
from fedpolicy.analysis.control.access import Means, copy_at, rights
from fedpolicy.graph.lookup import listed_by
from fedpolicy.graph.places import is_unknown
from fedpolicy.graph.routes import stand_ins

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.graph import Access, Mask, Vertex

CAPABILITIES = ("run", "join", "keep", "inspect")
_OWN = "its own"
_GIB = 2**30
# Smaller models, in thousand millions of parameters, run without a GPU.
_LARGE = 1.0
# Bytes for a parameter of 4 bits (Dettmers et al., arXiv:2305.14314), where the catalogue says no more of a method.
_LEAST = 0.5
# What is split over several machines takes less on each.
_DIVIDED = {"split"}


class ModelCall:
    """A call of a model; a task is one that does more."""

    def __init__(
        self,
        means: Means,
        identity: str,
        runs_on: Iterable[str],
        models: Sequence[str],
        worked_on: Iterable[str],
        method: MethodRow | None = None,
    ) -> None:
        self.means = means
        self.id = identity
        self.models = models
        self.method = method
        self.worked_on = sorted(worked_on)
        self.members = tuple({place.id: place for place in means.lookup.places_at(runs_on)}.values())
        self.places = listed_by((means.lookup.party(one.party), one) for one in self.members if self.stores(one))
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
        """The data that it works on: on the spot, or in any of the places where they lie, however they come here."""
        stores = self.stores(place)
        if place.id in stores:
            return SURE
        return any_of(self.here(self.means.graph.vertices[store], own) for store in sorted(stores))

    def stores(self, place: Vertex) -> AbstractSet[str]:
        """Where the data lie that are worked on at a place; whoever has none there takes no part."""
        return frozenset[str]().union(*(self.means.lying(name, place) for name in self.worked_on))

    def surroundings(self, place: Vertex, own: AbstractSet[str]) -> Hashable:
        """What a place has to do with others in this use: how it reaches models, and where its data come from."""
        known = self.means.lookup.access_from.get((self.id, place.id), ())
        stores, vertices = self.stores(place), self.means.graph.vertices
        mine = [vertices[store] for store in sorted(own & stores)]
        # Any of them is enough, and nobody takes away one's own, on machines of one's own.
        sure = place.id in stores or any(one.host == one.party for one in mine)
        return (
            tuple((one.model, one.how, marked(own, one.runner), marked(own, *one.hops)) for one in known),
            _OWN if sure else (*(one.host for one in mine), *marked(own, *sorted(stores))),
        )

    def ways(self, model: str, place: Vertex, own: str) -> Formula:
        """A model or anything that stands in for it, however the place reaches it; the model itself first."""
        wanted = [model, *sorted(stand_ins(self.means.graph.deployment, model))]
        found = [self.reached(name, place, own) for name in wanted if self.accesses(name, place)]
        return any_of(found) if found or not self.asks_nothing else SURE

    def accesses(self, model: str, place: Vertex) -> list[Access]:
        """The ways in which a place reaches one model."""
        known = self.means.lookup.access_from.get((self.id, place.id), ())
        return [one for one in known if one.model == model]

    def reached(self, model: str, place: Vertex, own: str) -> Formula:
        """One model, in any way; who holds one part of it runs it with all who hold the others."""
        ways = self.accesses(model, place)
        found = [reach(self.means, one, place, own, self.method) for one in ways]
        if self.means.graph.deployment.models[model].copies != "parts":
            return any_of(found)
        asked = any(one.how != "weights" for one in ways)
        return all_of([*(_all_parts(self.means, model, own) if asked else ()), *found])

    def inspect(self, models: Iterable[str], own: str) -> Formula:
        """The weights of all of these on nodes of its own, or where everybody can get them from."""
        return all_of(self._sight(name, own) for name in dict.fromkeys(models))

    def held(self, model: str, own: str) -> list[tuple[Vertex, Formula]]:
        """The places of its own that hold a copy, and what these ask for; a copy that nobody can open is none."""
        placed = self.means.holders(model)
        return [
            (place, all_of([self.here(place, own), opened(self.means, model, place, own)]))
            for place in self.means.lookup.places_of.get(own, ())
            if place.id in placed
        ]

    def _sight(self, model: str, own: str) -> Formula:
        return any_of([*(formula for _, formula in self.held(model, own)), self.means.had(model)])

    @property
    def told(self) -> AbstractSet[str]:
        """The elements of the places that are named for many."""
        return frozenset()

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


def marked(own: AbstractSet[str], *names: str) -> tuple[str, ...]:
    """Names of places and parties, without those of one's own."""
    return tuple([_OWN if name in own else name for name in names])


def may_claim(means: Means, party: str, data: Mask) -> bool:
    """Whether what is made of some instances is a party's own, too: who takes no part and owns none lends machines."""
    roles = means.lookup.roles(party)
    mine = (means.lookup.party(means.graph.data[index].owner) == party for index in means.graph.numbers(data))
    return not roles or "participant" in roles or any(mine)


def reach(means: Means, access: Access, place: Vertex, own: str, method: MethodRow | None) -> Formula:
    """Everything that one way to a model needs; `method` is what a task does with it."""
    if access.how == "weights":
        return all_of([_memory(means, access.model, place, method), copy_at(means, access.model, place, own)])
    cause = f"models.{access.model}"
    vertices = means.graph.vertices
    parts = means.graph.deployment.models[access.model].copies == "parts"
    rests = means.resting(access.model) if parts else frozenset()
    hops = {*access.hops} - rests
    sealed = {*access.hops[-1:]} & means.holders(access.model) - rests
    runner = means.lookup.party(access.runner)
    inside = runner == own or means.lookup.is_member(runner)
    return all_of(
        [
            *(means.there(vertices[hop], own, cause) for hop in sorted(hops)),
            *(openers(means, access.model, vertices[hop], own) for hop in sorted(sealed)),
            *([] if runner == own else _account(means, access.model, runner, own, asks=not inside)),
            *(rights(means, access.model, own) if inside or place.id in rests else ()),
        ]
    )


def _all_parts(means: Means, model: str, own: str) -> Iterator[Formula]:
    """Every part of a model, however it is reached: there are as many ways to it as there are parts."""
    places = [means.graph.vertices[name] for name in sorted(means.resting(model))]
    yield from (means.there(place, own, f"models.{model}") for place in places)
    held = means.holders(model)
    yield from (openers(means, model, place, own) for place in places if place.id in held)


def _account(means: Means, model: str, runner: str, own: str, *, asks: bool) -> Iterator[Formula]:
    """A subscription can be ended by whoever has it; a participant's may be another member's where nobody says."""
    cause = f"models.{model}"
    account = means.graph.deployment.models[model].account
    if account is not None and account not in {own, runner, "participants"}:
        yield Atom(f"{cause}.account", "account", frozenset({account}), cause)
    elif asks and account is None and not is_unknown(runner) and means.has_fellows(own):
        yield Atom(f"{cause}.account", "account", frozenset({"unknown"}), cause, (f"{cause}.account",))


def _memory(means: Means, model: str, place: Vertex, method: MethodRow | None) -> Formula:
    """Whether the weights fit into the declared memory; activations are not counted, so that no is certain."""
    size = _size(means, model)
    parts = means.graph.deployment.models[model].copies == "parts" or (method and method.family in _DIVIDED)
    if size is None or size < _LARGE or parts:
        return SURE
    each = (method.bytes_per_parameter if method is not None else None) or _LEAST
    needed = size * 1e9 * each / _GIB
    node = means.graph.deployment.nodes.get(place.family)
    memory = node.hardware.gpu_memory_gib if node is not None and node.hardware is not None else None
    if memory is not None and needed <= memory:
        return SURE
    missing = () if memory is not None else (f"nodes.{place.family}.hardware.gpu_memory_gib",)
    detail = (("needed_gib", needed), *((("gpu_memory_gib", memory),) if memory is not None else ()))
    return Gap("memory", f"models.{model}", missing, f"nodes.{place.family}", detail)


def _size(means: Means, model: str, seen: frozenset[str] = frozenset()) -> float | None:
    """Thousand millions of parameters; what is made from a model is as large."""
    row = means.row(model)
    if row is not None and row.parameters_b is not None:
        return row.parameters_b
    bases = (
        t.model for t in means.lookup.makers.get(model, ()) if not means.catalog.methods[t.method].learns_from_answers
    )
    found = (_size(means, base, seen | {model}) for base in bases if base and base not in {model, *seen})
    return next((size for size in found if size is not None), None)
