"""What is written is drawn, or refused: every key changes some output, and one fact has one verdict however written."""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.study import Study
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.shape import entry_shape
from fedpolicy.language.reading.load import load_text
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.report.budget import as_text as budget_text
from fedpolicy.report.control import as_text as control_text
from fedpolicy.report.facts_json import facts_json
from tests.analysis.deployments import deployments
from tests.helpers import catalog, facts_of, table
from tests.laws import examples

HERE = Path(__file__).parent
PLACE = re.compile(r'"(line|column|end_line|end_column)": \d+')
LAW = settings(
    max_examples=examples(40),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@cache
def rules():
    return load_rules(list(shipped_packs()))


def documents_of(tree):
    text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=True, width=10**6)
    loaded = load_text(text.encode(), "d.yaml", catalog())
    return None if loaded.errors else loaded.documents


def outputs(tree, *, judged=True):
    """All that is said of a deployment; None where it is refused."""
    documents = documents_of(tree)
    if documents is None:
        return None
    (document,) = documents
    study = Study(document.deployment, catalog())
    found = evaluate(study, document, rules()).findings if judged else ()
    return (
        PLACE.sub("", facts_json(document, study, study.disclosures, version="")),
        control_text("d", study.continuity, study.graph.principals),
        budget_text("d", study.ledger, 8.0),
        sorted((one.rule, one.verdict.value, one.message, one.elements, one.missing) for one in found),
    )


def keys_in(tree, entry=Deployment, path=()):
    """Every key of every entry of a deployment, and where it stands."""
    for name, key in entry_shape(entry).items():
        if name in tree:
            yield path, entry.__name__, name
            yield from keys_below(tree[name], key.shape, (*path, name))


def keys_below(value, shape, path):
    if shape.values is not None and isinstance(value, dict):
        for name, one in value.items():
            yield from keys_below(one, shape.values, (*path, name))
    elif shape.items is not None and isinstance(value, list):
        for index, one in enumerate(value):
            yield from keys_below(one, shape.items, (*path, index))
    elif isinstance(value, dict) and (entry := shape.entry_for(value)):
        yield from keys_in(value, entry, path)


def without(tree, path, name):
    found = deepcopy(tree)
    at = found
    for part in path:
        at = at[part]
    del at[name]
    return found


BASE = yaml.safe_load((HERE / "drawn.yaml").read_text(encoding="utf-8"))
# What is the same left out: a default, and what is sealed anyway.
SAME = {
    ("nodes", "agg", "kind"),
    ("nodes", "relay", "kind"),
    ("nodes", "top", "kind"),
    *(("tasks", name, "aggregator") for name in ("train", "tune", "climb")),
    ("flows", "seal", "transport"),
}


@pytest.mark.parametrize(
    "where", [(*path, name) for path, _, name in keys_in(BASE)], ids=lambda where: ".".join(map(str, where))
)
def test_a_key_of_a_rich_deployment_changes_some_output(where):
    same = outputs(without(BASE, where[:-1], where[-1])) == said_of_base()

    assert same == (where in SAME)


@cache
def said_of_base():
    found = outputs(BASE)
    assert found is not None
    return found


PLACES = ("client", "aggregator", "relay", "store")


@st.composite
def put(draw, tree):
    """A key that names a place, a party or a model, at an element of a deployment."""
    section = draw(st.sampled_from([s for s in ("tasks", "models", "nodes", "flows") if tree.get(s)]))
    # Who runs a node where nothing is learns nothing by that.
    name = draw(st.sampled_from(["client"] if section == "nodes" else sorted(tree[section])))
    place = st.sampled_from(PLACES)
    options = {
        "tasks": {
            "aggregator": place,
            "via": place,
            "hops": st.sampled_from([["relay"], ["store"], ["relay", "store"]]),
            "top_model_at": place,
            "labels_at": place,
        },
        "models": {"published": st.just(True), "weights_at": place, "via": st.sampled_from(["relay", "store", "acme"])},
        "nodes": {"host": st.sampled_from(["x", "y"]), "operators": st.sampled_from([["x"], ["y"], ["b"]])},
        "flows": {"via": place},
    }[section]
    key = draw(st.sampled_from(sorted(options)))
    return section, name, key, draw(options[key])


