"""Of a dataset that many own, a task or call may work on what a few have: rules then speak of these owners alone."""

import pytest

from fedpolicy.policy.elements import contexts
from tests.policy.worlds import world_of

DEPLOYMENT = """
    fedpolicy: 1
    name: whose
    parties:
      a: {role: participant, jurisdiction: DE, trusts: [hub]}
      b: {role: participant, jurisdiction: FR, trusts: [hub]}
      c: {role: participant, jurisdiction: US}
      hub: {role: coordinator, jurisdiction: DE}
      openai: {role: provider}
    nodes:
      client: {kind: client, party: [a, b, c]}
      aggregator: {kind: aggregator, party: hub}
    datasets: {notes: {at: client, categories: [health], unit: person, subjects: 100}}
    models:
      judge: {ref: openai/gpt-5.5, account: participants}
      made: {weights_at: client@a}
    tasks:
      train:
        method: fedavg
        produces: made
        data: notes
        runs_on: [client@a, client@b]
        safeguards: [{kind: secure_aggregation, min_clients: 2, controlled_by: hub}]
    api_calls: {ask: {from: client@a, model: judge, sends: notes}}
    agreements: {joint: {kind: joint_controllers, between: [a, b]}}
"""


@pytest.mark.parametrize(
    ("kind", "element", "field", "said"),
    [
        ("task", "tasks.train", "owners", ["a", "b"]),
        ("task", "tasks.train", "without_arrangement", []),
        ("task", "tasks.train", "agreements", ["joint_controllers"]),
        ("safeguard", "tasks.train.safeguards.0", "changeable_by_recipient", []),
        ("model", "models.judge", "owners", ["a"]),
        ("model", "models.judge", "kept_of", ["a"]),
        ("model", "models.made", "without_copy", ["b"]),
    ],
)
def test_rules_read_whose_data_these_are(kind, element, field, said):
    found = {one.subject.id: one for one in contexts(world_of(DEPLOYMENT), kind, [f"{kind}.{field}"])}

    assert found[element].variants[0].get(f"{kind}.{field}") == said


@pytest.mark.parametrize(
    ("kind", "territory", "said"),
    [
        ("task", "US", []),
        ("task", "FR", ["tasks.train"]),
        ("api_call", "FR", []),
        ("api_call", "DE", ["api_calls.ask"]),
        ("model", "US", []),
        ("model", "FR", ["models.made"]),
    ],
)
def test_a_law_looks_at_what_is_about_those_whom_it_protects(kind, territory, said):
    found = contexts(world_of(DEPLOYMENT), kind, [f"{kind}.id"], (territory,))

    assert [one.subject.id for one in found if one.variants != (None,)] == said


def test_a_claim_on_a_copy_has_who_gave_data_for_it():
    held = [one for one in world_of(DEPLOYMENT).study.continuity if one.use == "tasks.train"]

    assert {who for one in held if one.capability == "keep" for who in one.participants} == {"a", "b"}
