"""
How a place reaches a model: over whose machines, by whose account, under whose licence, in how much memory.

`Means` says which places work and which models may be used, on whose word; every question about control rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
)
from fedpolicy.analysis.exposure.effects import is_supplied
from fedpolicy.graph import Access, Vertex
from fedpolicy.graph.lookup import Lookup
from fedpolicy.graph.places import is_unknown

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import LicenceRow, MethodRow, ModelRow

_GIB = 2**30
# Smaller models, in thousand millions of parameters, run without a GPU.
_LARGE = 1.0
# Bytes for a parameter of 4 bits (Dettmers et al., arXiv:2305.14314), where the catalogue says no more of a method.
_LEAST = 0.5
# What is split over several machines takes less on each.
_DIVIDED = {"split"}
# Families of methods whose results are learned from what a model answers, not made from its weights.
_FROM_ANSWERS = {"prompt", "distillation", "head"}


class Means:
    """One deployment made ready for questions about control."""

    def __init__(self, lookup: Lookup, catalog: Catalog) -> None:
        self.lookup = lookup
        self.graph = lookup.graph
        self.catalog = catalog
        self._there: dict[tuple[str, str, str, str], Formula] = {}
        self._sealed: dict[str, tuple[SealedResult, ...]] = {}

    def has_fellows(self, party: str) -> bool:
        """Whether a participant is one of several members."""
        return "participant" in self.lookup.roles(party) and len(self.lookup.members) > 1

    @cached_property
    def supplied(self) -> bool:
        """Whether anybody says whose code computes anywhere."""
        return is_supplied(self.graph)

    @cached_property
    def owners(self) -> Mapping[str, frozenset[str]]:
        """The participants that own an instance of each dataset, and each instance."""
        found: dict[str, set[str]] = {}
        for item in self.graph.data:
            owner = self.lookup.party(item.owner)
            if "participant" in self.lookup.roles(owner):
                found.setdefault(item.family, set()).add(owner)
                found.setdefault(item.id, set()).add(owner)
        return {name: frozenset(owners) for name, owners in found.items()}

    def row(self, model: str) -> ModelRow | None:
        """What the catalogue says of a model."""
        return self.catalog.row_of(self.graph.deployment.models[model])

    def licence(self, model: str) -> LicenceRow | None:
        """What the catalogue says of a model's licence."""
        name = self.catalog.aspect(self.graph.deployment.models[model], "licence")
        return self.catalog.licence(name) if name else None

    def weights(self, model: str) -> str | None:
        """Whether the weights can be had: open, gated or closed; None where nobody says."""
        found: str | None = self.catalog.aspect(self.graph.deployment.models[model], "weights")
        return found

    def sealed(self, model: str) -> tuple[SealedResult, ...]:
        """What tasks leave of a model behind a seal that nobody who adds it up can open."""
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
            else any_of(self._atom(element, how or "operates", who, cause) for who in operators)
        )
        kept = SURE if host == own or [host] == operators else self._atom(element, how or "hosts", host, cause)
        return all_of([run, kept])

    def _atom(self, element: str, how: str, who: str, cause: str) -> Atom:
        if not is_unknown(who):
            return Atom(element, how, frozenset({who}), cause)
        section, _, name = cause.partition(".")
        key = "via" if section == "models" else "party" if how == "operates" else "host"
        return Atom(element, "unstated", frozenset({who}), cause, (f"{section}.{name}.{key}",))


def reach(means: Means, access: Access, place: Vertex, own: str, method: MethodRow | None) -> Formula:
    """Everything that one way to a model needs; `method` is what a task does with it."""
    if access.how == "weights":
        return all_of([_memory(means, access.model, place, method), copy_at(means, access.model, place, own)])
    cause = f"models.{access.model}"
    vertices = means.graph.vertices
    parts = means.graph.deployment.models[access.model].copies == "parts"
    hops = {*access.hops, *(means.lookup.holders(access.model) if parts else ())}
    runner = means.lookup.party(access.runner)
    inside = runner == own or means.lookup.is_member(runner)
    return all_of(
        [
            *(means.there(vertices[hop], own, cause) for hop in sorted(hops)),
            *([] if inside else _account(means, access.model, runner, own)),
            *(rights(means, access.model, own) if inside else ()),
        ]
    )


def copy_at(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """A copy to run at a place: there, or brought from wherever one rests; and the right to use it."""
    vertices, placed = means.graph.vertices, means.lookup.holders(model)
    there = (means.there(vertices[other], own, f"models.{model}") for other in sorted(placed))
    brought = SURE if place.id in placed or not placed else any_of(there)
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
        licensor = means.graph.deployment.models[model].provider or (row.developer if row else None) or "unknown"
        if licence.revocable and licensor != own:
            yield Atom(f"{cause}.licence", "licence", frozenset({licensor}), cause)
        yield from _granted(means, cause, licence.not_granted_in or (), own)
    for task in means.lookup.makers.get(model, ()):
        base = task.model
        if base and base not in {model, *seen} and means.catalog.methods[task.method].family not in _FROM_ANSWERS:
            yield from rights(means, base, own, seen | {model})


def _granted(means: Means, cause: str, excluded: tuple[str, ...], own: str) -> Iterator[Formula]:
    found = means.graph.principals.get(own)
    where = found.jurisdictions if found else None
    if excluded and where is None:
        yield Gap("licence", cause, (f"parties.{own}.jurisdiction",))
    elif excluded and where and set(where) <= set(excluded):
        yield Gap("licence", cause)


def _account(means: Means, model: str, runner: str, own: str) -> Iterator[Formula]:
    """A subscription can be ended by whoever has it; a participant's may be another member's where nobody says."""
    cause = f"models.{model}"
    account = means.graph.deployment.models[model].account
    if account is not None and account not in {own, runner, "participants"}:
        yield Atom(f"{cause}.account", "account", frozenset({account}), cause)
    elif account is None and not is_unknown(runner) and means.has_fellows(own):
        yield Atom(f"{cause}.account", "account", frozenset({"unknown"}), cause, (f"{cause}.account",))


def _memory(means: Means, model: str, place: Vertex, method: MethodRow | None) -> Formula:
    """Whether the weights fit into the declared memory; activations are not counted, so that no is certain."""
    size = _size(means, model)
    if size is None or size < _LARGE or (method is not None and method.family in _DIVIDED):
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
        t.model
        for t in means.lookup.makers.get(model, ())
        if means.catalog.methods[t.method].family not in _FROM_ANSWERS
    )
    found = (_size(means, base, seen | {model}) for base in bases if base and base not in {model, *seen})
    return next((size for size in found if size is not None), None)
