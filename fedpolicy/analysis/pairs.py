"""Disclosures pair by pair: for those who want every party and dataset on a line of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.disclose import Exposure, prepare
from fedpolicy.analysis.exposure.disclose import _disclosure as disclosure_of
from fedpolicy.analysis.exposure.groups import Group, group_views
from fedpolicy.analysis.exposure.views import viewers_of
from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.graph.model import bits

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure, Facts
    from fedpolicy.catalog.load import Catalog

__all__ = ["pairs_of"]


def pairs_of(facts: Facts, catalog: Catalog, settings: AnalysisSettings | None = None) -> Iterator[Disclosure]:
    """
    One disclosure for each pair of a party and a dataset instance, each with paths of its own, in a stable order.

    There may be parties x instances of them: look at `sum(d.pairs for d in facts.disclosures)` first.
    """
    graph = facts.graph
    exposure = prepare(graph, catalog, (settings or AnalysisSettings()).max_epsilon)
    groups = group_views(graph, catalog, exposure.views, viewers_of(graph), exposure.own)
    singles = [disclosure_of(exposure, single) for group in groups for single in _singles(exposure, group)]
    yield from sorted(singles, key=lambda one: (-one.high, -one.guaranteed, one.role, one.parties, one.datasets))


def _singles(exposure: Exposure, group: Group) -> Iterator[Group]:
    for viewer in group.viewers:
        for index in bits(group.mask & ~exposure.own.get(viewer.party, 0)):
            yield replace(group, mask=1 << index, everybody_else=False, viewers=[viewer])
