"""The context table and what is read by it: plain values of the declared types, over every shipped deployment."""

from functools import lru_cache
from pathlib import Path

import pytest

from fedpolicy.analysis.openness import CLASSES
from fedpolicy.analysis.openness import CLASSES as COMPUTED
from fedpolicy.policy.elements import KINDS, contexts, read_field, table
from fedpolicy.policy.elements.disclosure import OF_WAYS
from fedpolicy.policy.fields import Known, Missing, Type
from fedpolicy.policy.world import World
from tests.policy.worlds import document_of, facts_of, world_of

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/deployment.yaml"))
PYTHON = {Type.TEXT: str, Type.BOOL: bool, Type.INT: int, Type.LEVEL: int, Type.NUMBER: float, Type.LIST: list}
ISSUE_ASKS_FOR = [
    "deployment", "party", "node", "dataset", "model", "task", "flow", "connection",
    "software", "api_call", "safeguard", "disclosure",
    "dependency", "budget", "agreement",
]  # fmt: skip


@lru_cache
def example(path):
    document = document_of(path.read_text(encoding="utf-8"), path.name)
    return World(facts_of(document), document)


def test_there_is_a_table_for_every_kind():
    assert list(KINDS) == ISSUE_ASKS_FOR


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("kind", KINDS)
def test_contexts_hold_plain_values_of_the_declared_types(path, kind):
    known = table(kind)
    for context in contexts(example(path), kind, list(known)):
        for values in context.variants:
            for name, value in (values or {}).items():
                assert type(value) is PYTHON[known[name].type], (name, value)
                assert not isinstance(value, list) or all(type(item) is str for item in value), (name, value)
        assert all(known[name].open for name in context.absent), context.absent
        assert all(type(path) is str for paths in context.absent.values() for path in paths)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("kind", KINDS)
