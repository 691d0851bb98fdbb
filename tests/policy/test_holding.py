"""Who holds models, who lacks a copy, what stands in, and on what machines they run."""

import pytest

from fedpolicy.policy.elements import contexts
from tests.policy.worlds import world_of

BASE = """
    fedpolicy: 1
    name: holding
    parties:
      lumc: {role: participant}
      aphp: {role: participant}
      tum: {role: coordinator}
      acme: {role: provider}
      other: {role: provider}
    nodes:
      client: {kind: client, party: [lumc, aphp]}
      small: {kind: client, party: lumc, hardware: {gpu_memory_gib: 8}}
      large: {kind: client, party: aphp, hardware: {gpu_memory_gib: 80}}
      aggregator: {kind: aggregator, party: tum, hardware: {gpu_memory_gib: 4}}
      serving: {kind: service, party: acme}
    datasets: {letters: {at: client, categories: [health]}}
"""
TUNE = "tasks: {tune: {method: lora, model: base, produces: made, data: letters, runs_on: client}}"


def read(field, model, models, tasks=TUNE):
    world = world_of(f"{BASE}    models: {models}\n    {tasks}\n")
    for context in contexts(world, "model", [f"model.{field}"]):
        if context.subject.id == f"models.{model}":
            return context.variants[0].get(f"model.{field}", context.absent.get(f"model.{field}"))
    raise AssertionError(model)


@pytest.mark.parametrize(
    ("made", "holders", "lacking"),
    [
        ("{}", ["aphp", "lumc", "tum"], []),
        ("{weights_at: [client]}", ["aphp", "lumc"], []),
        ("{weights_at: [aggregator]}", ["tum"], ["aphp", "lumc"]),
        ("{weights_at: [small]}", ["lumc"], ["aphp"]),
        ("{via: [acme]}", ["acme"], ["aphp", "lumc"]),
        ("{weights_at: [aggregator], published: true}", ["tum"], []),
    ],
)
def test_those_whose_data_it_learned_from_hold_a_copy_or_lack_one(made, holders, lacking):
    models = f"{{base: {{weights: open, weights_at: [client]}}, made: {made}}}"
    assert read("holders", "made", models) == holders
    assert read("without_copy", "made", models) == lacking


@pytest.mark.parametrize(
    ("fallback", "elsewhere"),
    [
        ("{weights: closed, via: [acme]}", False),
        ("{weights: closed, via: [other]}", True),
        ("{weights: closed, provider: acme, via: [aggregator]}", False),
        ("{weights: open, weights_at: [client]}", True),
        ("{weights: open, weights_at: [serving]}", False),
        ("{weights: open, via: [serving]}", False),
        ("{weights: open, via: [aggregator]}", True),
        ("{weights: open}", False),
    ],
)
def test_a_fallback_counts_where_somebody_else_can_run_it(fallback, elsewhere):
    models = f"{{judge: {{weights: closed, via: [acme], fallback: [spare]}}, spare: {fallback}}}"
    score = "tasks: {score: {method: llm_judge, model: judge, data: letters, runs_on: client}}"
    assert read("fallback_elsewhere", "judge", models, score) is elsewhere


@pytest.mark.parametrize(
    ("runs_on", "smallest"),
    [("[small, large]", 8.0), ("[large]", 80.0), ("[client, small]", ("nodes.client.hardware.gpu_memory_gib",))],
)
def test_the_smallest_machine_among_the_clients_decides(runs_on, smallest):
    models = f"{{base: {{weights: open, weights_at: {runs_on[:-1]}, aggregator]}}}}"
    tasks = f"tasks: {{tune: {{method: lora, model: base, data: letters, runs_on: {runs_on}, topology: local}}}}"
    assert read("smallest_gpu_gib", "base", models, tasks) == smallest


def test_what_is_learned_from_answers_is_not_made_from_the_weights():
    models = "{base: {weights: open, weights_at: [client]}, made: {}}"
    assert read("adapted", "base", models) == ["made"]
    assert read("adapted", "base", models, TUNE.replace("lora", "textual_gradient")) == []
    assert read("made_by", "made", models) == ["lora"]


def test_a_judge_and_an_evaluation_judge():
    models = "{base: {weights: open, weights_at: [client]}, judge: {weights: closed, via: [acme]}}"
    tasks = (
        "tasks: {score: {method: llm_judge, model: judge, evaluates: base, data: letters, runs_on: client},"
        " check: {method: evaluation, model: base, data: letters, runs_on: client},"
        " draft: {method: inference, model: base, data: letters, runs_on: client}}"
    )
    assert read("judged_by", "base", models, tasks) == ["tasks.check", "tasks.score"]
    assert read("users_without_weights", "judge", models, tasks) == ["aphp", "lumc"]
    assert read("users_without_weights", "base", models, tasks) == []


def test_roles_under_the_ai_act_are_compared_with_the_parties():
    text = f"{BASE}    governance: {{eu_ai_act: {{roles: {{tum: provider, lumc: deployer}}}}}}\n"
    fields = [f"deployment.governance.eu_ai_act.{name}" for name in ("roles", "duties", "without_role", "risk")]
    (context,) = contexts(world_of(text), "deployment", fields)
    assert [context.variants[0][name] for name in fields[:3]] == [["lumc", "tum"], ["deployer", "provider"], ["aphp"]]
    assert context.absent == {fields[3]: ("governance.eu_ai_act.risk",)}
    (silent,) = contexts(world_of(BASE), "deployment", fields[1:3])
    assert set(silent.absent.values()) == {("governance.eu_ai_act.roles",)}
