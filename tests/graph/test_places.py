"""Nodes, families, cohorts and instances: what a deployment lays out before anything moves."""

from __future__ import annotations

import pytest

from tests.helpers import graph_of


def laid_out(nodes, dataset=None, **parties):
    found = {
        "parties": {name: {"role": "participant"} for name in ("a", "b", "c")} | parties,
        "nodes": nodes,
    }
    if dataset:
        found["datasets"] = {"notes": {"categories": "health", **dataset}}
    return graph_of(found)


def names(graph):
    return sorted(vertex.name for vertex in graph.vertices.values() if vertex.kind == "place")


def instances(graph):
    return {item.id: (item.place.removeprefix("nodes."), item.owner, item.units) for item in graph.data}


def test_a_list_of_parties_makes_a_node_for_each():
    assert names(laid_out({"client": {"kind": "client", "party": ["b", "a"]}})) == ["client@a", "client@b"]


def test_a_list_of_one_is_a_family_too():
    assert names(laid_out({"client": {"kind": "client", "party": ["a"]}})) == ["client@a"]


def test_a_single_party_makes_one_plain_node():
    assert names(laid_out({"client": {"kind": "client", "party": "a"}})) == ["client"]


def test_a_party_listed_twice_has_two_nodes():
    graph = laid_out({"client": {"kind": "client", "party": ["a", "b", "a"]}}, {"at": "client", "subjects": 5})

    assert names(graph) == ["client@a.1", "client@a.2", "client@b"]
    assert instances(graph) == {
        "notes@a.1": ("client@a.1", "a", 5),
        "notes@a.2": ("client@a.2", "a", 5),
        "notes@b": ("client@b", "b", 5),
    }


def test_a_cohort_is_two_members_with_owners_of_their_own():
    graph = laid_out({"phone": {"kind": "client", "party": "a", "count": 1000}}, {"at": "phone", "subjects": 5})

    assert names(graph) == ["phone.peer", "phone.self"]
    assert instances(graph) == {
        "notes@a.peer": ("phone.peer", "a.peer", 5000),
        "notes@a.self": ("phone.self", "a.self", 5000),
    }
    assert {v.name: (v.weight, v.cohort) for v in graph.vertices.values()} == {
        "phone.self": (1, 1000),
        "phone.peer": (999, 1000),
    }


def test_a_count_of_one_is_no_cohort():
    assert names(laid_out({"phone": {"kind": "client", "party": "a", "count": 1}})) == ["phone"]


def test_a_dataset_at_several_nodes_of_one_party_is_numbered():
    nodes = {"one": {"kind": "client", "party": "a"}, "two": {"kind": "client", "party": ["a", "b"]}}

    graph = laid_out(nodes, {"at": ["two", "one"]})

    assert {name: place for name, (place, _, _) in instances(graph).items()} == {
        "notes@a.1": "one",
        "notes@a.2": "two@a",
        "notes@b": "two@b",
    }


def test_data_at_other_nodes_belong_to_the_owner_that_is_named():
    graph = laid_out({"store": {"party": "b"}}, {"at": "store", "owner": "a", "subjects": 7})

    assert instances(graph) == {"notes@b": ("store", "a", 7)}


def test_host_operators_and_software_default_to_the_party():
    node = laid_out({"n": {"party": "a"}}).vertices["nodes.n"]

    assert (node.operators, node.host, node.code_from) == (("a",), "a", "a")


def test_host_operators_and_software_as_they_are_said():
    said = {"party": "a", "host": "b", "operators": ["c", "a"], "code_from": "c"}

    node = laid_out({"n": said}).vertices["nodes.n"]

    assert (set(node.operators), node.host, node.code_from) == ({"a", "c"}, "b", "c")


