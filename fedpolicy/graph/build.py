"""Deployment -> FlowGraph, in the order in which flows follow from what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph import FlowGraph
from fedpolicy.graph.builder import Builder
from fedpolicy.graph.calls import desugar_api_calls
from fedpolicy.graph.flows import bound_relays, desugar_flows
from fedpolicy.graph.jobs import produced_at
from fedpolicy.graph.placements import add_uses, judge_access, place_models
from fedpolicy.graph.places import lay_out
from fedpolicy.graph.provenance import move_data_to_senders
from fedpolicy.graph.routes import Runs
from fedpolicy.graph.tasks import desugar_tasks
from fedpolicy.limits import USUAL, Bounds

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.language.model import Deployment

__all__ = ["build_graph"]


def build_graph(deployment: Deployment, catalog: Catalog, bounds: Bounds = USUAL) -> FlowGraph:
    """
    Find every place, model and flow of a deployment whose references are sound (as `load_text` returns it).

    Nothing is computed here about who learns what; see `fedpolicy.analysis`.
    """
    builder = Builder(deployment=deployment, catalog=catalog, places=lay_out(deployment, catalog), bounds=bounds)
    runs = _runs(builder)
    desugar_tasks(builder, runs)
    desugar_api_calls(builder, runs)
    desugar_flows(builder)
    place_models(builder, runs)
    add_uses(builder)
    move_data_to_senders(builder)
    bound_relays(builder)
    return FlowGraph(
        deployment=deployment,
        principals=builder.places.principals,
        vertices=builder.places.vertices,
        data=tuple(builder.places.data),
        flows=tuple(builder.flows),
        aggregates=tuple(builder.aggregates),
        seals=tuple(builder.seals),
        access=judge_access(builder),
        members={name: tuple(ids) for name, ids in builder.places.members.items()},
        enclaves={word: p for p in builder.places.vertices.values() if p.vouches is not False for word in p.instead},
    )


def _runs(builder: Builder) -> Runs:
    found = produced_at(builder)
    return lambda name: found.get(name, [])
