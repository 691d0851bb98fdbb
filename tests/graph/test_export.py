"""The graph for others: networkx and JSON say the same, and every flow says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fedpolicy.graph.export import to_json, to_networkx
from tests.helpers import cases, graph_of, read_case

ROOT = Path(__file__).parents[1]
DEPLOYMENTS = {
    path.stem: read_case(path)[1] for folder in ("graph", "analysis") for path in cases(ROOT / folder / "cases")
}


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_flow_has_an_id_of_its_own_and_a_place_in_the_file(name):
    graph = graph_of(DEPLOYMENTS[name])

    ids = [flow.id for flow in graph.flows]
    assert len(set(ids)) == len(ids)
    assert [flow.index for flow in graph.flows] == list(range(len(graph.flows)))
    for flow in graph.flows:
        section, entry = flow.path[0], flow.path[1]
        assert entry in getattr(graph.deployment, section)
        assert flow.origin == f"{section}.{entry}"
        assert flow.implied_by or section == "flows"
        assert flow.source in graph.vertices
        assert flow.target in graph.vertices


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS)[::8])
def test_networkx_and_json_hold_every_vertex_and_flow(name):
    graph = graph_of(DEPLOYMENTS[name])

    found, written = to_networkx(graph), to_json(graph)

    assert set(found.nodes) == set(graph.vertices) == {vertex["id"] for vertex in written["vertices"]}
    assert {(a, b, key) for a, b, key in found.edges(keys=True)} == {
        (flow["from"], flow["to"], flow["id"]) for flow in written["flows"]
    }
    assert list(found.nodes) == sorted(found.nodes)
    assert found.number_of_edges() == len(graph.flows) == len(written["flows"])
    assert json.loads(json.dumps(written)) == written


def test_json_is_sorted_and_versioned():
    written = to_json(graph_of(DEPLOYMENTS["cohort"]))

    assert written["version"] == 1
    for section in ("parties", "datasets", "vertices", "flows"):
        ids = [entry["id"] for entry in written[section]]
        assert ids == sorted(ids)


def test_json_of_a_small_deployment():
    text = {
        "parties": {"a": {"role": "participant", "jurisdiction": "DE"}, "x": {"role": ["host", "processor"]}},
        "nodes": {"client": {"kind": "client", "party": "a"}, "store": {"kind": "store", "party": "x"}},
        "datasets": {"notes": {"at": "client", "categories": "health", "subjects": 3}},
        "flows": {
            "copy": {
                "from": "client",
                "to": "store",
                "payload": "records",
                "data": "notes",
                "safeguards": [{"kind": "deidentification", "method": "expert"}],
            }
        },
    }

    written = to_json(graph_of(text))

    assert written["parties"] == [
        {"id": "a", "party": "a", "roles": ["participant"], "jurisdictions": ["DE"], "trusts": [], "implied": False},
        {
            "id": "x",
            "party": "x",
            "roles": ["host", "processor"],
            "jurisdictions": None,
            "trusts": [],
            "implied": False,
        },
    ]
    assert written["datasets"] == [
        {
            "id": "notes@a",
            "dataset": "notes",
            "at": "nodes.client",
            "owner": "a",
            "units": 3,
            "unit": "record",
            "categories": ["health"],
        }
    ]
    assert written["flows"] == [
        {
            "id": "flows.copy[client->store]",
            "from": "nodes.client",
            "to": "nodes.store",
            "payload": "records",
            "data": ["notes@a"],
            "origin": "flows.copy",
            "role": "declared",
            "implied_by": None,
            "safeguards": ["flows.copy.safeguards.0"],
            "certain": True,
            "missing": [],
        }
    ]
