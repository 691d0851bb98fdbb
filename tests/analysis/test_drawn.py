"""What is written is drawn, or refused: every key changes some output, and one fact has one verdict however written."""

from __future__ import annotations

import json
import re
from collections import Counter
from copy import deepcopy
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy.analysis import Study
from fedpolicy.analysis.idle import idle_elements
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import entry_shape
from fedpolicy.language.reading import load_text
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.report import PLAIN
from fedpolicy.report.budget import as_text as budget_text
from fedpolicy.report.control import as_text as control_text
from fedpolicy.report.facts import facts_text
from fedpolicy.report.facts_json import facts_json
from tests.analysis.deployments import deployments
from tests.helpers import catalog, facts_of, table
from tests.laws import examples

HERE = Path(__file__).parent
PLACE = re.compile(r'"(line|column|end_line|end_column)": \d+')
LAW = settings(
    max_examples=examples(300, few=13, fewer="it writes all that is said of a deployment twice"),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

DRAWN = settings(LAW, max_examples=examples(few=12))


@cache
def rules():
    return load_rules(list(shipped_packs()))


def documents_of(tree):
    loaded = load_text(json.dumps(tree, default=str), "d.yaml", catalog())
    return None if loaded.errors else loaded.documents


def outputs(tree):
    """All that is said of a deployment, part by part; None where it is refused."""
    documents = documents_of(tree)
    if documents is None:
        yield None
        return
    (document,) = documents
    study = Study(document.deployment, catalog())
    yield PLACE.sub("", facts_json(document, study, study.disclosures, version=""))
    yield control_text("d", study.continuity, study.graph.principals)
    yield budget_text("d", study.ledger, 8.0)
    yield judged(study, document)


def judged(study, document):
    found = evaluate(study, document, rules()).findings
    return sorted((one.rule, one.verdict.value, one.message, one.elements, one.missing) for one in found)


def alike(ones, others):
    """Whether the same is said; what comes after a difference is not written."""
    return all(one == other for one, other in zip_longest(ones, others))


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


@pytest.mark.no_cover  # the same lines for each key
@pytest.mark.parametrize(
    "where", [(*path, name) for path, _, name in keys_in(BASE)], ids=lambda where: ".".join(map(str, where))
)
def test_a_key_of_a_rich_deployment_changes_some_output(where):
    same = alike(outputs(without(BASE, where[:-1], where[-1])), said_of_base())

    assert same == (where in SAME)


@cache
def said_of_base():
    found = list(outputs(BASE))
    assert len(found) == 4
    return found


PLACES = ("client", "aggregator", "relay", "store")


@st.composite
def put(draw, tree):
    """A key that names a place, a party or a model, at an element of a deployment."""
    section = draw(st.sampled_from([s for s in ("tasks", "models", "nodes", "flows") if tree.get(s)]))
    name = draw(st.sampled_from(sorted(tree[section])))
    place = st.sampled_from(PLACES)
    options = {
        "tasks": {
            "aggregator": place,
            "via": place,
            "hops": st.sampled_from([["relay"], ["store"], ["relay", "store"]]),
            "top_model_at": place,
            "labels_at": place,
        },
        "models": {
            "published": st.just(True),
            "weights_at": place,
            "via": st.sampled_from(["relay", "store", "acme"]),
            "fallback": st.sampled_from(["base", "closed", "out"]),
        },
        "nodes": {"host": st.sampled_from(["x", "y"]), "operators": st.sampled_from([["x"], ["y"], ["b"]])},
        "flows": {"via": place},
    }[section]
    key = draw(st.sampled_from(sorted(options)))
    return section, name, key, draw(options[key])


def drawing(tree):
    """What the graph of a deployment shows: every movement, as often as it is made, and who runs and hosts what."""
    graph = facts_of(tree).graph
    moved = Counter((flow.source, flow.target, flow.payload, flow.data, flow.seals) for flow in graph.flows)
    run = {name: (at.party, at.operators, at.host, at.public) for name, at in graph.vertices.items()}
    return moved, run, graph.access


def is_default(element, key, value):
    """
    Whether that is so where nothing is said.

    The only aggregator adds up, and holds the top of a model; who has a node runs and hosts it; a provider is the way
    to its model.
    """
    own = element.get({"host": "party", "operators": "party", "via": "provider"}.get(key))
    alone = (key in ("aggregator", "top_model_at")) and value == "aggregator"
    return alone or {*several(value)} == {*several(own)}


def several(value):
    return [] if value is None else value if isinstance(value, list) else [value]


@DRAWN
@given(st.data())
def test_a_key_that_names_a_place_is_drawn_or_refused_or_told_to_be_in_vain(data):
    tree = {"fedpolicy": 1, "name": "d", **data.draw(deployments())}
    section, name, key, value = data.draw(put(tree))
    element = tree[section][name]
    assume(element.get(key) in (None, [], False))
    assume(not is_default(element, key, value))
    more = deepcopy(tree)
    more[section][name][key] = value

    if documents_of(more) is None or drawing(more) != drawing(tree) or not alike(outputs(more), outputs(tree)):
        return
    assert f"{section}.{name}" in dict(idle_elements(facts_of(more))), (section, name, key, value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"models": {"spare": {"weights_at": "hub", "fallback": "out"}}},
            ("models.spare", "nothing uses it, or reaches it"),
        ),
        ({"nodes": {"desk": {"party": "x"}}}, ("nodes.desk", "no data pass it")),
        ({"flows": {"f": {"from": "hub", "to": "x", "payload": "code"}}}, ("flows.f", "it moves no data")),
        (
            {"flows": {"f": {"from": "client", "to": "hub", "payload": "metrics", "via": "hub"}}},
            ("flows.f", "hub is one of its ends, so `via` does not change its way"),
        ),
        (
            {
                "tasks": {
                    "t": {
                        "method": "fedavg",
                        "data": "notes",
                        "runs_on": "client",
                        "produces": "out",
                        "min_clients": 2,
                        "hops": ["hub"],
                        "via": "hub",
                    }
                }
            },
            ("tasks.t", "hub is the end of the way, so `via` does not change it"),
        ),
        (
            {
                "models": {"spare": {"weights_at": "hub", "via": "hub"}},
                "api_calls": {"c": {"from": "client", "model": "spare", "sends": "notes", "payload": "prompts"}},
            },
            ("models.spare", "`via` names where it runs, which is the end of the way"),
        ),
        (
            # Who asks from elsewhere asks the hub anyhow, since clients serve only themselves.
            {
                "nodes": {"desk": {"party": "x"}},
                "models": {"spare": {"weights_at": ["client", "hub"], "via": "hub"}},
                "api_calls": {"c": {"from": "desk", "model": "spare", "sends": "notes", "payload": "prompts"}},
            },
            ("models.spare", "`via` names where it runs, which is the end of the way"),
        ),
        (
            # It begins at the desk of those who ask, and goes on to the hub, which has the other part.
            {
                "nodes": {"desk": {"party": "a"}},
                "models": {"spare": {"weights_at": ["desk", "hub"], "copies": "parts", "via": "desk"}},
                "api_calls": {"c": {"from": "client@a", "model": "spare", "sends": "notes", "payload": "prompts"}},
            },
            ("models.spare", "`via` names where it runs, which is the end of the way"),
        ),
        (
            {
                "models": {"spare": {"fallback": "other"}, "other": {"fallback": "spare"}},
                "api_calls": {"c": {"from": "client", "model": "spare", "sends": "notes", "payload": "prompts"}},
            },
            ("models.other", "`fallback` names only what is asked before it"),
        ),
        (
            {"models": {"out": {"account": "a", "fallback": "spare"}, "spare": {}}},
            ("models.out", "nobody asks it elsewhere, so nothing hangs on its `fallback` and `account`"),
        ),
    ],
)
def test_what_is_said_in_vain_is_told(change, told):
    tree = {
        "parties": {"a": {"role": "participant"}, "b": {"role": "participant"}, "x": {"role": "processor"}},
        "nodes": {"client": {"kind": "client", "party": ["a", "b"]}, "hub": {"kind": "aggregator", "party": "x"}},
        "datasets": {"notes": {"at": "client", "categories": "health", "subjects": 100}},
        "models": {"out": {}},
        "tasks": {"t": {"method": "fedavg", "data": "notes", "runs_on": "client", "produces": "out", "min_clients": 2}},
    }
    assert dict(idle_elements(facts_of(tree))) == {}
    for section, entries in change.items():
        tree[section] = {**tree.get(section, {}), **entries}

    found = facts_of(tree)

    assert told in list(idle_elements(found))
    text = yaml.safe_dump({"fedpolicy": 1, "name": "d", **tree})
    (document,) = documents_of(yaml.safe_load(text))
    assert f"  {told[0]}: {told[1]}" in facts_text(document, Study(document.deployment, catalog()), PLAIN)


def test_one_of_two_places_is_not_named_in_vain():
    """The shop sends to the bank, which has the labels and the model above."""
    (document,) = documents_of(
        yaml.safe_load((Path(__file__).parents[1] / "systems/secureboost.yaml").read_text(encoding="utf-8"))
    )

    assert dict(idle_elements(Study(document.deployment, catalog()))) == {}


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

    found = [{(rule, verdict) for rule, verdict, *_ in list(outputs(tree))[-1]} for tree in (said, drawn)]

    assert ("published-model-without-dp", "fail") in found[0] & found[1]
