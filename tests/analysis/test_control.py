"""Who can take what away from whom."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from fedpolicy import api
from fedpolicy.analysis.control.formula import Atom, all_of, any_of, holds
from fedpolicy.analysis.control.matrix import continuity_of
from fedpolicy.cli.app import app

CATALOG = api.load_catalog()
HEAD = """
fedpolicy: 1
name: x
parties:
  a: {role: participant, jurisdiction: DE}
  b: {role: participant, jurisdiction: DE}
  tum: {role: coordinator, jurisdiction: DE}
  openai: {role: provider, jurisdiction: US}
nodes:
  client: {kind: client, party: [a, b]}
  aggregator: {kind: aggregator, party: tum}
datasets:
  letters: {at: client, categories: [health]}
"""
LORA = "tasks: {t: {method: lora, model: base, produces: tuned, data: [letters], runs_on: client}}\n"


def control(text):
    (document,) = api.loads(HEAD + text, "x.yaml", CATALOG)
    matrix = continuity_of(api.graph(document, CATALOG), CATALOG)
    return {
        (entry.capability, party): ([hold.party for hold in entry.holds] if entry.attainable else None)
        for entry in matrix
        for party in entry.participants
    }


def test_what_everybody_holds_nobody_takes_away_but_rounds_need_the_aggregator():
    found = control(LORA + "models: {base: {weights: open, weights_at: [client, aggregator]}, tuned: {}}\n")

    assert found == {
        ("run", "a"): [],
        ("run", "b"): [],
        ("join", "a"): ["tum"],
        ("join", "b"): ["tum"],
        ("keep", "a"): [],
        ("keep", "b"): [],
        ("inspect", "a"): [],
        ("inspect", "b"): [],
    }


def test_weights_that_only_the_coordinator_holds_are_its_to_give():
    found = control(LORA + "models: {base: {weights: closed, provider: tum, weights_at: [aggregator]}, tuned: {}}\n")

    assert found["keep", "a"] is None


def test_a_result_that_stays_with_the_coordinator_is_never_given():
    models = "models: {base: {weights: open, weights_at: [client, aggregator]}, tuned: {weights_at: [aggregator]}}\n"

    assert control(LORA + models)["keep", "a"] is None


def test_whoever_hosts_a_node_can_end_what_runs_there():
    text = LORA + "models: {base: {weights: open, weights_at: [client]}, tuned: {}}\n"
    (document,) = api.loads(
        HEAD.replace("{kind: client, party: [a, b]}", "{kind: client, party: [a, b], host: openai}") + text, "x.yaml"
    )
    matrix = continuity_of(api.graph(document), CATALOG)

    assert {(entry.capability, hold.party) for entry in matrix for hold in entry.holds} == {
        ("run", "openai"),
        ("join", "openai"),
        ("join", "tum"),
        ("keep", "openai"),
    }


JUDGE = "tasks: {t: {method: llm_judge, model: judge, data: [letters], runs_on: client}}\n"


def test_the_provider_of_a_closed_model_controls_running_it():
    found = control(JUDGE + "models: {judge: {weights: closed, provider: openai, interface: [text]}}\n")

    assert found == {("run", "a"): ["openai"], ("run", "b"): ["openai"], ("inspect", "a"): None, ("inspect", "b"): None}


@pytest.mark.parametrize(
    ("other", "holders"),
    [("{weights: open, weights_at: [client]}", []), ("{weights: closed, provider: openai}", ["openai"])],
)
def test_only_a_real_fallback_takes_the_hold_away(other, holders):
    models = f"models: {{judge: {{weights: closed, provider: openai, fallback: [other]}}, other: {other}}}\n"

    assert control(JUDGE + models)["run", "a"] == holders


def test_the_account_through_which_a_model_is_called_is_a_hold():
    models = "models: {judge: {weights: closed, provider: openai, account: tum, via: [openai]}}\n"

    assert control(JUDGE + models)["run", "a"] == ["openai", "tum"]


def test_an_own_gateway_is_no_hold_of_others():
    models = "models: {judge: {weights: open, via: [aggregator]}}\n"

    assert control(JUDGE + models)["run", "a"] == ["tum"]


def test_peers_need_one_other_peer():
    task = LORA.replace("runs_on: client}", "runs_on: client, topology: peer_to_peer}")
    found = control(task + "models: {base: {weights: open, weights_at: [client]}, tuned: {}}\n")

    assert found["join", "a"] == ["b"]


@pytest.mark.parametrize(("method", "memory", "held"), [("lora", 24, True), ("lora", 12, False), ("qlora", 12, True)])
def test_a_participant_whose_memory_cannot_hold_the_model_is_left_out(method, memory, held):
    head = HEAD.replace("party: [a, b]}", f"party: [a, b], hardware: {{gpu_memory_gib: {memory}}}}}")
    text = LORA.replace("lora", method) + (
        "models: {base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, aggregator]}, tuned: {}}\n"
    )
    (document,) = api.loads(head + text, "x.yaml", CATALOG)
    matrix = continuity_of(api.graph(document, CATALOG), CATALOG)

    assert [entry.attainable for entry in matrix if entry.capability == "run"] == [held]


def test_formulas_are_monotone():
    x, y = (Atom(name, "place", frozenset({name})) for name in "xy")

    assert [holds(all_of([])), holds(any_of([]))] == [True, False]
    assert [holds(any_of([x, y]), without="x"), holds(all_of([x, y]), without="x")] == [True, False]


def test_the_running_example_says_what_it_must():
    result = CliRunner().invoke(app, ["control", "examples/clinical-notes/deployment.yaml", "--format", "json"])
    rows = json.loads(result.stdout)["continuity"]
    said = {(row["task"], row["capability"]): [hold["party"] for hold in row["holds"]] for row in rows}

    assert said["score", "run"] == ["openai"]
    assert said["adapt", "keep"] == []
    assert said["adapt", "join"] == ["hetzner", "tum"]


def test_the_matrix_reads_well():
    result = CliRunner().invoke(app, ["control", "examples/clinical-notes/deployment.yaml"])

    assert "  run     aphp, charite and lumc: ends without openai\n" in result.stdout
    assert "          openai through models.judge.licence and openai\n" in result.stdout
