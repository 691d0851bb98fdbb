"""Identical disclosures are one entry, however many parties and instances there are."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings

from fedpolicy.analysis.explain import explain
from fedpolicy.analysis.exposure import OPEN, Reading, groups, witness
from fedpolicy.graph.export import to_json
from tests.analysis.deployments import deployments
from tests.analysis.test_laws import LAW as LAWS
from tests.helpers import calls_of, facts_of, level, pairs, table
from tests.laws import examples

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


def crowded(deployment):
    """The same with seven clients who trust the same parties."""
    names = ["a", "b", "c", "d", "e", "f", "g"]
    party = {"role": "participant", "trusts": deployment["parties"]["a"].get("trusts", [])}
    nodes = {**deployment["nodes"], "client": {"kind": "client", "party": names}}
    return {**deployment, "parties": {**deployment["parties"], **dict.fromkeys(names, party)}, "nodes": nodes}


@settings(LAWS, max_examples=examples(few=10))
@given(deployments())
def test_those_who_see_the_same_see_what_each_sees_by_itself(deployment):
    together = facts_of(crowded(deployment)).disclosures
    with patch.object(groups.Sights, "kind", return_value=None):
        assert facts_of(crowded(deployment)).disclosures == together


def test_one_who_differs_leaves_the_others_what_they_see():
    plain = {"flows": {"log": {"from": "client", "to": "aggregator", "payload": "logs"}}, **silos(60, safeguards=[SA])}
    nodes = {**plain["nodes"], "desk": {"kind": "user", "party": "h00004"}}
    levels, odd = table(facts_of(plain)), table(facts_of({**plain, "nodes": nodes}))

    assert {pair: odd[pair] for pair in levels} == levels
    assert len(levels) > 60 * 59


def test_of_those_who_see_the_same_a_few_are_looked_at(many):
    with patch.object(groups.Sights, "looked_at", autospec=True, side_effect=groups.Sights.looked_at) as looked:
        assert facts_of(silos(300, safeguards=[SA])).disclosures == many.disclosures

    assert looked.call_count < 15


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


def test_what_grows_alike_at_several_levels_is_one_set(many):
    states = many.exposure.holdings(Reading.HIGH).states
    for place in ("nodes.aggregator", "nodes.client@h00007"):
        everything = [mask for form, mask in states[place].items() if form.kind == OPEN and mask.bit_count() == 300]
        assert len(everything) > 1
        assert all(mask is everything[0] for mask in everything), place


def test_a_group_is_no_larger_in_writing_than_its_members(many):
    written = sum(len(json.dumps(asdict(group), default=str)) for group in many.disclosures)

    assert written < 300 * 200


def test_one_of_many_is_explained_by_itself(many):
    found = explain(many, "h00123", "notes@h00007")

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


ASK = {"to": "openai", "payload": "prompts"}


def separate(count, **extra):
    """The same hospitals as in `silos`, each with a node and an entry of its own."""
    names = [f"h{number:05}" for number in range(count)]
    nodes, together = [f"n{name}" for name in names], silos(count, safeguards=[SA])
    return {
        "parties": together["parties"],
        "nodes": {
            **{f"n{name}": {"kind": "client", "party": name} for name in names},
            "aggregator": together["nodes"]["aggregator"],
        },
        "datasets": {
            f"d{name}": {"at": f"n{name}", "categories": "health", "subjects": 100 + number}
            for number, name in enumerate(names)
        },
        "models": {"out": {}},
        "tasks": {"t": {**together["tasks"]["t"], "data": [f"d{name}" for name in names], "runs_on": nodes}},
        "flows": {"ask": {**ASK, "from": nodes}},
        **extra,
    }


def groups_of(deployment):
    found = facts_of(deployment)
    pairs(found)  # no pair is in two groups, and all are counted
    return {(group.role, len(group.parties), len(group.datasets), group.pairs) for group in found.disclosures}


def test_an_entry_for_every_hospital_says_the_same_as_one_for_all():
    together = {**silos(70, safeguards=[SA]), "api_calls": {}, "flows": {"ask": {**ASK, "from": "client"}}}
    one_entry, entries = facts_of(together), facts_of(separate(70))

    assert len(entries.disclosures) == len(one_entry.disclosures) == 3
    assert {(p, role, name.removeprefix("d")): level for (p, role, name), level in table(entries).items()} == {
        (p, role, f"{at}@{at}"): level
        for (p, role, name), level in table(one_entry).items()
        for at in [name.partition("@")[2]]
    }


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("datasets", {"dh00003": {"categories": "genetic"}}),
        ("datasets", {"dh00003": {"purpose": "care"}}),
        ("datasets", {"dh00003": {"releases": [{"to": "agg", "up_to": "verbatim"}]}}),
        ("parties", {"h00003": {"role": ["participant", "public-body"]}}),
        ("parties", {"h00003": {"jurisdiction": "US"}}),
        ("parties", {"h00003": {"trusts": ["agg"]}}),
        ("agreements", {"dpa": {"kind": "data_processing", "between": ["h00003", "openai"]}}),
        ("agreements", {"dpa": {"kind": "data_processing", "between": ["h00003", "openai"], "covers": ["dh00003"]}}),
    ],
)
def test_what_a_rule_could_tell_apart_stays_apart(section, change):
    deployment = separate(60)
    deployment[section] = {
        **deployment.get(section, {}),
        **{key: {**deployment.get(section, {}).get(key, {}), **value} for key, value in change.items()},
    }

    assert ("provider", 1, 59, 59) in groups_of(deployment)
    assert ("provider", 1, 1, 1) in groups_of(deployment)


@pytest.mark.parametrize(
    "agreements",
    [
        {"all": {"kind": "consortium", "between": [*[f"h{number:05}" for number in range(60)], "agg"]}},
        {f"a{number}": {"kind": "data_processing", "between": [f"h{number:05}", "openai"]} for number in range(60)},
        {"one": {"kind": "data_processing", "between": ["h00003", "openai"], "covers": ["genetic"]}},
    ],
)
def test_agreements_that_all_have_or_that_cover_something_else_keep_nobody_apart(agreements):
    assert ("provider", 1, 60, 60) in groups_of(separate(60, agreements=agreements))


def test_two_entries_of_one_owner_are_told_apart():
    deployment = separate(60)
    seconds = {f"e{name.removeprefix('d')}": entry for name, entry in deployment["datasets"].items()}
    deployment["datasets"] |= seconds

    providers = [group for group in facts_of(deployment).disclosures if group.role == "provider"]

    assert [{name[0] for name in group.datasets} for group in providers] == [{"d"}, {"e"}]


def test_a_call_of_ones_own_is_a_way_of_its_own():
    deployment = separate(60)
    nodes = [f"nh{number:05}" for number in range(60)]
    deployment["flows"] = {f"ask{node}": {**ASK, "from": node, "data": f"d{node[1:]}"} for node in nodes[3:5]}
    deployment["flows"]["all"] = {**ASK, "from": nodes[5:], "data": [f"d{node[1:]}" for node in nodes[5:]]}

    assert {group for group in groups_of(deployment) if group[0] == "provider"} == {
        ("provider", 1, 1, 1),
        ("provider", 1, 55, 55),
    }


def test_what_brings_ones_own_data_alone_is_no_way_in():
    deployment = separate(60)
    entries = [f"dh{number:05}" for number in range(60)]
    back = {"from": "aggregator", "payload": "statistics"}
    deployment["flows"] |= {
        "own": {**back, "to": "nh00004", "data": entries[4:5]},
        "all": {**back, "to": "nh00005", "data": entries},
        "most": {**back, "to": "nh00006", "data": entries[:30]},
    }

    found = [group for group in facts_of(deployment).disclosures if group.role == "operator"]

    assert {(group.parties[0], len(group.datasets)) for group in found if len(group.parties) == 1} == {
        ("agg", 60),
        ("h00005", 59),
        ("h00006", 29),
        ("h00006", 30),
    }
    assert "h00004" in next(group for group in found if len(group.parties) > 2).parties


def test_every_dataset_says_which_of_its_facts_is_missing():
    dp = {"kind": "differential_privacy", "where": "client", "noise_multiplier": 4.0, "clipping_norm": 1.0}
    dp |= {"sampling": "poisson", "sampling_rate": 0.001, "delta": 1e-6, "unit": "record", "claimed_epsilon": 5}
    deployment = separate(60)
    deployment["tasks"]["t"] |= {"safeguards": [dp], "rounds": 10, "min_clients": 50}
    for number in (7, 9):
        del deployment["datasets"][f"dh{number:05}"]["subjects"]

    open_ones = [group for group in facts_of(deployment).disclosures if group.low != group.high]

    assert {group.missing for group in open_ones} == {("datasets.dh00007.subjects", "datasets.dh00009.subjects")}


def regions(count):
    """Each region sends metrics of its own data to one place, and says so by a flow of its own."""
    names = [f"r{number:03}" for number in range(count)]
    return {
        "parties": {**{name: {"role": "participant"} for name in names}, "hub": {"role": "coordinator"}},
        "nodes": {
            **{f"{name}-relay": {"kind": "client", "party": name} for name in names},
            "top": {"kind": "service", "party": "hub"},
        },
        "datasets": {
            # Each for a purpose of its own, so that they are not told together.
            f"{name}-notes": {"at": f"{name}-relay", "categories": "health", "purpose": f"study-{name}"}
            for name in names
        },
        "flows": {f"up-{name}": {"from": f"{name}-relay", "to": "top", "payload": "metrics"} for name in names},
    }


def test_a_way_is_looked_for_among_the_flows_that_may_carry_the_data(monkeypatch):
    looked = calls_of(monkeypatch, witness, "transfer")
    numbers = []
    for count in (40, 80):
        looked.clear()
        found = facts_of(regions(count)).disclosures
        numbers.append(len(looked))
        assert [[step.flow for path in one.paths for step in path] for one in found] == [
            [f"flows.up-r{number:03}[r{number:03}-relay->top]"] for number in range(count)
        ]
    assert numbers == [80, 160]  # how much is learned is open: ways that are sure, and ways that may be


def trainings(count):
    """So many models that the same clients train on the same data."""
    names = [f"m{number:02}" for number in range(count)]
    return {
        "parties": {**{name: {"role": "participant"} for name in "abc"}, "hub": {"role": "coordinator"}},
        "nodes": {
            "client": {"kind": "client", "party": ["a", "b", "c"]},
            "top": {"kind": "aggregator", "party": "hub"},
        },
        "datasets": {"notes": {"at": "client", "categories": "health"}},
        "models": {name: {"weights_at": ["client", "top"]} for name in names},
        "tasks": {
            f"train-{name}": {"method": "fedavg", "produces": name, "data": "notes", "runs_on": "client"}
            for name in names
        },
    }


def test_ways_are_looked_for_until_there_are_enough(monkeypatch):
    looked = calls_of(monkeypatch, witness, "seen_at")
    numbers = []
    for count in (10, 20):
        looked.clear()
        found = facts_of(trainings(count)).disclosures
        numbers.append(len(looked))
        assert {len(one.paths) for one in found} == {8}
    assert numbers[0] == numbers[1] > 0
