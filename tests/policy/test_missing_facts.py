"""Which facts a verdict waits for, and what a provider's terms say before anybody has agreed on more."""

from __future__ import annotations

import pytest

from fedpolicy import api
from fedpolicy.policy.elements import KINDS, read_field
from tests.policy.worlds import judged, rule_of, world_of

NOISE = """
fedpolicy: 1
name: noise
parties: {a: {role: participant}, b: {role: participant}, agg: {role: coordinator}}
nodes: {client: {kind: client, party: [a, b]}, aggregator: {kind: aggregator, party: agg}}
datasets:
  counted: {at: client, categories: [health], subjects: 100}
  silent: {at: client, categories: [health]}
tasks:
  train:
    method: fedavg
    data: [counted, silent]
    runs_on: client
    clients_per_round: 2
    safeguards: [{kind: differential_privacy, where: client, noise_multiplier: 8.0, clipping_norm: 1.0, unit: record,
                  delta: 1.0e-6, sampling: none, steps: 1}]
"""


def test_only_the_dataset_that_does_not_say_how_many_it_holds_is_asked_about():
    source = api.Source(name="d.yaml", text=NOISE.encode())
    report = api.check([], api.Settings(select=("dp-delta-too-large",)), [source])

    assert [(one.verdict.value, one.missing) for one in report.findings] == [("unknown", ("datasets.silent.subjects",))]


CALL = """
    fedpolicy: 1
    name: calls
    parties: {{a: {{role: participant}}, b: {{role: participant}}}}
    nodes: {{client: {{kind: client, party: [a, b]}}}}
    datasets: {{notes: {{at: client, categories: [health]}}}}
    models: {{judge: {{weights: closed, provider: {provider}}}}}
    api_calls: {{ask: {{from: client, model: judge, sends: notes}}}}
"""


@pytest.mark.parametrize(("provider", "verdict"), [("openai", "fail"), ("cerebras", "pass")])
def test_zero_retention_on_request_is_none_until_it_is_agreed(provider, verdict):
    evaluation = judged(CALL.format(provider=provider), rule_of("api_call", "api_call.zero_retention"))

    assert {one: count for one, count in evaluation.counts.items() if count} == {verdict: 1}


HELD = """
    fedpolicy: 1
    name: held
    parties: {a: {role: participant}, tum: {role: coordinator}}
    nodes: {store: {kind: store, party: a}, server: {kind: service, party: tum}}
    datasets: {kept: {at: store, owner: a, categories: [health]}}
    models: {base: {weights: open, weights_at: server}}
    tasks: {tune: {method: lora, model: base, data: kept, runs_on: server}}
"""


def test_a_model_that_a_party_runs_for_itself_is_not_called():
    world = world_of(HELD)
    subjects = [one for one in KINDS["disclosure"].subjects(world) if "tum" in one.data.parties]

    assert [read_field(world, "disclosure", one, "disclosure.models") for one in subjects] == [[[]]] * len(subjects)
    assert subjects
