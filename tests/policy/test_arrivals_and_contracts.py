"""What rules may ask of disclosures and safeguards: forms, contracts, de-identification, whose word counts alone."""

from functools import lru_cache

import pytest

from fedpolicy.findings import Verdict
from fedpolicy.policy.elements import KINDS, read_field
from tests.policy.worlds import judged, rule_of, told, world_of

TEXT = """
    fedpolicy: 1
    name: forms
    parties:
      a: {role: participant, jurisdiction: US}
      b: {role: participant, jurisdiction: DE}
      c: {role: participant, jurisdiction: DE, trusts: [tum]}
      tum: {role: coordinator, jurisdiction: DE}
      acme: {role: provider, jurisdiction: US}
      phones: {role: [participant, user], jurisdiction: [US, FR]}
    nodes:
      client: {kind: client, party: [a, b]}
      third: {kind: client, party: [c]}
      phone: {kind: client, party: phones, count: 10}
      server: {kind: aggregator, party: tum}
      store: {kind: store, party: tum}
      index: {kind: store, party: acme}
    datasets:
      letters: {at: client, categories: [health, free-text]}
      table: {at: third, categories: [health]}
      typing: {at: phone, categories: [communication], unit: client}
      kept: {at: store, owner: a, categories: [health]}
    models:
      base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}
    tasks:
      tune: {method: lora, model: base, data: [letters], runs_on: client, aggregator: server, clients_per_round: 2}
      sum: {method: lora, model: base, data: [typing], runs_on: phone, aggregator: server, clients_per_round: 10,
            safeguards: [{kind: secure_aggregation, min_clients: 10}]}
      noisy: {method: lora, model: base, data: [table], runs_on: third, aggregator: server, clients_per_round: 1,
              safeguards: [{kind: differential_privacy, where: aggregator, noise_multiplier: 1.0}]}
    flows:
      vectors: {from: third, to: index, payload: embeddings, data: table,
                safeguards: [{kind: deidentification, method: safe_harbor}]}
      sealed: {from: phone, to: index, payload: records, data: typing,
               safeguards: [{kind: end_to_end_encryption, sealed_for: acme}]}
      word: {from: third, to: index, payload: metrics, data: table,
             safeguards: [{kind: deidentification, method: expert, operated_by: tum}]}
      report: {from: store, to: public, payload: statistics, data: kept}
      copy: {from: store, to: index, payload: statistics, data: kept}
    agreements:
      dpa: {kind: data_processing, between: [acme, tum]}
      with-a: {kind: data_processing, between: [tum, a], covers: [health]}
      baa: {kind: business_associate, between: [acme, phones], covers: [kept]}
"""


@lru_cache
def disclosures():
    world = world_of(TEXT)
    found = {}
    for subject in KINDS["disclosure"].subjects(world):
        for dataset in subject.data.families:
            for party in subject.data.parties:
                found[party, subject.data.found.role, dataset] = (world, subject)
    return found


def field(party, dataset, name, role="operator"):
    world, subject = disclosures()[party, role, dataset]
    values = read_field(world, "disclosure", subject, f"disclosure.{name}")
    return values[0] if values else None


@pytest.mark.parametrize(
    ("party", "dataset", "forms"),
    [
        ("tum", "letters", ["updates"]),
        ("a", "letters", ["aggregates"]),
        ("tum", "kept", ["records"]),
        ("acme", "table", ["embeddings"]),
        ("acme", "typing", ["records"]),
        ("acme", "kept", []),
    ],
)
def test_each_way_in_has_a_form(party, dataset, forms):
    assert field(party, dataset, "forms") == forms


def test_who_learns_what_everybody_learns_is_told_so():
    assert field("acme", "kept", "also_public") is True
    assert field("public", "kept", "also_public", role="public") is False


def test_a_contract_through_the_coordinator_counts_and_one_about_other_data_does_not():
    assert field("acme", "table", "without_processing") == ["c"]
    assert field("tum", "letters", "without_processing") == ["b"]
    assert field("acme", "typing", "without_business_associate") == ["phones"]


def test_deidentification_is_named_where_it_stands_on_every_way():
    assert field("acme", "table", "deidentified") == ["safe_harbor"]
    assert field("tum", "letters", "deidentified") == []


def test_one_owner_in_the_eea_is_enough_and_a_population_may_live_in_part_there():
    assert [field("tum", name, "eea_owner") for name in ("letters", "kept")] == [True, False]
    assert field("acme", "typing", "eea_owner") is True


@pytest.mark.parametrize(
    ("path", "word", "owners"),
    [
        ("tasks.noisy.safeguards.0", "tum", 1),
        ("flows.word.safeguards.0", "", 1),
        ("flows.vectors.safeguards.0", "c", 1),
        ("tasks.sum.safeguards.0", "", 10),
    ],
)
def test_whose_word_counts_alone(path, word, owners):
    world = world_of(TEXT)
    subject = next(one for one in KINDS["safeguard"].subjects(world) if one.id == path)
    read = [read_field(world, "safeguard", subject, f"safeguard.{name}")[0] for name in ("sole_word", "owners")]
    assert read == [word, owners]


def test_messages_say_one_another_where_the_owners_are_the_parties():
    assert [field("phones", "typing", "whose"), field("tum", "letters", "whose")] == ["one another", "a and b"]


@pytest.mark.parametrize(
    ("region", "where"),
    [
        ("eu-central-1", ["DE"]),
        ("westeurope", ["DE", "NL"]),
        ("europe-west2", ["DE", "GB"]),
        ("us-east-1", ["DE", "US"]),
        ("US", ["DE", "US"]),
        ("EU", ["DE"]),
    ],
)
def test_a_region_of_a_cloud_is_in_its_country(region, where):
    text = f"""
    fedpolicy: 1
    name: regions
    parties: {{a: {{role: participant, jurisdiction: DE}}, cloud: {{role: provider, jurisdiction: DE}}}}
    nodes: {{client: {{kind: client, party: a}}, vm: {{kind: service, party: cloud, region: {region}}}}}
    datasets: {{d: {{at: client, categories: [health]}}}}
    flows: {{copy: {{from: client, to: vm, payload: records}}}}
    """

    evaluation = judged(text, rule_of("disclosure", f"disclosure.jurisdictions == {where}"))
    assert (told(evaluation), evaluation.counts[Verdict.PASS]) == ([], 1)
