"""What nobody knows is a question: names that no catalogue has, and what an author says not to know."""

import json

import pytest

from fedpolicy import api
from fedpolicy.findings import Verdict
from fedpolicy.sources import Source
from tests.policy.worlds import judged, rule_of

START = """
    fedpolicy: 1
    name: test
    parties: {a: {role: participant}, openai: {role: provider}}
    nodes: {client: {kind: client, party: [a]}}
    datasets: {notes: {at: client, categories: [health]}}
"""
TOO_NEW = (
    "the catalogue does not know the model claude-opus-9-9: say its `weights`, `licence` and `provider`, or add a row"
    " with `--catalog`; of its family anthropic/claude-opus-4 is"
    " `weights: closed, licence: LicenseRef-anthropic-terms, provider: anthropic`"
)
BRANDNEW = (
    "the catalogue does not know the provider brandnew: declare it under `parties` with its `jurisdiction`, or add it"
    " to a catalogue"
)


@pytest.mark.parametrize(
    ("models", "note"),
    [
        (
            "{ref: openai/gtp-4o}",
            "the catalogue does not know the model openai/gtp-4o: did you mean `openai/gpt-4o`?",
        ),
        (
            "{ref: claude-opus-9-9}",
            TOO_NEW,
        ),
        (
            "{provider: antropic}",
            "the catalogue does not know the provider antropic: did you mean `anthropic`?",
        ),
        (
            "{via: [brandnew]}",
            BRANDNEW,
        ),
    ],
)
def test_a_name_that_no_catalogue_has_is_told_with_the_question(models, note):
    (found,) = judged(f"{START}    models: {{m: {models}}}\n", rule_of("model", "model.weights == 'open'")).findings
    assert (found.verdict, found.missing, found.notes) == (Verdict.UNKNOWN, ("models.m.weights",), (note,))


@pytest.mark.parametrize("models", ["{ref: openai/gpt-4o, provider: openai, via: [client]}", "{via: [unknown]}"])
def test_names_that_are_known_need_no_note(models):
    (found,) = judged(f"{START}    models: {{m: {models}}}\n", rule_of("model", "model.id == ''")).findings
    assert found.notes == ()


def test_a_service_that_no_catalogue_has_is_told_with_its_call():
    text = f"{START}    api_calls: {{ask: {{from: client, provider: brandnew, sends: notes}}}}\n"
    (found,) = judged(text, rule_of("api_call", "api_call.trains_on_inputs == false")).findings
    assert (found.verdict, found.missing, found.notes) == (
        Verdict.UNKNOWN,
        ("api_calls.ask.trains_on_inputs",),
        (BRANDNEW,),
    )


@pytest.mark.parametrize(
    ("model", "call", "field", "missing"),
    [
        ("{ref: openai/gpt-4o}", "retention_days: unknown", "retention_days == 30", "api_calls.ask.retention_days"),
        ("{ref: openai/gpt-4o, terms: unknown}", "", "retention_days == 30", "api_calls.ask.retention_days"),
        (
            "{ref: openai/gpt-4o, terms: {retention_days: unknown}}",
            "",
            "retention_days == 30",
            "api_calls.ask.retention_days",
        ),
        ("{ref: openai/gpt-4o, provider: unknown}", "", "retention_days == 30", "api_calls.ask.retention_days"),
    ],
)
def test_what_an_author_does_not_know_beats_the_catalogue(model, call, field, missing):
    text = (
        f"{START}    models: {{m: {model}}}\n    api_calls: {{ask: {{from: client, model: m, sends: notes, {call}}}}}\n"
    )
    (found,) = judged(text, rule_of("api_call", f"api_call.{field}")).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, (missing,))


@pytest.mark.parametrize(
    ("aspect", "value"),
    [
        ("weights", "'open'"),
        ("licence", "'MIT'"),
        ("interface", "['text']"),
        ("training_data", "'open'"),
        ("provider", "'openai'"),
    ],
)
def test_an_aspect_that_an_author_does_not_know_is_open(aspect, value):
    text = f"{START}    models: {{m: {{ref: openai/gpt-4o, {aspect}: unknown}}}}\n"
    (found,) = judged(text, rule_of("model", f"model.{aspect} == {value}")).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, (f"models.m.{aspect}",))


