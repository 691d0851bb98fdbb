"""A party is the provider of the catalogue that it says it is, or whose id it has, unless the file says otherwise."""

import pytest

from tests.helpers import graph_of
from tests.policy.worlds import judged, rule_of, told, world_of

BASE = """
    fedpolicy: 1
    name: own
    parties: {{a: {{role: participant, jurisdiction: DE}}{party}}}
    nodes: {{c: {{kind: client, party: a}}}}
    datasets: {{d: {{at: c, categories: [health]}}}}
    models: {{m: {{{model}}}}}
    tasks: {{t: {{method: llm_judge, model: m, data: [d], runs_on: c}}}}
"""
GPT = "ref: openai/gpt-4o"


def text(party="", model=GPT):
    return BASE.format(party=f", {party}" if party else "", model=model)


@pytest.mark.parametrize(
    ("party", "name", "where"),
    [
        ("", "openai", ["US"]),
        ("openai: {role: provider}", "openai", ["US"]),
        ("oai: {role: provider, is: openai}", "oai", ["US"]),
        ("openai: {role: provider, jurisdiction: IE}", "openai", ["IE"]),
        ("openai: {role: provider, jurisdiction: unknown}", "openai", None),
        ("openai: {role: provider, is: none}", "openai", None),
        ("openai: {role: provider, is: unknown}", "openai", None),
        ("openai: {role: provider, is: mistral}", "openai", ["FR"]),
    ],
)
def test_a_party_has_the_country_of_the_provider_that_it_is(party, name, where):
    world = world_of(text(party))

    assert set(world.lookup.parties) == {"a", name}
    found = world.jurisdictions([name])
    assert found == where if where else found.paths == (f"parties.{name}.jurisdiction",)


def test_two_parties_that_are_one_provider_stand_for_themselves():
    principals = graph_of(
        text("east: {role: provider, is: openai}, west: {role: provider, is: openai}").replace("\n    ", "\n")
    ).principals

    assert set(principals) == {"a", "east", "openai", "west"}


@pytest.mark.parametrize(
    ("party", "model"),
    [
        ("deepseek: {role: provider, is: none}", "weights: closed, provider: deepseek"),
        ("deepseek: {role: provider, is: unknown}", "weights: closed, provider: deepseek"),
        (
            "deepseek: {role: provider, is: none}, shop: {role: provider}",
            "weights: closed, provider: deepseek, via: [shop]",
        ),
    ],
)
def test_who_has_only_the_name_of_a_provider_has_none_of_its_terms(party, model):
    document = text(party, model)
    (asked,) = judged(document, rule_of("model", "!model.trains_on_inputs")).findings
    kept = [flow for flow in graph_of(document.replace("\n    ", "\n")).flows if flow.role == "training-on-inputs"]

    assert asked.missing == ("models.m.terms.trains_on_inputs",)
    assert [bool(flow.missing) for flow in kept] == [True]


@pytest.mark.parametrize(
    ("party", "model", "days"),
    [
        ("", GPT, 30),
        ("oai: {role: provider, is: openai}", GPT, 30),
        ("shop: {role: provider, jurisdiction: DE, is: scaleway}", "weights: closed, via: [shop]", 14),
        ("shop: {role: provider, is: scaleway}", f"{GPT}, via: [shop]", 14),
        ("shop: {role: provider}", f"{GPT}, via: [shop]", 30),
        ("shop: {role: provider, is: scaleway}", "weights: closed, via: [shop], terms: {retention_days: 3}", 3),
    ],
)
def test_the_terms_are_those_of_whoever_runs_it(party, model, days):
    kept = judged(text(party, model), rule_of("model", f"model.retention_days == {days}"))

    assert told(kept) == []


def test_the_worst_of_several_who_run_it_counts():
    more = text(
        "oai: {role: provider, is: openai}, soft: {role: provider, is: azure}", "weights: open, weights_at: [router]"
    ).replace("nodes: {", "nodes: {router: {kind: service, party: [oai, soft]}, ")

    assert told(judged(more, rule_of("model", "!model.trains_on_inputs"))) == []
    (unsure,) = judged(more, rule_of("model", "model.retention_days == 30")).findings
    assert unsure.missing == ("models.m.terms.retention_days",)


def test_a_service_without_a_model_has_the_terms_of_its_provider():
    call = text().replace("tasks:", "api_calls: {ask: {from: c, provider: scaleway, sends: [d]}}\n    tasks:")

    assert told(judged(call, rule_of("api_call", "api_call.retention_days == 14"))) == []
