"""The graph for others: a networkx multigraph, and versioned JSON (what an OPA user feeds to Rego)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fedpolicy.graph import DataItem, Flow, FlowGraph, Mask, Vertex, bits

if TYPE_CHECKING:
    import networkx as nx

GRAPH_VERSION = 1


def to_networkx(graph: FlowGraph) -> nx.MultiDiGraph:
    """
    Vertices with their attributes, and one keyed edge per flow (the key is the flow's id).

    Raises ImportError where networkx is not installed; nothing else here needs it.
    """
    import networkx as nx  # noqa: PLC0415  heavy, and never needed for a check

    found: nx.MultiDiGraph = nx.MultiDiGraph(name=graph.deployment.name)
    for name in sorted(graph.vertices):
        found.add_node(name, **_vertex(graph.vertices[name]))
    for flow in graph.flows:
        found.add_edge(flow.source, flow.target, key=flow.id, **_flow(graph, flow))
    return found


def to_json(graph: FlowGraph) -> dict[str, Any]:
    """
    The graph as plain data, version 1.

    `parties[] {id, party, roles, jurisdictions, trusts, implied}`, `datasets[] {id, dataset, at, owner, units, unit,
    categories}`, `vertices[] {id, kind, ...}` and `flows[] {id, from, to, payload, data[], origin, role, implied_by,
    safeguards[], certain, missing[]}`; lists are sorted by id. Schema: `schemas/graph.schema.json`.
    """
    return {
        "version": GRAPH_VERSION,
        "name": graph.deployment.name,
        "parties": [_principal(graph, name) for name in sorted(graph.principals)],
        "datasets": [_item(item) for item in graph.data],
        "vertices": [{"id": name, **_vertex(graph.vertices[name])} for name in sorted(graph.vertices)],
        "flows": sorted(
            ({"id": f.id, "from": f.source, "to": f.target, **_flow(graph, f)} for f in graph.flows),
            key=lambda entry: (entry["id"], entry["payload"]),
        ),
    }


def _principal(graph: FlowGraph, name: str) -> dict[str, Any]:
    principal = graph.principals[name]
    return {
        "id": name,
        "party": principal.party,
        "roles": list(principal.roles),
        "jurisdictions": None if principal.jurisdictions is None else list(principal.jurisdictions),
        "trusts": sorted(principal.trusts),
        "implied": principal.implied,
    }


def _item(item: DataItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "dataset": item.family,
        "at": item.place,
        "owner": item.owner,
        "units": item.units,
        "unit": item.unit or "unknown",
        "categories": list(item.categories),
    }


def _vertex(vertex: Vertex) -> dict[str, Any]:
    common = {"kind": vertex.kind, "name": vertex.name, "family": vertex.family}
    if vertex.kind != "place":
        return common
    return {
        **common,
        "node_kind": vertex.node_kind,
        "party": vertex.party,
        "operators": list(vertex.operators),
        "host": vertex.host,
        "code_from": vertex.code_from,
        "members": vertex.cohort,
        "tee": vertex.enclave is not None,
        "provider": vertex.provider,
    }


def _flow(graph: FlowGraph, flow: Flow) -> dict[str, Any]:
    return {
        "payload": flow.payload,
        "data": _names(graph, flow.data),
        "origin": flow.origin,
        "role": flow.role,
        "implied_by": flow.implied_by or None,
        "safeguards": [".".join(str(part) for part in guard.path) for guard in flow.guards],
        "certain": flow.certain,
        "missing": list(flow.missing),
    }


def _names(graph: FlowGraph, mask: Mask | None) -> list[str] | None:
    """Instances that the flow may carry, by their names; None where it carries all that its source holds."""
    return None if mask is None else [graph.data[index].id for index in bits(mask)]
