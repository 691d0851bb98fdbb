"""Dependencies as rules see them: each cause once, with whom and what it concerns; what is not stated is open."""

import pytest

from fedpolicy.analysis.control.dependencies import dependencies_of
from fedpolicy.policy.elements import contexts
from tests.policy.worlds import world_of

BASE = """
    fedpolicy: 1
    name: depending
    parties:
      lumc: {{role: participant, jurisdiction: NL}}
      aphp: {{role: participant, jurisdiction: FR}}
      tum: {{role: coordinator, jurisdiction: DE}}
      acme: {{role: provider, jurisdiction: US}}
      aws: {{role: host, jurisdiction: US}}
    nodes:
      client: {{kind: client, party: [lumc, aphp]}}
      aggregator: {{kind: aggregator, party: tum, host: aws}}
    datasets: {{letters: {{at: client, categories: [health]}}, benchmark: {{at: client, categories: [public]}}}}
    models: {models}
    tasks: {tasks}
    api_calls: {calls}
"""
JUDGE = "{weights: closed, interface: [text], via: [acme], account: participants}"
SCORE = "{score: {method: llm_judge, model: judge, data: letters, runs_on: client}}"
TUNE = "{tune: {method: lora, model: base, produces: made, data: letters, runs_on: client}}"
HELD = "{base: {weights: open, weights_at: client}, made: {}}"
FIELDS = (
    "participants",
    "uses",
    "capabilities",
    "controllers",
    "how",
    "given",
    "by_member",
    "through",
    "cause",
    "model",
)

MORE = (
    *("weights", "interface", "class", "class_rank", "loss", "private", "needed_gib", "gpu_memory_gib"),
    *("by_coordinator", "mutual", "jurisdiction", "holders", "runners"),
)


def subjects(models, tasks=SCORE, calls="{}"):
    world = world_of(BASE.format(models=models, tasks=tasks, calls=calls))
    names = [f"dependency.{name}" for name in (*FIELDS, *MORE)]
    return list(contexts(world, "dependency", names))


def read(context, field):
    name = f"dependency.{field}"
    return context.variants[-1].get(name, context.absent.get(name))


def test_one_party_that_ends_several_things_through_one_model_is_one_dependency():
    tasks = "{tune: {method: textual_gradient, model: judge, produces: made, data: letters, runs_on: client}}"
    calls = "{ask: {from: client@aphp, model: judge, sends: letters}}"
    every = subjects(f"{{judge: {JUDGE}, made: {{}}}}", tasks, calls)
    found = {read(context, "how"): context for context in every if read(context, "model") == "judge"}

    hold = found["operates"]
    assert {name: read(hold, name) for name in FIELDS} == {
        "participants": ["aphp", "lumc"],
        "uses": ["api_calls.ask", "tasks.tune"],
        "capabilities": ["run", "join", "keep"],
        "controllers": ["acme"],
        "how": "operates",
        "given": True,
        "by_member": False,
        "through": ["parties.acme"],
        "cause": "models.judge",
        "model": "judge",
    }
    assert read(hold, "loss") == "run the models, join the rounds or keep a working result"
    assert hold.subject.elements == ("models.judge", "parties.acme", "parties.aphp", "parties.lumc")
    assert hold.subject.path == ("models", "judge")
    lack = found["weights"]
    assert (read(lack, "given"), read(lack, "capabilities"), read(lack, "class")) == (False, ["inspect"], "black_box")
    assert read(lack, "runners") == ["acme"]


def test_the_coordinator_and_its_host_hold_the_rounds_each_in_its_way():
    found = [context for context in subjects(HELD, TUNE) if read(context, "capabilities") == ["join"]]

    asked = ("how", "controllers", "by_coordinator", "by_member")
    assert [tuple(read(one, name) for name in asked) for one in found] == [
        ("hosts", ["aws"], False, False),
        ("operates", ["tum"], True, True),
    ]
    assert [one.subject.path for one in found] == [("nodes", "aggregator")] * 2
    assert [read(one, "model") for one in found] == ["", ""]
    assert [read(one, "class") for one in found] == ["", ""]


def test_parties_with_the_same_hold_are_one_dependency():
    models = "{judge: {weights: closed, provider: acme, via: [aws, acme], account: participants}}"
    models = models.replace("[aws, acme]", "[aggregator, acme]")
    found = [context for context in subjects(models) if read(context, "given")]

    assert [(read(one, "how"), read(one, "controllers")) for one in found] == [
        ("hosts", ["aws"]),
        ("operates", ["acme"]),
        ("operates", ["tum"]),
    ]


def test_what_differs_in_what_is_lost_is_told_apart_and_has_names_of_its_own():
    tasks = (
        "{tune: {method: lora, model: base, produces: made, data: letters, runs_on: client},"
        " split: {method: split_learning, produces: half, data: letters, runs_on: client, top_model_at: aggregator}}"
    )
    models = HELD.replace("made: {}", "made: {}, half: {}")
    found = [one for one in subjects(models, tasks) if read(one, "controllers") == ["tum"]]

    assert [(read(one, "uses"), read(one, "capabilities")) for one in found] == [
        (["tasks.tune"], ["join"]),
        (["tasks.split"], ["join", "keep"]),
    ]
    assert [one.subject.id for one in found] == [
        "nodes.aggregator.operates.join",
        "nodes.aggregator.operates.join-keep",
    ]


