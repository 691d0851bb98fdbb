"""Identical disclosures are one entry, however many parties and instances there are."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise

import pytest

from fedpolicy.analysis.explain import explain
from fedpolicy.graph.export import to_json
from tests.helpers import catalog, facts_of, level

SA = {"kind": "secure_aggregation", "min_clients": 50}


def silos(count, **task):
    names = [f"h{number:05}" for number in range(count)]
    return {
        "parties": {
            **{name: {"role": "participant", "jurisdiction": "DE"} for name in names},
            "agg": {"role": "coordinator"},
            "openai": {"role": "provider"},
        },
        "nodes": {"client": {"kind": "client", "party": names}, "aggregator": {"kind": "aggregator", "party": "agg"}},
        "datasets": {"notes": {"at": "client", "categories": "health", "subjects": 100}},
        "models": {"llm": {"ref": "openai/gpt-4o"}, "out": {}},
        "tasks": {
            "t": {
                "method": "fedavg",
                "produces": "out",
                "data": "notes",
                "runs_on": "client",
                "clients_per_round": min(count, 60),
                **task,
            }
        },
        "api_calls": {"ask": {"from": "client", "model": "llm", "sends": "notes"}},
    }


@pytest.fixture(scope="module")
def many():
    return facts_of(silos(300, safeguards=[SA]))


def test_three_hundred_clients_are_a_handful_of_entries(many):
    assert {(group.role, len(group.parties), len(group.datasets), group.pairs) for group in many.disclosures} == {
        ("provider", 1, 300, 300),
        ("operator", 1, 300, 300),
        ("operator", 300, 300, 300 * 299),
    }


def test_the_number_of_entries_does_not_grow_with_the_clients(many):
    assert len(many.disclosures) == len(facts_of(silos(120, safeguards=[SA])).disclosures)


def test_a_group_is_no_larger_in_writing_than_its_members(many):
    written = sum(len(json.dumps(asdict(group), default=str)) for group in many.disclosures)

    assert written < 300 * 200


def test_one_of_many_is_explained_by_itself(many):
    found = explain(many, catalog(), "h00123", "notes@h00007")

    (entry,) = found.entries
    assert entry.disclosure.parties == ("h00123",)
    assert [step.target for step in entry.disclosure.paths[0]] == ["nodes.aggregator", "nodes.client@h00123"]
    assert entry.disclosure.paths[0][0].source == "nodes.client@h00007"


def test_somebody_who_differs_is_an_entry_of_its_own():
    deployment = silos(60, safeguards=[SA])
    deployment["parties"]["h00005"]["jurisdiction"] = "US"
    deployment["nodes"]["second"] = {"kind": "client", "party": "h00006"}
    deployment["flows"] = {"leak": {"from": "client@h00009", "to": "second", "payload": "records"}}

    facts = facts_of(deployment)

    assert level(facts, "h00006", "operator", "notes@h00009") == ("verbatim",) * 3
    assert level(facts, "h00006", "operator", "notes@h00008") == ("inferable",) * 3
    assert level(facts, "h00007", "operator", "notes@h00009") == ("inferable",) * 3
    assert ("h00005",) in {group.parties for group in facts.disclosures}
    assert len(facts.disclosures) < 10


def test_peers_meet_at_an_exchange_and_not_each_with_each():
    facts = facts_of(silos(200, topology="peer_to_peer"))

    assert len(facts.graph.flows) < 200 * 10
    assert level(facts, "h00001", "operator", "notes@h00002") == ("reconstructable",) * 3
    assert len(to_json(facts.graph)["flows"]) == len(facts.graph.flows)


def test_a_chain_of_a_thousand_places_has_a_way_through_all_of_them():
    names = [f"s{number:04}" for number in range(1000)]
    ends = ["client", *names, "end"]
    facts = facts_of(
        {
            "parties": {"a": {"role": "participant"}, "x": {"role": "processor"}, "z": {"role": "processor"}},
            "nodes": {
                "client": {"kind": "client", "party": "a"},
                **{name: {"party": "x"} for name in names},
                "end": {"party": "z"},
            },
            "datasets": {"notes": {"at": "client", "categories": "health"}},
            "flows": {
                f"f{number:04}": {"from": one, "to": other, "payload": "records"}
                for number, (one, other) in enumerate(pairwise(ends))
            },
        }
    )

    (last,) = [group for group in facts.disclosures if group.parties == ("z",)]
    assert [step.flow for step in last.paths[0]] == [
        f"flows.f{number:04}[{one}->{other}]" for number, (one, other) in enumerate(pairwise(ends))
    ]
