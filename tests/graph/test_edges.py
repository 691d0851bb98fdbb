"""Small promises of the graph: what a key of one entry changes in the flows of another, and what it does not."""

from __future__ import annotations

import pytest

from fedpolicy.analysis.whatif import compromised
from fedpolicy.graph.export import to_json
from fedpolicy.graph.lookup import Lookup
from tests.helpers import flow_lines, graph_of

BASE = {
    "parties": {
        "a": {"role": "participant"},
        "b": {"role": "participant"},
        "agg": {"role": "coordinator"},
        "x": {"role": "processor"},
    },
    "nodes": {
        "client": {"kind": "client", "party": ["a", "b"]},
        "hub": {"kind": "aggregator", "party": "agg"},
        "desk": {"kind": "service", "party": "x"},
        "attic": {"kind": "store", "party": "x"},
    },
    "datasets": {"notes": {"at": "client", "categories": "health"}},
}


def graph(**sections):
    return graph_of(BASE | {name: BASE.get(name, {}) | entries for name, entries in sections.items()})


def vertical(**more):
    task = {"method": "vertical_training", "data": "notes", "runs_on": "client", "top_model_at": "hub", **more}
    return list(flow_lines(graph(tasks={"t": task})))


def test_an_aggregator_that_has_the_top_of_a_model_is_no_arbiter_beside_it():
    assert vertical(aggregator=["hub", "desk"]) == vertical(aggregator="desk")
    assert vertical(aggregator="hub") == vertical()


def test_the_order_in_which_holders_of_labels_are_named_changes_nothing():
    assert vertical(labels_at=["desk", "attic"]) == vertical(labels_at=["attic", "desk"])


def test_weights_for_everybody_are_published_unless_they_are_sealed():
    weights = {"from": "client", "to": "public", "payload": "model_weights", "data": ["m"]}
    found = to_json(
        graph(models={"m": {"weights_at": "client"}}, flows={"open": weights, "shut": weights | {"sealed_for": ["b"]}})
    )

    assert {(flow["from"], flow["origin"], flow["role"]) for flow in found["flows"]} == {
        ("models.m", "flows.open", "published"),
        ("models.m", "flows.shut", "placement"),
    }


def test_a_sum_of_a_flow_that_names_no_data_is_over_all_that_is_stored():
    sums = [{"kind": "secure_aggregation", "min_clients": 2}]
    (found,) = graph(
        flows={"f": {"from": "client", "to": "hub", "payload": "model_update", "safeguards": sums}}
    ).aggregates

    assert (found.data, found.shares) == (3, (1, 2))


def test_what_seals_a_flow_of_weights_seals_those_of_the_model():
    seals = [{"kind": "end_to_end_encryption", "sealed_for": "attic"}]
    weights = {"from": "client", "to": "desk", "payload": "model_weights", "data": ["m"], "safeguards": seals}
    found = to_json(graph(models={"m": {"weights_at": "client"}}, flows={"f": weights}))

    assert [(flow["from"], flow["safeguards"]) for flow in found["flows"]] == [
        ("models.m", ["flows.f.safeguards.0"]),
        ("models.m", ["flows.f.safeguards.0"]),
    ]


def test_a_model_that_is_asked_on_the_spot_is_sent_what_rests_elsewhere():
    found = graph(
        datasets={"files": {"at": "attic", "owner": "a", "categories": "health"}},
        models={"m": {"weights_at": "client"}},
        api_calls={"c": {"from": "client", "model": "m", "sends": "files", "payload": "prompts"}},
    )

    assert list(flow_lines(found)) == [
        "attic -records-> client@a: files@x [api_calls.c (call of m)]",
        "attic -records-> client@b: files@x [api_calls.c (call of m)]",
    ]


@pytest.mark.parametrize(("threshold", "why"), [(1, ""), (2, "desk works on what it is sent, so it has to read it")])
def test_one_of_several_who_open_something_together_cannot_work_on_it(threshold, why):
    shares = [{"kind": "secret_sharing", "threshold": threshold, "of": ["desk", "attic"]}]
    call = {"from": "client", "model": "m", "sends": "notes", "payload": "prompts", "safeguards": shares}
    found = graph(models={"m": {"weights_at": "desk"}}, api_calls={"c": call})

    assert {guard.ignored for flow in found.flows for guard in flow.guards} == {why}


def test_what_a_judged_model_looks_up_elsewhere_may_be_quoted_to_whoever_looks_up_by_itself():
    found = graph(
        datasets={"files": {"at": "attic", "owner": "a", "categories": "health"}},
        models={"m": {"weights_at": "desk"}, "judged": {"weights_at": "attic"}},
        tasks={
            "ask": {"method": "rag", "model": "m", "evaluates": "judged", "data": "notes", "runs_on": "client"},
            "index": {"method": "rag", "model": "judged", "data": "files", "runs_on": "attic", "retrieves": "files"},
        },
    )

    assert "attic -completions->? client@b: files@x [tasks.ask (rag)]" in list(flow_lines(found))


def test_records_for_a_training_elsewhere_of_no_model_go_to_somebody_unknown():
    found = graph(tasks={"t": {"method": "hosted_finetuning", "data": "notes", "runs_on": "client"}})

    assert list(flow_lines(found)) == [
        "client@a -records-> unknown: notes@a [tasks.t (hosted_finetuning)]",
        "client@b -records-> unknown: notes@b [tasks.t (hosted_finetuning)]",
    ]


def test_a_secure_sum_protects_no_records_for_a_training_elsewhere():
    sums = [{"kind": "secure_aggregation", "min_clients": 2}]
    task = {"method": "hosted_finetuning", "data": "notes", "runs_on": "client", "safeguards": sums}
    found = graph(tasks={"t": task})

    assert {guard.ignored for flow in found.flows for guard in flow.guards} == {
        "it protects what is uploaded, not what is sent to the party that runs the model"
    }


def test_hundreds_of_instances_have_the_names_of_their_datasets():
    many = [f"p{number}" for number in range(40)]
    found = graph(
        parties={name: {"role": "participant"} for name in many},
        nodes={"client": {"kind": "client", "party": many}},
        datasets={
            "more": {"at": "client", "categories": "health"},
            "rest": {"at": "attic", "owner": "x", "categories": "health"},
        },
    )

    everything = sum(one.bit for one in found.data)
    assert len(found.data) == 81
    assert [one.id for one in found.data] == sorted(one.id for one in found.data)
    assert Lookup(found).families_in(everything) == ("more", "notes", "rest")
    assert Lookup(found).families_in(everything - found.data[-1].bit) == ("more", "notes")


NOISE = {"kind": "differential_privacy", "where": "aggregator", "noise_multiplier": 1.0, "clipping_norm": 1.0}
ENCLAVE = {"kind": "sev-snp", "attested": True, "verified_by": ["a", "b"]}


@pytest.mark.parametrize(
    ("tee", "fails"), [({}, True), ({"hides_from": ["operator", "host"]}, False)], ids=["not said", "said"]
)
def test_noise_fails_with_whoever_wrote_the_code_in_an_enclave_that_may_not_vouch_for_it(tee, fails):
    hub = {"kind": "aggregator", "party": "agg", "code_from": "x", "tee": ENCLAVE | tee}
    task = {"method": "fedavg", "data": "notes", "runs_on": "client", "safeguards": [NOISE]}
    found = compromised(graph(nodes={"hub": hub}, tasks={"t": task}), "x")

    assert {bool(guard.ignored) for flow in found.flows for guard in flow.guards if flow.source == "nodes.hub"} == {
        fails
    }