def test_those_who_need_each_other_are_told_together():
    tasks = TUNE.replace("runs_on: client", "runs_on: client, min_clients: 2")
    (found,) = [context for context in subjects(HELD, tasks) if read(context, "mutual")]

    assert (read(found, "how"), read(found, "controllers"), read(found, "participants")) == (
        "number",
        ["aphp", "lumc"],
        ["aphp", "lumc"],
    )
    assert found.subject.elements == ("tasks.tune", "parties.aphp", "parties.lumc")


@pytest.mark.parametrize(
    ("model", "by_member", "missing"),
    [
        ("{weights: closed, via: [acme], interface: [text]}", ("models.judge.account",), ("models.judge.account",)),
        ("{weights: open}", ("models.judge.via",), ("models.judge.via",)),
    ],
)
def test_who_is_not_named_may_be_a_member(model, by_member, missing):
    (found,) = [one for one in subjects(f"{{judge: {model}}}") if read(one, "controllers") == ["unknown"]]

    assert read(found, "by_member") == by_member
    assert (found.subject.variants, found.subject.missing) == ((None, {}), missing)


@pytest.mark.parametrize(
    ("model", "cls", "missing"),
    [
        ("{via: [acme], account: participants}", ("models.judge.interface",), ("models.judge.weights",)),
        ("{via: [acme], account: participants, interface: [text]}", "black_box", ("models.judge.weights",)),
        ("{via: [acme], account: participants, interface: [logprobs]}", "gray_box", ("models.judge.weights",)),
        ("{weights: closed, via: [acme], account: participants}", ("models.judge.interface",), ()),
    ],
)
def test_a_model_that_may_be_closed_may_be_out_of_sight(model, cls, missing):
    (found,) = [one for one in subjects(f"{{judge: {model}}}") if read(one, "how") == "weights"]

    assert read(found, "class") == cls
    assert found.subject.missing == missing


def test_the_class_of_a_model_that_is_only_called_is_open_where_facts_are_missing():
    (found,) = [
        one
        for one in subjects("{judge: {weights: open, via: [acme], account: participants}}")
        if read(one, "how") == "operates"
    ]

    assert "models.judge.architecture" in read(found, "class_rank")


def test_memory_that_is_stated_is_compared_and_else_asked_for():
    models = "{base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: client}, made: {}}"
    world = world_of(BASE.format(models=models, tasks=TUNE, calls="{}").replace(
        "party: [lumc, aphp]}", "party: [lumc, aphp], hardware: {gpu_memory_gib: 8}}"))  # fmt: skip
    names = [f"dependency.{name}" for name in ("how", "gpu_memory_gib", "needed_gib", "capabilities")]
    (stated,) = [one for one in contexts(world, "dependency", names) if read(one, "how") == "memory"]
    (unstated,) = [one for one in subjects(models, TUNE) if read(one, "how") == "memory"]

    assert read(stated, "gpu_memory_gib") == 8
    assert read(stated, "needed_gib") == pytest.approx(14.9, abs=0.01)
    assert read(stated, "capabilities") == ["run", "join"]
    assert read(unstated, "gpu_memory_gib") == ("nodes.client.hardware.gpu_memory_gib",)


def test_a_copy_that_was_never_given_is_about_what_the_model_has_learned_from():
    models = "{base: {weights: open, weights_at: client}, made: {weights_at: aggregator}}"
    (found,) = [one for one in subjects(models, TUNE) if read(one, "how") == "copy"]

    assert (read(found, "capabilities"), read(found, "holders"), read(found, "private")) == (
        ["keep", "inspect"],
        ["tum"],
        True,
    )
    public = TUNE.replace("letters", "benchmark")
    (found,) = [one for one in subjects(models, public) if read(one, "how") == "copy"]
    assert read(found, "private") is False


def test_a_thousand_clients_with_a_call_each_depend_once():
    parties = "".join(f"      p{number}: {{{{role: participant, jurisdiction: NL}}}}\n" for number in range(1000))
    names = ", ".join(f"p{number}" for number in range(1000))
    text = BASE.replace("      lumc:", f"{parties}      lumc:").replace("[lumc, aphp]", f"[{names}]")
    calls = "{" + ", ".join(f"c{n}: {{from: client@p{n}, model: judge, sends: letters}}" for n in range(1000)) + "}"
    world = world_of(text.format(models=f"{{judge: {JUDGE}}}", tasks="{}", calls=calls))

    found = dependencies_of(world.lookup, world.study.continuity)

    assert [(one.how, len(one.participants), len(one.uses)) for one in found] == [
        ("weights", 1000, 1000),
        ("operates", 1000, 1000),
    ]
