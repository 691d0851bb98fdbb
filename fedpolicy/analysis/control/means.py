"""Which places work and which models may be used, on whose word: what every question about control rests on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.formula import SURE, Atom, Formula, all_of, any_of
from fedpolicy.graph.lookup import Lookup
from fedpolicy.graph.model import Vertex

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.catalog.rows import LicenceRow, ModelRow

__all__ = ["Means"]


class Means:
    """One deployment made ready for questions about control."""

    def __init__(self, lookup: Lookup, catalog: Catalog) -> None:
        self.lookup = lookup
        self.graph = lookup.graph
        self.catalog = catalog
        self._rows: dict[str, ModelRow | None] = {}
        self._licences: dict[str, LicenceRow | None] = {}
        self._there: dict[tuple[str, str, str, str], Formula] = {}

    def has_fellows(self, party: str) -> bool:
        """Whether a participant is one of several members."""
        return "participant" in self.lookup.roles(party) and len(self.lookup.members) > 1

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
        if who != "unknown":
            return Atom(element, how, frozenset({who}), cause)
        section, _, name = cause.partition(".")
        key = "via" if section == "models" else "party" if how == "operates" else "host"
        return Atom(element, "unstated", frozenset({who}), cause, (f"{section}.{name}.{key}",))