@pytest.mark.parametrize(
    ("trusts", "accepted"),
    [([], {"a"}), (["b"], {"a", "b"}), (["participants"], {"a", "b", "c"}), (["b", "x"], {"a", "b", "x"})],
)
def test_a_party_accepts_itself_and_whom_it_trusts(trusts, accepted):
    own = {"role": "participant", **({"trusts": trusts} if trusts else {})}
    graph = laid_out({"n": {"party": "a"}}, a=own, x={"role": "coordinator"})

    principal = graph.principals["a"]

    assert {name for name in graph.principals if name in {principal.id, *principal.trusts}} == accepted


def test_trusting_a_cohort_is_trusting_its_members():
    nodes = {"phone": {"kind": "client", "party": "a", "count": 9}, "n": {"party": "b"}}
    graph = laid_out(nodes, b={"role": "participant", "trusts": ["a"]})

    assert {"a", "a.self", "a.peer"} <= graph.principals["b"].trusts
    assert "a" in graph.principals["a.self"].trusts
    assert "a.peer" not in graph.principals["a.self"].trusts


def test_implied_parties_come_from_the_catalogue():
    graph = graph_of(
        {
            "parties": {"a": {"role": "participant"}},
            "nodes": {"client": {"kind": "client", "party": "a"}},
            "datasets": {"notes": {"at": "client", "categories": "health"}},
            "models": {"llm": {"ref": "openai/gpt-4o"}, "other": {"weights": "open"}},
            "api_calls": {
                "one": {"from": "client", "model": "llm", "sends": "notes"},
                "two": {"from": "client", "model": "other", "sends": "notes"},
            },
        }
    )

    openai, unknown = graph.principals["openai"], graph.principals["unknown"]
    assert (openai.implied, openai.roles, openai.jurisdictions) == (True, ("provider",), ("US",))
    assert (unknown.implied, unknown.roles, unknown.jurisdictions) == (True, (), None)


def test_a_declared_provider_keeps_its_own_words():
    graph = graph_of(
        {
            "parties": {"a": {"role": "participant"}, "openai": {"role": "provider", "jurisdiction": "IE"}},
            "nodes": {"client": {"kind": "client", "party": "a"}},
            "datasets": {"notes": {"at": "client", "categories": "health"}},
            "models": {"llm": {"ref": "openai/gpt-4o"}},
            "api_calls": {"one": {"from": "client", "model": "llm", "sends": "notes"}},
        }
    )

    assert (graph.principals["openai"].implied, graph.principals["openai"].jurisdictions) == (False, ("IE",))


@pytest.mark.parametrize(
    ("mechanism", "payload", "ignored"),
    [
        ("gaussian", "prompts", "it adds noise to numbers, and prompts are none"),
        ("gaussian", "synthetic_data", ""),
        ("gaussian", "model_update", ""),
        ("exponential", "prompts", ""),
        ("randomised_response", "prompts", ""),
        ("gnmax", "prompts", ""),
        ("metric", "prompts", ""),
    ],
)
def test_noise_on_words_is_chosen_among_them(mechanism, payload, ignored):
    noise = {"kind": "differential_privacy", "where": "client", "mechanism": mechanism}
    sent = {"from": "client", "to": "b", "payload": payload, "data": "notes", "safeguards": [noise]}
    graph = graph_of(
        {
            "parties": {"a": {"role": "participant"}, "b": {"role": "coordinator"}},
            "nodes": {"client": {"kind": "client", "party": "a"}},
            "datasets": {"notes": {"categories": "health", "at": "client"}},
            "flows": {"copy": sent},
        }
    )

    (guard,) = graph.flows[0].guards
    assert guard.ignored == ignored


def test_each_set_of_instances_has_a_key_of_its_own():
    graph = laid_out({"client": {"kind": "client", "party": ["a", "b", "c"]}}, {"at": "client"})
    own = [item.bit for item in graph.data]
    sets = [0, own[0], own[1], own[0] | own[1], own[2], own[0] | own[2], own[1] | own[2], sum(own)]

    assert len({graph.key(one) for one in sets}) == len(sets)
    assert [graph.is_own(one) for one in sets] == [one in own for one in sets]
