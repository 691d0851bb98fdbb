"""Laws of control that hold in every deployment, tried on generated ones (DESIGN, section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from unittest.mock import patch

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fedpolicy import api
from fedpolicy.analysis.control.dependencies import dependencies_of
from fedpolicy.analysis.control.matrix import EACH_OTHER, Likeness
from tests.analysis.deployments import Tree, deployments
from tests.analysis.test_laws import LAW as LAWS
from tests.helpers import facts_of, graph_of, seen_in, study_of
from tests.laws import examples
from tests.reference.comparison import read
from tests.reference.governed import governed

CATALOG = api.load_catalog()
LAW = settings(LAWS, max_examples=examples(few=10))


def matrix_of(deployment):
    return facts_of(deployment).continuity


def cells(deployment):
    """Who certainly can end what, for each party, use and capability; None: it was never given."""
    return {
        (entry.use, party, entry.capability): frozenset(entry.holders) if entry.attainable else None
        for entry in matrix_of(deployment)
        for party in entry.participants
    }


def reversed_of(tree):
    if isinstance(tree, dict):
        return {key: reversed_of(tree[key]) for key in reversed(tree)}
    return tree


@LAW
@given(deployments())
def test_the_order_of_the_file_never_matters(deployment):
    assert matrix_of(reversed_of(deployment)) == matrix_of(deployment)


@LAW
@given(deployments())
def test_those_who_differ_in_names_alone_have_what_each_has_by_itself(deployment):
    together = matrix_of(deployment)
    with patch.object(Likeness, "kind", return_value=None):
        assert matrix_of(deployment) == together


@LAW
@given(deployments())
def test_each_party_has_each_capability_once_and_never_holds_its_own(deployment):
    rows = [(e.use, e.capability, party) for e in matrix_of(deployment) for party in e.participants]

    assert len(rows) == len(set(rows))
    assert all(party not in (holders or ()) for (_, party, _), holders in cells(deployment).items())


@LAW
@given(deployments())
def test_who_cannot_run_the_models_takes_part_in_no_round(deployment):
    found = cells(deployment)

    for (use, party, capability), holders in found.items():
        if capability == "join" and holders is not None:
            run = found[use, party, "run"]
            assert run is not None
            assert run <= holders


@LAW
@given(deployments())
def test_a_copy_for_everybody_takes_no_one_s_hold_on_running_and_gives_nobody_one(deployment):
    """A model that stands in and that every caller holds itself ends the holds of whoever runs the other."""
    more = deepcopy(deployment)
    more["models"]["spare"] = {"weights": "open", "weights_at": sorted(more["nodes"])}
    for name in ("base", "closed", "out"):
        more["models"][name]["fallback"] = "spare"
    before, after = cells(deployment), cells(more)

    for (use, party, capability), holders in before.items():
        if capability == "run" and holders is not None:
            now = after[use, party, capability]
            assert now is not None
            assert now <= holders
            assert "acme" not in now or use.startswith("tasks.")


@LAW
@given(deployments())
def test_dependencies_say_what_the_matrix_says(deployment):
    graph = graph_of(deployment)
    matrix = seen_in(graph).continuity
    found = dependencies_of(graph, matrix)

    told = {
        (use, party, capability, EACH_OTHER if one.mutual else controller)
        for one in found
        if one.given and not one.missing and not one.jurisdiction
        for use in one.uses
        for party in one.participants
        for capability in one.capabilities
        for controller in one.controllers
    }
    shown = {
        (entry.use, party, entry.capability, controller)
        for entry in matrix
        for party in entry.participants
        for controller in entry.holders
    }
    assert shown <= told
    # Whoever runs it somewhere is told together with whoever can lose more: each pair is true of somebody.
    assert {(capability, controller) for _, _, capability, controller in told} <= {
        (capability, controller) for _, _, capability, controller in shown
    }


@LAW
@given(deployments())
def test_what_is_lost_for_want_of_something_has_a_reason(deployment):
    for entry in matrix_of(deployment):
        if not entry.attainable:
            assert not entry.holds
            assert entry.gaps or entry.capability == "join"


@LAWS
@given(deployments())
def test_who_has_a_copy_that_it_can_look_into_learns_what_the_model_contains(deployment):
    """Control and exposure agree on who holds a model: what can be kept or inspected says what it has learned."""
    study = facts_of(deployment)
    owner = {item.id: item.owner for item in study.graph.data}
    learned = {(party, name) for one in study.disclosures if one.high for party in one.parties for name in one.datasets}
    contents = {model.id: model.contains for model in study.models}

    for entry in study.continuity:
        task = study.deployment.tasks.get(entry.use.removeprefix("tasks."))
        if task is None or not task.produces or entry.capability not in {"keep", "inspect"} or not entry.attainable:
            continue
        # Of personal copies each has its own, and of parts nobody has all.
        if study.deployment.models[task.produces].copies != "shared" or any(gap.missing for gap in entry.doubts):
            continue
        for party in entry.participants:
            for name in contents[task.produces]:
                # What everybody learns is said of everybody.
                told = owner[name] == party or not learned.isdisjoint({(party, name), ("public", name)})
                assert told, (entry.use, entry.capability, party, name)


ELSEWHERE = {"zed": {"role": "processor"}}  # somebody of whom the file says nothing else


def facts(tree: Tree) -> Iterator[tuple[tuple[str, ...], tuple[object, ...]]]:
    """What nobody may know of a deployment, and what it may be; None: nothing of the kind."""
    for name, node in tree["nodes"].items():
        if isinstance(node["party"], str):
            yield ("nodes", name, "party"), ("zed",)
        yield ("nodes", name, "host"), ("zed",)
        if node.get("kind") != "client":  # whether rounds can spare a client that others may run is not asked
            yield ("nodes", name, "operators"), ("zed", None)
        yield ("nodes", name, "tee"), (None, {"kind": "sgx", "attested": True})
        if node.get("tee", {}).get("kind") in {"tdx", "sev-snp"}:
            yield ("nodes", name, "tee", "hides_from"), (["host"], ["host", "operator"])
    for name, task in tree.get("tasks", {}).items():
        others = {*tree.get("api_calls", {}), *tree["tasks"]} - {name}
        sends = CATALOG.methods[task["method"]].up
        if sends and (
            task.get("produces") is None or not others
        ):  # what others ask of what it makes is not read in each way
            yield (
                ("tasks", name, "topology"),
                ("star", "tree", "peer_to_peer", "rotating", "split", "vertical", "local"),
            )
    for name, model in tree["models"].items():
        if "ref" not in model and "weights_at" in model:  # else it decides who runs it, too
            yield ("models", name, "weights"), ("open", "gated", "closed")
    yield from ((("parties", name, "jurisdiction"), ("DE", "CH", "US")) for name in tree["parties"])


def stating(tree: Tree, path: tuple[str, ...], value: object) -> Tree:
    found = deepcopy(tree)
    entry = found
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    if value is None:
        del entry[path[-1]]
    return {**found, "parties": {**found["parties"], **(ELSEWHERE if value == "zed" else {})}}


def told(deployment):
    """For each party, use and capability: whether it is given, perhaps and surely, who surely ends it, who may."""
    found = {}
    for entry in study_of(deployment).continuity:
        every = [hold for hold in entry.holds if not hold.jurisdiction]
        sure = {who for hold in every if not hold.missing for who in hold.parties}
        maybe = {"zed" if who.startswith("unknown") else who for hold in every for who in hold.parties}
        row = entry.attainable, entry.attainable and not entry.doubts, sure, maybe
        found |= {(entry.use, party, entry.capability): row for party in entry.participants}
    return found


@LAWS
@given(st.integers(0, 10**6), st.data())
def test_what_an_unknown_fact_turns_out_to_be_was_possible_and_what_was_certain_is_so(number, data):
    tree = governed(f"law:{number}")
    path, words = data.draw(st.sampled_from([*facts(tree)]))
    unknown, known = read(stating(tree, path, "unknown")), read(stating(tree, path, data.draw(st.sampled_from(words))))
    assume(unknown is not None and known is not None)
    before, after = told(unknown), told(known)

    for key in before.keys() & after.keys():
        perhaps, surely, sure, maybe = before[key]
        given, _, holders, _ = after[key]
        assert given <= perhaps, (path, key)
        assert surely <= given, (path, key)
        if given:
            assert {who for who in holders if not who.startswith("unknown")} <= maybe, (path, key)
            assert {who for who in sure - {key[1]} if not who.startswith("unknown")} <= holders, (path, key)
    for key in after.keys() - before.keys():
        assert not after[key][0] or key[1] == "zed", (path, key)