def test_fields_hold_only_the_words_of_the_table(path, kind):
    world = example(path)
    for field in KINDS[kind].fields:
        for subject in KINDS[kind].subjects(world) if field.choices else ():
            value = field.read(subject.data)
            words = value if isinstance(value, list) else [value]
            assert value is None or isinstance(value, Missing) or {*words} <= {*field.choices, ""}, (field.name, value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_named_once_and_explained(kind):
    names = [field.name for field in KINDS[kind].fields]
    assert len(names) == len(set(names))
    assert all(field.about for field in KINDS[kind].fields)


SMALL = """
    fedpolicy: 1
    name: small
    parties:
      lumc: {role: participant, jurisdiction: NL}
      acme: {role: provider}
    nodes: {client: {kind: client, party: [lumc]}}
    datasets: {letters: {at: client, categories: [health]}}
    models: {judge: {weights: closed, via: [acme], terms: {retention_days: 30}}}
    tasks: {score: {method: llm_judge, model: judge, data: [letters], runs_on: client}}
    api_calls: {ask: {from: client, model: judge, sends: [letters], trains_on_inputs: true}}
    flows: {out: {from: client, to: acme, payload: metrics}}
"""


def absent(kind, *names):
    found = {}
    for context in contexts(world_of(SMALL), kind, names):
        found |= {(context.subject.id, name): paths for name, paths in context.absent.items()}
    return found


def test_what_is_absent_is_named_as_the_user_would_write_it():
    assert absent("api_call", "api_call.retention_days", "api_call.trains_on_inputs", "api_call.human_review") == {
        ("api_calls.ask", "api_call.human_review"): ("api_calls.ask.human_review",),
    }
    assert absent("model", "model.licence_redistribution", "model.trains_on_inputs") == {
        ("models.judge", "model.licence_redistribution"): ("models.judge.licence",),
        ("models.judge", "model.trains_on_inputs"): ("models.judge.terms.trains_on_inputs",),
    }
    missing = absent("disclosure", "disclosure.jurisdictions", "disclosure.purposes").values()
    assert set(missing) == {("parties.acme.jurisdiction",), ("datasets.letters.purpose",)}


def test_common_fields_name_their_own_paths():
    found = absent("party", "deployment.setting", "deployment.governance.withdrawal", "party.sector")
    assert found["parties.acme", "deployment.setting"] == ("setting",)
    assert found["parties.acme", "deployment.governance.withdrawal"] == ("governance.withdrawal",)
    assert found["parties.acme", "party.sector"] == ("parties.acme.sector",)


def test_a_licence_that_no_catalogue_knows_is_named_as_a_row_of_a_catalogue():
    world = world_of(SMALL.replace("weights: closed", "weights: closed, licence: LicenseRef-ours"))
    (context,) = contexts(world, "model", ["model.licence_commercial_use"])
    assert context.absent == {"model.licence_commercial_use": ("licences.LicenseRef-ours.commercial_use",)}


def test_a_class_that_is_not_decided_leaves_several_cases():
    (context,) = contexts(world_of(SMALL), "model", ["model.class", "model.class_rank", "model.closed"])
    assert [values["model.class"] for values in context.variants] == ["gray_box", "black_box"]
    assert {values["model.closed"] for values in context.variants} == {True}
    assert "models.judge.interface" in context.subject.missing


def test_an_agreement_on_zero_retention_wins_over_terms():
    agreed = SMALL + "    agreements: {none-kept: {kind: zero_retention, between: [lumc, acme]}}\n"
    fields = ["api_call.retention_days", "api_call.trains_on_inputs", "api_call.zero_retention"]
    (context,) = contexts(world_of(agreed), "api_call", fields)
    assert list(context.variants[0].values()) == [0, False, True]


def test_an_agreement_about_other_data_does_not_count():
    agreed = SMALL + "    agreements: {none-kept: {kind: zero_retention, between: [lumc, acme], covers: [financial]}}\n"
    (context,) = contexts(world_of(agreed), "api_call", ["api_call.retention_days", "api_call.agreements"])
    assert context.variants[0] == {"api_call.retention_days": 30, "api_call.agreements": []}


def test_a_learned_prompt_has_no_class_and_hides_nothing():
    world = world_of("""
        fedpolicy: 1
        name: prompts
        parties: {lumc: {role: participant}, acme: {role: provider}}
        nodes: {client: {kind: client, party: [lumc]}}
        datasets: {letters: {at: client, categories: [health]}}
        models: {judge: {weights: closed, interface: [text], via: [acme]}, prompt: {}}
        tasks: {tune: {method: textual_gradient, model: judge, produces: prompt, data: [letters], runs_on: client}}
    """)
    prompt = next(
        c for c in contexts(world, "model", ["model.class", "model.closed"]) if c.subject.id == "models.prompt"
    )
    assert prompt.variants == ({"model.class": "", "model.closed": False},)


def test_messages_can_say_every_value_that_a_field_may_have():
    world = world_of(SMALL)
    (subject,) = KINDS["model"].subjects(world)
    assert read_field(world, "model", subject, "model.class") == ["gray_box", "black_box"]
    assert read_field(world, "model", subject, "model.licence") == []
    assert read_field(world, "model", subject, "deployment.name") == ["small"]


def test_range_fields_are_those_of_the_variants():
    for kind in KINDS.values():
        ranges = {field.name for field in kind.fields if field.known is Known.RANGE}
        # What is learned surely comes on other ways than what may be learned besides.
        ranges |= OF_WAYS if kind.name == "disclosure" else set()
        for path in EXAMPLES:
            for subject in kind.subjects(example(path)):
                assert all(set(variant) <= ranges for variant in subject.variants if variant), kind.name


def test_classes_are_those_of_the_analysis():
    assert CLASSES == COMPUTED


FLOWS = """
    fedpolicy: 1
    name: flows
    parties: {a: {role: participant}, b: {role: participant}, tum: {role: coordinator}, acme: {role: provider}}
    nodes:
      client: {kind: client, party: [a, b]}
      store: {kind: store, party: [a, b]}
      server: {kind: aggregator, party: tum}
      cloud: {kind: service, party: acme}
      archive: {kind: store, party: acme}
    datasets: {letters: {at: client, categories: [health]}}
    models: {base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}}
    tasks:
      swarm: {method: lora, model: base, data: [letters], runs_on: client, topology: peer_to_peer}
    flows:
      backup: {from: client, to: store, payload: records}
      report: {from: client, to: [server, cloud], payload: metrics}
      inside: {from: cloud, to: archive, payload: metrics}
"""


def flows(*names):
    found = contexts(world_of(FLOWS), "flow", [f"flow.{name}" for name in names])
    return {context.subject.id: tuple(context.variants[0].values()) for context in found}


def test_members_that_send_to_their_own_nodes_cross_no_border():
    assert flows("crosses_parties", "to_third_party")["flows.backup"] == (False, False)


def test_what_a_third_party_sends_to_itself_goes_to_nobody_else():
    assert flows("crosses_parties", "third_parties")["flows.inside"] == (False, [])


def test_one_declared_flow_is_one_element_whatever_it_reaches():
    found = flows("count", "third_parties", "to_nodes", "to_parties")
    assert found["flows.report"] == (4, ["acme"], ["cloud", "server"], ["acme", "tum"])


def test_an_exchange_between_peers_crosses_borders_though_nobody_operates_it():
    found = flows("crosses_parties", "from_parties", "to_parties")
    assert found["tasks.swarm.uplink"] == found["tasks.swarm.exchange"] == (True, ["a", "b"], ["a", "b"])


def test_flows_of_one_origin_have_names_of_their_own():
    text = """
        fedpolicy: 1
        name: several
        parties: {a: {role: participant}, acme: {role: provider}}
        nodes: {client: {kind: client, party: [a]}}
        datasets: {letters: {at: client, categories: [health]}}
        models: {base: {weights: closed, interface: [logprobs, embeddings], via: [acme]}}
        tasks: {tune: {method: derivative_free_prompt_tuning, model: base, data: [letters], runs_on: client}}
    """
    names = [subject.id for subject in KINDS["flow"].subjects(world_of(text))]
    assert names == ["tasks.tune.call.embeddings", "tasks.tune.call.prompts", "tasks.tune.completion"]
