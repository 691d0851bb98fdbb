"""What questions about control look up again and again: who is who, who holds what, how a use reaches a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.formula import SURE, Atom, Formula, all_of, any_of
from fedpolicy.graph.model import Access, FlowGraph, Vertex

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.catalog.rows import LicenceRow, ModelRow
    from fedpolicy.spec.models import Task

__all__ = ["Ground"]

_UP = {"uplink", "activations"}


class Ground:
    """One deployment made ready for questions about control; indexes are made when they are first needed."""

    def __init__(self, graph: FlowGraph, catalog: Catalog) -> None:
        self.graph = graph
        self.catalog = catalog
        self._holders: dict[str, frozenset[str]] = {}
        self._rows: dict[str, ModelRow | None] = {}
        self._licences: dict[str, LicenceRow | None] = {}
        self._there: dict[tuple[str, str, str, str], Formula] = {}

    def party(self, principal: str) -> str:
        """The declared entry that somebody belongs to: `users` for `users.self`."""
        found = self.graph.principals.get(principal)
        return found.party if found else principal

    def roles(self, party: str) -> tuple[str, ...]:
        """The roles of a party; nobody declared has any but those of its principal."""
        found = self.graph.principals.get(party)
        return found.roles if found else ()

    def is_member(self, party: str) -> bool:
        """Whether a party belongs to the federation: a participant or the coordinator."""
        return not {"participant", "coordinator"}.isdisjoint(self.roles(party))

    def has_fellows(self, party: str) -> bool:
        """Whether a participant is one of several members."""
        return "participant" in self.roles(party) and self._members > 1

    @cached_property
    def _members(self) -> int:
        return sum(map(self.is_member, self.graph.deployment.parties))

    @cached_property
    def places_of(self) -> Mapping[str, list[Vertex]]:
        """The places of each declared party, in the order of their names."""
        found: dict[str, list[Vertex]] = {}
        for _, vertex in sorted(self.graph.vertices.items()):
            if vertex.kind == "place":
                found.setdefault(self.party(vertex.party), []).append(vertex)
        return found

    @cached_property
    def accesses(self) -> Mapping[tuple[str, str], list[Access]]:
        """How each use reaches models from each place."""
        found: dict[tuple[str, str], list[Access]] = {}
        for access in self.graph.access:
            for place in access.at:
                found.setdefault((access.use, place), []).append(access)
        return found

    @cached_property
    def uplinks(self) -> Mapping[str, Mapping[str, set[str]]]:
        """For each task, where every place sends what it contributes."""
        found: dict[str, dict[str, set[str]]] = {}
        for flow in self.graph.flows:
            if flow.role in _UP:
                found.setdefault(flow.origin, {}).setdefault(flow.source, set()).add(flow.target)
        return found

    @cached_property
    def owners(self) -> Mapping[str, frozenset[str]]:
        """The participants that own an instance of each dataset."""
        found: dict[str, set[str]] = {}
        for item in self.graph.data:
            owner = self.party(item.owner)
            if "participant" in self.roles(owner):
                found.setdefault(item.family, set()).add(owner)
                found.setdefault(item.id, set()).add(owner)
        return {name: frozenset(owners) for name, owners in found.items()}

    @cached_property
    def makers(self) -> Mapping[str, list[Task]]:
        """The tasks that produce each model."""
        found: dict[str, list[Task]] = {}
        for _, task in sorted(self.graph.deployment.tasks.items()):
            if task.produces:
                found.setdefault(task.produces, []).append(task)
        return found

    def holders(self, model: str) -> frozenset[str]:
        """The places that hold a copy of a model's weights."""
        if model not in self._holders:
            declared = self.graph.deployment.models[model].weights_at or ()
            found = {place for reference in declared for place in self.graph.members.get(reference, ())}
            self._holders[model] = frozenset(found | self._moved.get(model, set()))
        return self._holders[model]

    @cached_property
    def _moved(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for flow in self.graph.flows:
            if flow.role == "placement":
                found.setdefault(self.graph.vertices[flow.source].family, set()).add(flow.target)
        return found

    def row(self, model: str) -> ModelRow | None:
        """What the catalogue says of a model."""
        if model not in self._rows:
            ref = self.graph.deployment.models[model].ref
            self._rows[model] = self.catalog.model(ref) if ref else None
        return self._rows[model]

    def licence(self, model: str) -> LicenceRow | None:
        """What the catalogue says of a model's licence."""
        if model not in self._licences:
            row = self.row(model)
            name = self.graph.deployment.models[model].licence or (row.licence if row else None)
            self._licences[model] = self.catalog.licence(name) if name else None
        return self._licences[model]

    def weights(self, model: str) -> str | None:
        """Whether the weights can be had: open, gated or closed; None where nobody says."""
        row = self.row(model)
        return self.graph.deployment.models[model].weights or (row.weights if row else None)

    def there(self, place: Vertex, own: str, cause: str, how: str = "") -> Formula:
        """
        A place that works: on its host's machines, run by any one of those who operate it.

        What somebody operates or hosts itself, nobody else can take away. `how` replaces in what way others have it.
        """
        key = (place.id, own, cause, how)
        if key not in self._there:
            self._there[key] = self._standing(place, own, cause, how)
        return self._there[key]

    def _standing(self, place: Vertex, own: str, cause: str, how: str) -> Formula:
        operators = sorted({self.party(name) for name in place.operators})
        host = self.party(place.host)
        element = f"nodes.{place.family}" if self.party(place.party) == own else place.id
        run = (
            SURE
            if own in operators
            else any_of(self._atom(element, how or "operates", who, cause) for who in operators)
        )
        kept = SURE if host == own or [host] == operators else self._atom(element, how or "hosts", host, cause)
        return all_of([run, kept])

    def _atom(self, element: str, how: str, who: str, cause: str) -> Atom:
        if who != "unknown":
            return Atom(element, how, frozenset({who}), cause)
        section, _, name = cause.partition(".")
        key = "via" if section == "models" else "party" if how == "operates" else "host"
        return Atom(element, "unstated", frozenset({who}), cause, (f"{section}.{name}.{key}",))
