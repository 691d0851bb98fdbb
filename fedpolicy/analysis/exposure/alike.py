"""Which parties and which datasets a report may speak of together, because no rule could tell them apart."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import FlowGraph, Mask
from fedpolicy.records import dataclass
from fedpolicy.spec.models import Agreement, Dataset

__all__ = ["Alike", "Kinds"]

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """
    Datasets that differ only in their names, places, owners and sizes; `dataset` is the first of them.

    `families` holds the instances of each, by name; `mask` all of them.
    """

    dataset: Dataset
    families: Mapping[str, Mask]
    mask: Mask


class Kinds:
    """What parties and datasets have in common; every answer is worked out once."""

    def __init__(self, graph: FlowGraph, catalog: Catalog) -> None:
        self._graph = graph
        self._catalog = catalog
        self._regions: dict[tuple[str, ...] | None, frozenset[str] | None] = {None: None}
        self._agreements: dict[str, list[Agreement]] = {}
        for agreement in graph.deployment.agreements.values():
            for party in set(agreement.between):
                self._agreements.setdefault(party, []).append(agreement)

    def party(self, name: str) -> Key:
        """What the parties behind two viewers must have in common to be spoken of together."""
        principal = self._graph.principals[name]
        built_in = name in {"public", "unknown"}
        return (principal.roles, self._where(principal.jurisdictions), principal.implied, built_in)

    def datasets(self) -> Sequence[Alike]:
        """
        All datasets, those together that are alike and of different owners.

        A thousand hospitals may write one entry each; what somebody learns of them is one thing to say. An owner who
        writes several entries means to have them told apart.
        """
        owners: dict[str, set[str]] = {}
        masks: dict[str, Mask] = {}
        for item in self._graph.data:
            owners.setdefault(item.family, set()).add(item.owner)
            masks[item.family] = masks.get(item.family, 0) | 1 << item.index
        found: dict[Key, dict[str, Mask]] = {}
        entries: dict[tuple[Key, str], int] = {}
        for name, mask in masks.items():
            key = self._dataset(name, owners[name])
            number = max(entries.get((key, owner), 0) for owner in owners[name])
            entries |= {(key, owner): number + 1 for owner in owners[name]}
            found.setdefault((*key, number), {})[name] = mask
        return [self._alike(families) for families in found.values()]

    def _alike(self, families: Mapping[str, Mask]) -> Alike:
        mask = 0
        for one in families.values():
            mask |= one
        return Alike(dataset=self._graph.deployment.datasets[next(iter(families))], families=families, mask=mask)

    def _dataset(self, name: str, owners: set[str]) -> Key:
        dataset = self._graph.deployment.datasets[name]
        releases = dataset.releases
        limits = releases if releases is None else tuple((one.to, one.as_, one.up_to) for one in releases)
        theirs = frozenset(self._owner(owner, {name, *dataset.categories}) for owner in owners)
        return (frozenset(dataset.categories), dataset.purpose, limits, theirs)

    def _owner(self, name: str, about: set[str]) -> Key:
        principal = self._graph.principals[name]
        contracts = frozenset(
            # Of a contract between two, the other side counts; one between many is the same for all of them.
            (one.kind, one.mechanism, frozenset(one.between) - ({principal.party} if len(one.between) == 2 else set()))  # noqa: PLR2004
            for one in self._agreements.get(principal.party, ())
            if one.covers is None or not about.isdisjoint(one.covers)
        )
        return (*self.party(name), principal.trusts, contracts)

    def _where(self, jurisdictions: tuple[str, ...] | None) -> frozenset[str] | None:
        """Where a party is, as far as rules on transfers can tell: the EEA is one place."""
        if jurisdictions not in self._regions:
            rows = {code: self._catalog.countries.get(code) for code in jurisdictions or ()}
            regions = frozenset("EEA" if row is not None and row.eea else code for code, row in rows.items())
            self._regions[jurisdictions] = regions
        return self._regions[jurisdictions]
