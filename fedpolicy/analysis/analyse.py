"""FlowGraph -> Facts: every analysis, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.disclose import disclosures_of
from fedpolicy.analysis.exposure.state import prepare
from fedpolicy.analysis.facts import Facts
from fedpolicy.analysis.openness import models_of
from fedpolicy.analysis.settings import AnalysisSettings

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.graph.model import FlowGraph

__all__ = ["analyse"]


def analyse(graph: FlowGraph, catalog: Catalog, settings: AnalysisSettings | None = None) -> Facts:
    """Compute everything that rules may ask about a deployment."""
    exposure = prepare(graph, catalog, (settings or AnalysisSettings()).max_epsilon)
    return Facts(
        deployment=graph.deployment,
        graph=graph,
        models=models_of(graph, catalog, exposure),
        disclosures=disclosures_of(exposure),
        max_epsilon=exposure.max_epsilon,
    )