@pytest.mark.parametrize(
    ("node", "kind", "require", "missing"),
    [
        ("", "dataset", "!dataset.private", "datasets.notes.categories"),
        ("", "dataset", "!dataset.special", "datasets.notes.categories"),
        ("", "dataset", "!dataset.free_text", "datasets.notes.categories"),
        ("", "dataset", "size(dataset.categories) == 0", "datasets.notes.categories"),
        ("", "dataset", "dataset.unit == 'record'", "datasets.notes.unit"),
        ("tee: unknown", "node", "!node.tee", "nodes.client.tee"),
        ("tee: unknown", "node", "node.attested", "nodes.client.tee"),
        ("host: unknown", "disclosure", "disclosure.level == NONE", "nodes.client.host"),
    ],
)
def test_a_closed_key_may_be_unknown_too(node, kind, require, missing):
    text = f"""
    fedpolicy: 1
    name: test
    parties: {{a: {{role: participant}}}}
    nodes: {{client: {{kind: client, party: a, {node}}}}}
    datasets: {{notes: {{at: client, categories: unknown, unit: unknown}}}}
"""
    (found,) = judged(text, rule_of(kind, require)).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, (missing,))


@pytest.mark.parametrize("categories", ["unknown", "[public, unknown]"])
def test_what_is_known_decides_before_what_is_not(categories):
    text = START + "    flows: {copy: {from: client, to: openai, payload: records}}\n"
    text = text.replace("notes:", f"more: {{at: client, categories: {categories}}}, notes:")
    found = judged(text, rule_of("flow", "!flow.private")).findings
    assert [one.verdict for one in found] == [Verdict.FAIL]


@pytest.mark.parametrize(
    ("kind", "require"),
    [
        ("flow", "'differential_privacy' in flow.safeguards"),
        ("flow", "flow.sealed"),
        ("task", "'differential_privacy' in task.safeguards"),
        ("task", "task.secure_sum > 0"),
        ("task", "size(task.noise_at) > 0"),
    ],
)
def test_safeguards_that_nobody_knows_are_a_question(kind, require):
    text = f"""{START}
    flows: {{ours: {{from: client, to: openai, payload: metrics, safeguards: unknown}}}}
    tasks: {{ours: {{method: fedavg, data: notes, runs_on: client, topology: local, safeguards: unknown}}}}
"""
    (found,) = judged(
        text, rule_of(kind, require, match=f"{kind}.id == '{kind}s.ours' || {kind}.id == 'ours'")
    ).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, (f"{kind}s.ours.safeguards",))


def test_safeguards_that_nobody_knows_have_no_parameters_to_judge():
    text = f"{START}    flows: {{ours: {{from: client, to: openai, payload: metrics, safeguards: unknown}}}}\n"
    assert judged(text, rule_of("safeguard", "false")).findings == ()


@pytest.mark.parametrize("key", ["method", "topology"])
@pytest.mark.parametrize("require", ["task.{key} == '{value}'"])
def test_a_method_or_topology_that_nobody_knows_is_a_question(key, require):
    says = {"method": "lora", "topology": "local", key: "unknown"}
    tasks = f"{{ours: {{data: notes, runs_on: client, method: {says['method']}, topology: {says['topology']}}}}}"
    text = f"{START}    tasks: {tasks}\n"
    rule = rule_of("task", require.format(key=key, value={"method": "lora", "topology": "star"}[key]))
    (found,) = judged(text, rule).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, (f"tasks.ours.{key}",))


@pytest.mark.parametrize("require", ["task.trains", "task.needs == 'weights'", "task.family == 'full'"])
def test_nothing_is_known_of_a_method_that_nobody_knows(require):
    text = f"{START}    tasks: {{ours: {{data: notes, runs_on: client, method: unknown}}}}\n"
    (found,) = judged(text, rule_of("task", require)).findings
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, ("tasks.ours.method",))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("closed", {"private-data-to-closed-model": "critical"}),
        ("unknown", {"readable-prompts-exported": "critical"}),
        ("open", {"readable-prompts-exported": "high"}),
    ],
)
def test_what_may_go_to_a_closed_model_is_as_grave_as_if_it_did(weights, told):
    deployment = {
        "fedpolicy": 1,
        "name": "perhaps-closed",
        "parties": {"a": {"role": "participant"}, "acme": {"role": "provider"}},
        "nodes": {"client": {"kind": "client", "party": ["a"]}},
        "datasets": {"notes": {"at": "client", "categories": ["health"]}},
        "models": {"m": {"weights": weights, "via": ["acme"]}},
        "api_calls": {"ask": {"from": "client", "model": "m", "sends": ["notes"], "payload": "prompt_text"}},
    }
    source = Source(name="perhaps.yaml", text=json.dumps(deployment).encode())

    found = api.check([], api.Settings(packs=("federation",)), [source]).findings

    about = {one.rule: one.severity.name.lower() for one in found if "datasets.notes@a" in one.elements}
    assert about == told
