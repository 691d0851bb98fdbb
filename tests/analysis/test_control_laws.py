"""Laws of control that hold in every deployment, tried on generated ones (DESIGN, section 6)."""

from __future__ import annotations

from copy import deepcopy
from unittest.mock import patch

from hypothesis import given, settings

from fedpolicy import api
from fedpolicy.analysis.control.dependencies import dependencies_of
from fedpolicy.analysis.control.matrix import EACH_OTHER, Likeness
from tests.analysis.deployments import deployments
from tests.analysis.test_laws import LAW as LAWS
from tests.helpers import facts_of, graph_of, seen_in
from tests.laws import examples

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
