"""Disclosures pair by pair: for those who want every party and dataset on a line of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.disclose import disclosure_of_pair
from fedpolicy.analysis.exposure.state import prepare
from fedpolicy.analysis.settings import AnalysisSettings

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure, Facts
    from fedpolicy.catalog.load import Catalog

__all__ = ["pairs_of"]


def pairs_of(facts: Facts, catalog: Catalog, settings: AnalysisSettings | None = None) -> Iterator[Disclosure]:
    """
    One disclosure for each pair of a party and a dataset instance, each with paths of its own, in a stable order.

    There may be parties x instances of them: look at `sum(d.pairs for d in facts.disclosures)` first.
    """
    exposure = prepare(facts.graph, catalog, (settings or AnalysisSettings()).max_epsilon)
    owners = {item.id: item.owner for item in facts.graph.data}
    singles = (
        disclosure_of_pair(exposure, group, party, dataset)
        for group in facts.disclosures
        for party in group.parties
        for dataset in group.datasets
        if owners[dataset] != party
    )
    yield from sorted(singles, key=lambda one: (-one.high, -one.guaranteed, one.role, one.parties, one.datasets))