@LAW
@given(st.data())
def test_a_key_that_names_a_place_is_drawn_or_refused(data):
    tree = {"fedpolicy": 1, "name": "d", **data.draw(deployments())}
    section, name, key, value = data.draw(put(tree))
    assume(tree[section][name].get(key) in (None, [], False))
    # The only aggregator is taken where none is named.
    assume((key, value) != ("aggregator", "aggregator"))
    # Where a model is, and how it is called, says nothing where nobody uses it.
    uses = [*tree.get("tasks", {}).values(), *tree.get("api_calls", {}).values()]
    assume(section != "models" or any(name in (use.get("model"), use.get("evaluates")) for use in uses))
    more = deepcopy(tree)
    more[section][name][key] = value

    before = outputs(tree, judged=False)
    assert before is not None
    # Rules are asked only where nothing else is said.
    if outputs(more, judged=False) == before:
        assert outputs(more) != outputs(tree), (section, name, key, value)


def levels(tree):
    return table(facts_of(tree))


@LAW
@given(deployments())
def test_published_is_a_flow_of_weights_to_everybody(tree):
    said, drawn = deepcopy(tree), deepcopy(tree)
    said["models"]["out"]["published"] = True
    drawn["models"]["out"].pop("published", None)
    drawn.setdefault("flows", {})["release"] = {
        "from": "aggregator",
        "to": "public",
        "payload": "model_weights",
        "data": "out",
    }

    assert levels(said) == levels(drawn)


@LAW
@given(deployments())
def test_weights_at_is_a_flow_of_weights(tree):
    uses = [*tree.get("tasks", {}).values(), *tree.get("api_calls", {}).values()]
    assume(all("out" not in (use.get("model"), use.get("evaluates")) for use in uses))
    said, drawn = deepcopy(tree), deepcopy(tree)
    for one, places in ((said, ["client", "store"]), (drawn, ["client"])):
        one["models"]["out"].pop("via", None)
        one["models"]["out"]["weights_at"] = places
    drawn.setdefault("flows", {})["bring"] = {
        "from": "aggregator",
        "to": "store",
        "payload": "model_weights",
        "data": "out",
    }

    assert levels(said) == levels(drawn)


@LAW
@given(deployments(), st.sampled_from(["client", "aggregator", "store"]))
def test_a_call_is_a_flow_to_whoever_is_called(tree, caller):
    said, drawn = deepcopy(tree), deepcopy(tree)
    said.setdefault("api_calls", {})["c0"] = {"from": caller, "provider": "acme", "sends": "notes"}
    drawn.setdefault("flows", {})["c0"] = {"from": caller, "to": "acme", "payload": "prompts", "data": "notes"}

    assert levels(said) == levels(drawn)


def test_rules_say_the_same_of_a_release_however_it_is_written():
    text = """
        fedpolicy: 1
        name: d
        transport: tls
        parties: {a: {role: participant}, b: {role: participant}, c: {role: participant}, hub: {role: coordinator}}
        nodes: {client: {kind: client, party: [a, b, c]}, agg: {kind: aggregator, party: hub}}
        datasets: {d: {at: client, categories: [health]}}
        models: {out: {weights_at: client}}
        tasks: {t: {method: fedavg, data: d, runs_on: client, produces: out, min_clients: 3}}
    """
    said, drawn = yaml.safe_load(text), yaml.safe_load(text)
    said["models"]["out"]["published"] = True
    drawn["flows"] = {"release": {"from": "agg", "to": "public", "payload": "model_weights", "data": "out"}}

    found = [{(rule, verdict) for rule, verdict, *_ in outputs(tree)[3]} for tree in (said, drawn)]

    assert ("published-model-without-dp", "fail") in found[0] & found[1]
