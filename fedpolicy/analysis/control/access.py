"""
How a place reaches a model: over whose machines, by whose account, under whose licence, in how much memory.

`Means` says which places work and which models may be used, on whose word; every question about control rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import (
    SURE,
    Atom,
    Formula,
    Gap,
    SealedResult,
    all_of,
    any_of,
    openers,
    sealed_results,
    unwrapped,
)
from fedpolicy.graph import Mask, Vertex
from fedpolicy.graph.computation import computation_of
from fedpolicy.graph.guards import is_supplied
from fedpolicy.graph.lookup import Lookup, listed_by, names_by
from fedpolicy.graph.places import NOBODY, is_unknown
from fedpolicy.topologies import left_out

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import LicenceRow, ModelRow
    from fedpolicy.graph import Envelope, Flow
    from fedpolicy.limits import Bounds


class Means:
    """One deployment made ready for questions about control."""

    def __init__(self, lookup: Lookup, catalog: Catalog, bounds: Bounds) -> None:
        self.lookup = lookup
        self.graph = lookup.graph
        self.catalog = catalog
        self.bounds = bounds
        self._there: dict[tuple[str, str, str, str], Formula] = {}
        self._holders: dict[str, AbstractSet[str]] = {}
        self._resting: dict[str, AbstractSet[str]] = {}
        self._brought: dict[str, Mapping[str, Sequence[Flow]]] = {}
        self._above: dict[tuple[str, frozenset[str], frozenset[str]], frozenset[str]] = {}
        self._contributing: dict[str, AbstractSet[str]] = {}
        self._paired: dict[str, Mapping[str, Sequence[str]]] = {}
        self._sealed: dict[str, tuple[tuple[SealedResult, ...], ...]] = {}

    def has_fellows(self, party: str) -> bool:
        """Whether a participant is one of several members."""
        return "participant" in self.lookup.roles(party) and len(self.lookup.members) > 1

    @cached_property
    def supplied(self) -> bool:
        """Whether anybody says whose code computes anywhere."""
        return is_supplied(self.graph.deployment, self.graph.vertices)

    def owners(self, data: Mask) -> set[str]:
        """The participants that own some instances."""
        found = {self.lookup.party(self.graph.data[index].owner) for index in self.graph.numbers(data)}
        return {owner for owner in found if "participant" in self.lookup.roles(owner)}

    def lying(self, reference: str, place: Vertex) -> AbstractSet[str]:
        """Where the instances lie that a reference means at a place: there, else with its party, else anywhere."""
        anywhere = self.stored.get(reference, frozenset())
        if place.id in anywhere:
            return {place.id}
        if reference not in self._paired:
            vertices = self.graph.vertices
            self._paired[reference] = names_by((vertices[name].party, name) for name in anywhere)
        own = self._paired[reference].get(place.party) if "@" in place.name else None
        return frozenset(own) if own else anywhere

    @cached_property
    def stored(self) -> Mapping[str, AbstractSet[str]]:
        """The places where the instances of a dataset lie, or the one where an instance does."""
        found: dict[str, set[str]] = {}
        for item in self.graph.data:
            found.setdefault(item.family, set()).add(item.place)
            found.setdefault(item.id, set()).add(item.place)
        return found

    def row(self, model: str) -> ModelRow | None:
        """What the catalogue says of a model."""
        return self.catalog.row_of(self.graph.deployment.models[model])

    def licence(self, model: str) -> LicenceRow | None:
        """What the catalogue says of a model's licence."""
        name = self.catalog.aspect(self.graph.deployment.models[model], "licence")
        return self.catalog.licence(name) if name else None

    def had(self, model: str) -> Formula:
        """Whether everybody can get the weights; what is said of a model of those who make it here speaks of none."""
        if model in self.lookup.released:
            return SURE
        if model in self.lookup.makers:
            return Gap("copy", f"models.{model}")
        weights = self.catalog.aspect(self.graph.deployment.models[model], "weights")
        if weights in {"open", "gated"}:
            return SURE
        return Gap("weights", f"models.{model}", () if weights else (f"models.{model}.weights",))

    def sealed(self, model: str) -> tuple[tuple[SealedResult, ...], ...]:
        """What each task that makes a model leaves behind a seal that nobody who adds it up can open."""
        if model not in self._sealed:
            self._sealed[model] = tuple(sealed_results(self, model))
        return self._sealed[model]

    def there(self, place: Vertex, own: str, cause: str, how: str = "") -> Formula:
        """
        A place that works: on its host's machines, run by any one of those who operate it.

        What somebody operates or hosts itself, nobody else can take away. `how` replaces in what way others have it.
        """
        if place.operators == (own,) and place.host == own:
            return SURE
        # All who have nothing to do with a place depend on it in the same way.
        party = self.lookup.party
        theirs = own in self.lookup.operators(place.id) or own in (party(place.party), party(place.host))
        key = (place.id, own if theirs else "", cause, how)
        if key not in self._there:
            self._there[key] = self._standing(place, own, cause, how)
        return self._there[key]

    def _standing(self, place: Vertex, own: str, cause: str, how: str) -> Formula:
        operators = sorted({self.lookup.party(name) for name in place.operators})
        host = self.lookup.party(place.host)
        element = f"nodes.{place.family}" if self.lookup.party(place.party) == own else place.id
        run = (
            SURE
            if own in operators
            else any_of(self._run_by(place, element, how or "operates", who, cause) for who in operators)
        )
        kept = SURE if host == own or [host] == operators else self._atom(place, element, how or "hosts", host, cause)
        return all_of([run, kept])

    def _run_by(self, place: Vertex, element: str, how: str, who: str, cause: str) -> Formula:
        """Somebody who goes on running a place; whoever nobody names beside its party may not be there."""
        found = self._atom(place, element, how, who, cause)
        perhaps = who == NOBODY and len(place.operators) > 1
        return all_of([Gap("operator", cause, found.missing, element), found]) if perhaps else found

    def holders(self, model: str) -> AbstractSet[str]:
        """The places that hold a copy of the weights, whatever these have learned; none is the public's."""
        if model not in self._holders:
            found = self.lookup.holders(model).union(self.graph.placed.get(model, ()))
            self._holders[model] = {name for name in found if not self.graph.vertices[name].public}
        return self._holders[model]

    @cached_property
    def held(self) -> Mapping[str, Sequence[str]]:
        """The models whose weights are at each place."""
        return names_by((place, model) for model in self.graph.deployment.models for place in self.holders(model))

    def resting(self, model: str) -> AbstractSet[str]:
        """The nodes that hold a model, and whoever else a flow brings it to open; not who only runs it for others."""
        if model not in self._resting:
            brought, vertices = self.lookup.brought.get(model, ()), self.graph.vertices
            held = (vertices[name] for name in self.holders(model) if vertices[name].family or name in brought)
            self._resting[model] = {place.id for place in held if not self.is_shut(model, place)}
        return self._resting[model]

    def is_shut(self, model: str, place: Vertex) -> bool:
        """Whether a place has a model only behind seals that it cannot open by itself."""
        return all(self.brought_sealed(model, place) or [()])

    def brought_sealed(self, model: str, place: Vertex) -> list[list[Envelope]]:
        """Of each flow by which alone a model comes to a place, the seals that this cannot open by itself."""
        if model not in self._brought:
            flows = (one for one in self.graph.flows if one.role == "placement" and one.origin.startswith("flows."))
            coming = listed_by((one.target, one) for one in flows if self.graph.vertices[one.source].family == model)
            known = self.graph.placed.get(model, ())
            self._brought[model] = {end: some for end, some in coming.items() if end not in known}
        sealed = ([self.graph.seals[seal] for seal in one.seals] for one in self._brought[model].get(place.id, ()))
        return [[one for one in seals if not place.opens(one.readers, one.threshold)] for seals in sealed]

    def topology(self, use: str) -> str:
        """Who exchanges with whom in a task."""
        task = self.graph.deployment.tasks[use.partition(".")[2]]
        method, aggregator = self.catalog.methods[task.method], bool(task.aggregator)
        hops, blind = bool(task.hops), computation_of(task) is not None
        return task.topology or left_out(method.topology, method.up, hops=hops, aggregator=aggregator, blind=blind)

    def contributing(self, task: str) -> AbstractSet[str]:
        """Who takes part in the rounds of a task: neither hops nor relays."""
        if task not in self._contributing:
            members = self.lookup.places_at(self.graph.deployment.tasks[task.partition(".")[2]].runs_on)
            self._contributing[task] = self.lookup.uplinks.get(task, {}).keys() & {place.id for place in members}
        return self._contributing[task]

    def above(self, task: str, place: str) -> frozenset[str]:
        """The places that what one contributes to a task passes or comes to; thousands send to the same ones."""
        steps = self.lookup.uplinks.get(task, {})
        # Of what passes one relay some goes to one member of a family, and some to another.
        relayed = self.graph.deployment.tasks[task.partition(".")[2]].via
        others = self.of_others(task, self.graph.vertices[place]) if relayed else frozenset()
        key = task, frozenset(steps.get(place, ())), others
        if key not in self._above:
            found, left = set[str](), [place]
            while left:
                new = set(steps.get(left.pop(), ())) - found - others
                found |= new
                left += sorted(new)
            self._above[key] = frozenset(one for one in found if self.graph.vertices[one].kind == "place")
        return self._above[key]

    def of_others(self, use: str, place: Vertex) -> frozenset[str]:
        """The members of families that add up, but not for a place: each has its own."""
        task = self.graph.deployment.tasks[use.partition(".")[2]]
        kinds = self.graph.deployment.nodes.items()
        named = task.hops[0].at if task.hops else task.top_model_at or task.aggregator  # an arbiter is everybody's
        if task.top_model_at and self.topology(use) == "split":  # each has parts averaged at its own
            named = (*task.top_model_at, *(task.aggregator or ()))
        named = named or tuple(node for node, one in kinds if one.kind == "aggregator")
        every = {one for node in named for one in self.graph.members.get(node, ())}
        return frozenset(every.difference(*(self.reached(place, node) for node in named)))

    def reached(self, place: Vertex, reference: str) -> list[str]:
        """The nodes that a reference means at a place: itself, those of its party, else all."""
        members = self.graph.members.get(reference, ())
        if place.id in members:
            return [place.id]
        return [one for one in members if self.graph.vertices[one].party == place.party] or [*members]

    def takers(self, place: Vertex) -> AbstractSet[str]:
        """The parties any one of whom takes a place away: its host, and whoever runs it alone."""
        operators = self.lookup.operators(place.id)
        return {self.lookup.party(place.host), *(operators if len(operators) == 1 else ())}

    def held_by(self, host: str, place: Vertex) -> Atom:
        """What the host of a place has in hand."""
        return self._atom(place, f"nodes.{place.family}", "hosts", host, f"nodes.{place.family}")

    def _atom(self, place: Vertex, element: str, how: str, who: str, cause: str) -> Atom:
        if not is_unknown(who):
            return Atom(element, how, frozenset({who}), cause)
        # Whoever runs a node that nobody is said to run has a name of its own, and hosts it, too.
        key = "party" if who != NOBODY else "operators" if how == "operates" else "host"
        fact = f"nodes.{place.family}.{key}" if place.family else f"{cause}.via"
        return Atom(element, "unstated", frozenset({who}), cause, (fact,))


