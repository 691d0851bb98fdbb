"""One deployment and the questions that several kinds of element ask about it."""

from __future__ import annotations

from collections.abc import Iterable

from fedpolicy.policy.fields import Missing
from fedpolicy.policy.index import Index, family_of, ordered
from fedpolicy.spec.models import Dataset

__all__ = ["BUILT_IN", "World", "family_of", "ordered"]

BUILT_IN = ("public", "unknown")


class World(Index):
    """The facts of one deployment, and questions about its parties and data."""

    def is_member(self, party: str) -> bool:
        """Whether a party belongs to the federation: a participant or the coordinator."""
        return not {"participant", "coordinator"}.isdisjoint(self.roles(party))

    def parties_at(self, vertices: Iterable[str]) -> tuple[str, ...]:
        """Who operates these places."""
        return tuple(sorted(frozenset[str]().union(*map(self.operators, vertices))))

    def datasets(self, families: Iterable[str]) -> list[Dataset]:
        """The declared datasets of these names."""
        return [self.deployment.datasets[name] for name in families if name in self.deployment.datasets]

    def owners(self, families: Iterable[str]) -> list[str]:
        """Who owns any instance of these datasets."""
        return ordered(owner for family in families for owner in self._owners.get(family, ()))

    def owners_of(self, instances: tuple[str, ...]) -> list[str]:
        """Who owns these instances."""
        if instances not in self._owners_of:
            self._owners_of[instances] = ordered(self._owner_of[instance] for instance in instances)
        return self._owners_of[instances]

    def jurisdictions(self, parties: Iterable[str]) -> list[str] | Missing:
        """Where all of these parties are; missing where it is not said of one of them."""
        found: set[str] = set()
        missing: set[str] = set()
        for party in parties:
            known = self.parties.get(party)
            declared = known.jurisdictions if known else None
            if declared is not None:
                found |= set(declared)
            elif party != "public":
                missing |= set(self._whereabouts(party))
        return Missing(tuple(sorted(missing))) if missing else sorted(found)

    def agreement_kinds(self, party: str, others: Iterable[str], families: Iterable[str]) -> list[str]:
        """The kinds of agreement that a party has with any of the others and that cover any of these datasets."""
        known = self.agreements_of.get(party)
        if not known:
            return []
        wanted, about = set(others) - {party}, set(families)
        for dataset in self.datasets(sorted(about)):
            about |= set(dataset.categories)
        return ordered(
            agreement.kind
            for agreement in known
            if not wanted.isdisjoint(agreement.between)
            and (agreement.covers is None or not about.isdisjoint(agreement.covers))
        )

    def _whereabouts(self, party: str) -> tuple[str, ...]:
        if party != "unknown":
            return (f"parties.{party}.jurisdiction",)
        # Nobody can say where `unknown` is; what can be said is who runs the model.
        nobody = [name for name, model in self.models.items() if "unknown" in model.runners]
        return tuple(f"models.{name}.via" for name in nobody) or ("parties.unknown.jurisdiction",)
