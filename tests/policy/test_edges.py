"""Small promises of the rules' room, exactly: how a baseline is laid out, and what a view says at its edges."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fedpolicy.errors import Problems
from fedpolicy.findings import Severity
from fedpolicy.policy.baseline import BaselineEntry, write_entries
from fedpolicy.policy.elements import connection, software
from fedpolicy.policy.elements.budget import variants_of
from fedpolicy.policy.elements.shared import any_in_eea
from fedpolicy.policy.excuse import _elsewhere
from fedpolicy.policy.housekeeping import Coverage
from fedpolicy.policy.waivers import _ENTRY, read_waivers
from tests.policy.worlds import judged, rule_of, world_of


def entry(rule):
    return BaselineEntry(
        file="d.yaml",
        deployment="d",
        rule=rule,
        fingerprint="f",
        verdict="fail",
        severity=Severity.HIGH,
        elements=("é",),
    )


def test_a_baseline_has_a_line_an_entry():
    rows = [
        f'    {{"file": "d.yaml", "deployment": "d", "rule": "{rule}", "verdict": "fail", "severity": "high",'
        ' "elements": ["é"], "fingerprint": "f"}'
        for rule in ("a", "b")
    ]
    assert write_entries([entry("b"), entry("a")]).split("\n") == [
        "{",
        '  "fedpolicy_baseline": 2,',
        '  "findings": [',
        f"{rows[0]},",
        rows[1],
        "  ]",
        "}",
        "",
    ]
    assert write_entries([]) == '{\n  "fedpolicy_baseline": 2,\n  "findings": []\n}\n'


def test_an_epsilon_that_facts_leave_open_has_two_values():
    share = SimpleNamespace(spent=SimpleNamespace(least=1.0, high=3.0))
    assert variants_of(share) == ({"epsilon": 1.0}, {"epsilon": 3.0})
    assert variants_of(SimpleNamespace(spent=SimpleNamespace(least=3.0, high=3.0))) == ()
    assert variants_of(None) == ()


COUNTRIES = """
fedpolicy: 1
name: countries
parties:
  oslo: {role: participant, jurisdiction: NO}
  users: {role: user, jurisdiction: [US, FR]}
  boston: {role: coordinator, jurisdiction: US}
"""


@pytest.mark.parametrize(("party", "found"), [("oslo", True), ("users", True), ("boston", False), ("public", False)])
def test_who_is_in_the_eea_with_any_country_is_there_and_the_public_is_nowhere(party, found):
    assert any_in_eea(world_of(COUNTRIES), [party]) is found


@pytest.mark.parametrize(("judged", "moved"), [({"a.yaml", "x.yaml"}, False), ({"x.yaml"}, True)])
def test_a_waiver_of_another_file_is_moved_only_where_that_file_is_gone(judged, moved):
    waiver = SimpleNamespace(id="w", files=("a.yaml", "b/*"), span="waivers.yaml:3:1")
    coverage = Coverage(rules=set(), deployments={(file, "d") for file in judged}, known=set, whole=True)
    told = "the waiver w does not count here: it is about a.yaml, b/* (waivers.yaml:3:1)"
    advice = "; if that file was moved here, `fedpolicy waive --renew` writes its new path"
    assert _elsewhere(waiver, coverage) == told + advice * moved


@pytest.mark.parametrize("value", [3, "text", ("a",)])
def test_a_waiver_that_is_no_map_is_wrong_once(value):
    (found,) = _ENTRY.misfits(value, ("waivers", "w"))
    assert found.path == ("waivers", "w")
    assert "element" not in found.message


ADVICE = "docs/waivers.md shows an example"


@pytest.mark.parametrize(
    ("text", "message", "told"),
    [
        ("", "the file is empty", ADVICE),
        ("a: 1\n---\nb: 2\n", "a file of waivers is one map in a file of its own", ADVICE),
        (
            "fedpolicy_waivers: 2",
            "this fedpolicy reads waivers of version 1, not `2`",
            "docs/waivers.md shows an example",
        ),
        ("waivers: {}", "a file of waivers has no `fedpolicy_waivers`", "add `fedpolicy_waivers:`"),
    ],
)
def test_a_file_of_waivers_gives_its_own_advice(text, message, told):
    with pytest.raises(Problems) as caught:
        read_waivers(text, "w.yaml")

    assert [(one.message, one.help, one.span.file) for one in caught.value.errors] == [(message, told, "w.yaml")]


JUDGED = """
fedpolicy: 1
name: judged
parties: {a: {role: participant}, b: {role: participant}, agg: {role: coordinator}}
nodes: {client: {kind: client, party: [a, b]}, hub: {kind: aggregator, party: agg}}
datasets: {notes: {at: client, categories: health}}
models: {judged: {weights_at: hub, transport: none}}
tasks: {t: {method: vertical_training, evaluates: judged, data: notes, runs_on: client, transport: tls}}
"""


def test_what_a_model_says_of_its_calls_says_nothing_of_what_a_task_exchanges_with_the_same_place():
    subjects = connection.KIND.subjects(world_of(JUDGED))
    found = {one.id: (one.data.stated, {flow.payload for flow in one.data.flows}) for one in subjects}

    assert found == {
        "models.judged": ("none", {"prompts", "completions"}),
        "tasks.t": ("tls", {"activations", "labels", "gradients"}),
    }


STORED = """
fedpolicy: 1
name: stored
parties: {a: {role: participant, trusts: x}, b: {role: participant}, x: {role: processor}, agg: {role: coordinator}}
nodes: {desk: {kind: store, party: x}, hub: {kind: aggregator, party: agg}}
datasets:
  ours: {at: desk, owner: a, categories: health}
  theirs: {at: desk, owner: b, categories: health}
flows: {f: {from: desk, to: hub, payload: statistics, data: %s}}
"""


@pytest.mark.parametrize(("data", "asked"), [("ours", True), ("theirs", False), ("[ours, theirs]", True)])
def test_whose_code_sends_matters_to_owners_of_what_is_sent_who_rely_on_those_that_run_it(data, asked):
    assert bool(software.KIND.subjects(world_of(STORED % data))) == asked


@pytest.mark.parametrize(("other", "holds"), [("health", True), ("demographic", False)])
def test_a_rule_holds_where_it_holds_of_every_kind_of_element(other, holds):
    text = STORED.replace("owner: b, categories: health", f"owner: b, categories: {other}") % "ours"

    assert judged(text, rule_of("dataset", "dataset.special")).held == {"a-rule": holds}