def copy_at(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """A copy to run at a place: there, or brought from wherever one rests; and the right to use it."""
    vertices, placed = means.graph.vertices, means.resting(model)
    parts = means.graph.deployment.models[model].copies == "parts"
    if place.id in placed and not parts:
        brought = means.there(place, own, f"nodes.{place.family}")
    else:
        there = [means.there(vertices[other], own, f"models.{model}") for other in sorted(placed)]
        if means.brought_sealed(model, place) and not parts:
            here = means.there(place, own, f"nodes.{place.family}")
            there.append(all_of([here, unwrapped(means, model, place, own)]))
        brought = all_of(there) if parts or not there else any_of(there)
    return all_of([brought, openers(means, model, place, own), *rights(means, model, own)])


def original_at(means: Means, model: str) -> Formula:
    """A model that only its owner runs: whoever offers it, else whoever it is called at."""
    declared = means.graph.deployment.models[model]
    end = declared.via[-1] if declared.via else "unknown"
    called = means.lookup.parties_at(place.id for place in means.lookup.places_at([end])) or (end,)
    offered = means.catalog.aspect(declared, "provider")
    owners = frozenset({offered} if offered else called)
    cause = f"models.{model}"
    if all(map(is_unknown, owners)):
        return Atom(cause, "unstated", owners, cause, (f"{cause}.provider",))
    return any_of(Atom(cause, "operates", frozenset({owner}), cause) for owner in sorted(owners))


def rights(means: Means, model: str, own: str, seen: frozenset[str] = frozenset()) -> Iterator[Formula]:
    """The licences under which a model is held: its own, and those of the models that it is made from."""
    row, licence = means.row(model), means.licence(model)
    if licence is not None:
        cause = f"models.{model}"
        licensor = (row.developer if row else None) or means.graph.deployment.models[model].provider or "unknown"
        if licence.revocable and licensor != own:
            yield Atom(f"{cause}.licence", "licence", frozenset({licensor}), cause)
        yield from _granted(means, cause, licence.not_granted_in or (), own)
    for task in means.lookup.makers.get(model, ()):
        base = task.model
        if base and base not in {model, *seen} and not means.catalog.methods[task.method].learns_from_answers:
            yield from rights(means, base, own, seen | {model})


def _granted(means: Means, cause: str, excluded: tuple[str, ...], own: str) -> Iterator[Formula]:
    found = means.graph.principals.get(own)
    where = found.jurisdictions if found else None
    if excluded and where is None:
        yield Gap("licence", cause, (f"parties.{own}.jurisdiction",))
    elif excluded and where and set(where) <= set(excluded):
        yield Gap("licence", cause)
