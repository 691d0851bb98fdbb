"""What if somebody turns."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy import api
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.whatif import compromised, pooled, what_if_colluding
from fedpolicy.analysis.whatif.coalitions import smallest_coalitions
from fedpolicy.cli.commands import app
from tests.analysis.deployments import deployments
from tests.analysis.test_laws import LAW
from tests.helpers import facts_of, seen_in
from tests.laws import examples

CATALOG = api.load_catalog()
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/deployment.yaml"))
NOTES = "examples/clinical-notes/deployment.yaml"
# The same with so much noise that it counts.
QUIET = Path(NOTES).read_text(encoding="utf-8").replace("noise_multiplier: 1.1", "noise_multiplier: 12")


def levels(facts):
    owners = {item.id: item.owner for item in facts.graph.data}
    return {
        (party, one.role, dataset): (one.high, one.guaranteed)
        for one in facts.disclosures
        for party in one.parties
        for dataset in one.datasets
        if owners[dataset] != party
    }


def ask(*options):
    return CliRunner().invoke(app, ["whatif", NOTES, *options])


def told(*options, text=None):
    if text is None:
        return json.loads(ask(*options, "--format", "json").stdout)
    found = CliRunner().invoke(app, ["whatif", "-", *options, "--format", "json"], input=text)
    return json.loads(found.stdout)


def never_less(before, after):
    return [key for key, (high, guaranteed) in before.items() if after.get(key, (0, 0)) < (high, guaranteed)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_whoever_is_taken_over_nobody_learns_less(path):
    (document,) = api.load(path)
    graph = api.graph(document, CATALOG)
    before = levels(seen_in(graph))
    for party in document.deployment.parties:
        assert never_less(before, levels(seen_in(compromised(graph, party)))) == [], party


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_whoever_comes_together_nobody_learns_less(path):
    (document,) = api.load(path)
    graph = api.graph(document, CATALOG)
    before = levels(seen_in(graph))
    parties = sorted(document.deployment.parties)
    for one, other in pairwise(parties):
        after = levels(seen_in(pooled(graph, [one, other])))
        mine = {key: value for key, value in before.items() if key[0] not in {one, other}}
        assert never_less(mine, after) == [], (one, other)


@pytest.mark.parametrize("level", [2, 3, 4])
@pytest.mark.parametrize("path", EXAMPLES[:4], ids=lambda path: path.parent.name)
def test_coalitions_are_minimal_and_reach_the_level(path, level):
    (document,) = api.load(path)
    graph = api.graph(document, CATALOG)
    for dataset in document.deployment.datasets:
        found = smallest_coalitions(seen_in(graph), dataset, level)
        for coalition in found.coalitions:
            for other in found.coalitions:
                if set(other.parties) < set(coalition.parties):
                    assert not set(other.datasets) & set(coalition.datasets)


def test_three_clients_hide_nobody_from_two_of_them():
    found = told("--smallest-coalition", "letters")

    assert found["stopped"] is False
    assert {(tuple(c["parties"]), tuple(c["datasets"])) for c in found["coalitions"]} >= {
        (("aphp", "charite"), ("letters@lumc",)),
        (("openai",), ("letters@aphp", "letters@charite", "letters@lumc")),
    }
    assert not any({"tum", "charite"} == set(c["parties"]) for c in found["coalitions"])


def test_a_sum_of_three_hides_among_two_once_one_of_them_and_the_aggregator_collude():
    found = told("--collude", "tum,charite")

    assert found["disclosures"] == []
    assert found["sums"] == [{"origin": "tasks.adapt", "party": "tum", "with": ["charite"], "before": 3, "after": 2}]


def test_a_sum_of_three_hides_nobody_once_two_of_them_and_the_aggregator_collude():
    found = told("--collude", "tum,charite,aphp")

    assert found["sums"][-1] == {
        "origin": "tasks.adapt",
        "party": "tum",
        "with": ["aphp", "charite"],
        "before": 3,
        "after": 1,
    }
    assert [(c["parties"], c["datasets"], c["after"]["high"]) for c in found["disclosures"]] == [
        (["aphp", "charite", "tum"], ["letters@lumc"], "reconstructable"),
    ]


def test_a_sum_that_hides_nobody_today_is_told_of_no_more():
    text = """
    fedpolicy: 1
    name: pair
    parties: {a: {role: participant}, b: {role: participant}, hub: {role: coordinator}}
    nodes: {client: {kind: client, party: [a, b]}, agg: {kind: aggregator, party: hub}}
    datasets: {notes: {at: client, categories: [health], subjects: 100}}
    tasks: {t: {method: fedavg, data: [notes], runs_on: client, clients_per_round: 2, min_clients: 2}}
    """

    assert told("--collude", "a,b", text=text)["sums"] == []


def test_colluding_with_the_aggregator_a_participant_sees_what_noise_would_have_hidden():
    found = told("--collude", "tum,charite", text=QUIET)

    assert [(c["parties"], c["datasets"], c["after"]["high"]) for c in found["disclosures"]] == [
        (["charite"], ["letters@aphp"], "inferable"),
        (["charite"], ["letters@lumc"], "inferable"),
    ]


def test_a_taken_aggregator_gives_the_adversary_the_sums():
    new = [c for c in told("--compromise", "aggregator")["disclosures"] if c["parties"] == ["adversary"]]

    assert [(c["kind"], c["after"]["high"]) for c in new] == [("new", "inferable")]


def test_a_taken_client_shows_everything_that_it_stores_and_no_longer_masks():
    found = told("--compromise", "charite")["disclosures"]
    by = {(tuple(c["parties"]), tuple(c["datasets"])): c["after"]["high"] for c in found}

    assert by[("adversary",), ("letters@charite",)] == "verbatim"
    assert by[("tum",), ("letters@charite",)] == "reconstructable"


def test_without_the_provider_the_judge_stops():
    found = told("--remove", "openai")

    assert [(c["use"], c["capability"], c["before"], c["after"]) for c in found["control"]] == [
        ("tasks.score", "run", ["openai"], None),
        ("api_calls.translate", "run", ["openai"], None),
    ]


def test_without_one_hospital_there_are_too_few_for_the_others():
    found = told("--remove", "lumc")

    assert [(c["participants"], c["use"], c["capability"], c["before"]) for c in found["control"]] == [
        (["aphp", "charite"], "tasks.adapt", "join", ["hetzner", "tum", "any other participant"])
    ]


def test_without_secure_aggregation_the_aggregator_sees_single_updates():
    found = told("--without", "tasks.adapt.safeguards.0")["disclosures"]

    assert [c["after"]["high"] for c in found if c["parties"] == ["tum"]] == ["reconstructable"]


def test_an_enclave_keeps_its_host_out_when_the_host_is_taken():
    text = """
fedpolicy: 1
name: x
parties: {a: {role: participant}, b: {role: participant}, c: {role: coordinator}, h: {role: host}}
nodes:
  client: {kind: client, party: [a, b]}
  agg: {kind: aggregator, party: c, host: h, tee: {kind: sev-snp, attested: true, verified_by: [a, b]}}
datasets: {d: {at: client, categories: [health]}}
models: {m: {weights: open, weights_at: [client, agg]}}
tasks: {t: {method: fedavg, model: m, data: [d], runs_on: client, clients_per_round: 2}}
"""
    (document,) = api.loads(text)
    graph = api.graph(document, CATALOG)

    assert not [key for key in levels(seen_in(compromised(graph, "h"))) if key[0] == "adversary"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give exactly one question, not none of them"),
        (["--remove", "tum", "--compromise", "tum"], "not --compromise and --remove"),
        (["--compromise", "tumm"], "there is no node or party `tumm` in this deployment"),
        (["--collude", "tum,nobody"], "there is no party `nobody`"),
        (["--collude", "tum"], "collusion takes two parties"),
        (["--remove", "nobody"], "there is no party `nobody`"),
        (["--without", "tasks.adapt.safeguards.7"], "there is no safeguard `tasks.adapt.safeguards.7`"),
        (["--smallest-coalition", "letter"], "there is no dataset `letter`"),
    ],
)
def test_questions_that_make_no_sense(options, message):
    result = ask(*options)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_answers_read_well():
    text = ask("--smallest-coalition", "letters", "--level", "verbatim").stdout

    assert text.splitlines() == [
        f"clinical-notes: who must come together to learn letters at {LEVELS[4]}?",
        "  openai: letters@aphp, letters@charite and letters@lumc",
        "every set of up to 3 parties was tried",
    ]


def test_where_two_clients_are_enough_one_of_three_can_leave():
    text = Path(NOTES).read_text(encoding="utf-8").replace("min_clients: 3", "min_clients: 2")
    found = CliRunner().invoke(app, ["whatif", "-", "--remove", "lumc"], input=text)

    assert "nothing changes for anybody" in found.stdout


def test_a_change_is_shown_with_its_way():
    text = ask("--without", "tasks.adapt.safeguards.0").stdout

    assert "  ! tum (operator) learns more of letters@aphp, letters@charite and letters@lumc: inferable ->" in text
    assert "      client@aphp -> aggregator  adapter_update (implied by tasks.adapt (lora))" in text


def test_what_a_party_takes_with_it_is_lost():
    assert ask("--remove", "openai").stdout.splitlines()[1:] == [
        "  ! aphp, charite and lumc, run in tasks.score: can be ended by openai -> lost",
        "  ! aphp, charite and lumc, run in api_calls.translate: can be ended by openai -> lost",
    ]


HOSTED = """
fedpolicy: 1
name: hosted
parties:
  a: {role: participant}
  b: {role: participant}
  hub: {role: coordinator}
  cloud: {role: host}
  acme: {role: processor}
nodes:
  client: {kind: client, party: [a, b]}
  aggregator: {kind: aggregator, party: hub, host: cloud}
  desk: {kind: store, party: acme}
datasets: {notes: {at: client, categories: [health]}}
flows: {logs: {from: client, to: aggregator, payload: logs}}
"""


def test_who_operates_and_who_hosts_a_place_learn_nothing_new_of_each_other():
    assert told("--collude", "hub,cloud", text=HOSTED)["disclosures"] == []


def test_what_a_host_sees_it_tells_whom_it_colludes_with():
    (found,) = told("--collude", "acme,cloud", text=HOSTED)["disclosures"]
    assert (found["parties"], found["datasets"], found["before"]["high"], found["after"]["high"]) == (
        ["acme"],
        ["notes@a", "notes@b"],
        "none",
        "verbatim",
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_collusion_is_never_told_as_learning_less(path):
    (document,) = api.load(path)
    parties = list(document.deployment.parties)
    study = api.facts(document, CATALOG)
    for pair in pairwise(parties):
        for change in what_if_colluding(study, pair).changes.disclosures:
            assert any(new > old for old, new in zip(change.before, change.after, strict=True)), (pair, change)


def best(found):
    """The most that each party learns of each dataset, in whatever capacity; whom hosts tell is an operator."""
    kept = {}
    for (party, _, dataset), seen in found.items():
        kept[party, dataset] = tuple(map(max, seen, kept.get((party, dataset), (0, 0))))
    return kept


@settings(LAW, max_examples=examples(300, few=13, fewer="it studies a deployment for each coalition"))
@given(deployments(), st.data())
def test_whoever_colludes_in_whatever_deployment_is_never_told_to_learn_less(deployment, data):
    study = facts_of(deployment)
    pair = data.draw(st.lists(st.sampled_from(sorted(study.deployment.parties)), min_size=2, max_size=3, unique=True))

    told = what_if_colluding(study, pair).changes

    assert all(any(new > old for old, new in zip(one.before, one.after, strict=True)) for one in told.disclosures)
    assert all(one.kind != "better" for one in told.budgets)
    assert never_less(best(levels(study)), best(levels(seen_in(pooled(study.graph, pair))))) == []


SHARED = """
fedpolicy: 1
name: shares
parties: {a: {role: participant}, x: {role: processor}, y: {role: processor}, z: {role: host}}
nodes:
  client: {kind: client, party: a}
  one: {kind: service, party: x}
  two: {kind: service, party: y, host: z%s}
  store: {kind: store, party: x}
datasets: {notes: {at: client, categories: health}}
flows: {f: {from: client, to: store, payload: records, sealed_for: {threshold: 2, of: [one, two]}}}
"""


@pytest.mark.parametrize(
    ("tee", "expected"),
    [
        ("", [("x", "y"), ("x", "z")]),
        (", tee: {kind: sgx, attested: true, verified_by: [a], hides_from: [host]}", [("x", "y")]),
        (", tee: {kind: sgx, attested: true, verified_by: [a], hides_from: [operator]}", [("x", "z")]),
        (", tee: {kind: sgx, attested: true, verified_by: [a]}", []),
    ],
    ids=["no enclave", "the host is kept out", "the operator is kept out", "both are kept out"],
)
def test_a_coalition_has_the_shares_that_its_members_operate_or_host(tee, expected):
    found = smallest_coalitions(facts_of(SHARED % tee), "notes", LEVELS.index("verbatim"), size=2)

    assert [one.parties for one in found.coalitions] == expected


KEYS = """
fedpolicy: 1
name: keys
parties: {{a: {{role: participant}}, x: {{role: processor}}, y: {{role: processor}}}}
nodes: {{client: {{kind: client, party: a}}, store: {{kind: store, party: y}}}}
datasets: {{notes: {{at: client, categories: health}}}}
flows: {{f: {{from: client, to: {target}, payload: records, sealed_for: {readers}}}}}
"""


@pytest.mark.parametrize("target", ["store", "public"])
@pytest.mark.parametrize("readers", ["{threshold: 2, of: [x, y]}", "{threshold: 2, of: [x, store]}"])
def test_a_coalition_has_the_keys_of_its_members_by_whatever_name(target, readers):
    found = smallest_coalitions(
        facts_of(KEYS.format(target=target, readers=readers)), "notes", LEVELS.index("verbatim")
    )
    assert [(one.parties, one.datasets) for one in found.coalitions] == [(("x", "y"), ("notes@a",))]


def test_a_taken_hop_where_only_a_secure_sum_is_added_up_shows_what_its_party_has():
    text = """
fedpolicy: 1
name: secure-hops
parties: {a: {role: participant}, b: {role: participant}, c: {role: participant}, d: {role: participant}}
nodes:
  client: {kind: client, party: [a, b, c, d]}
  region: {party: [c, d]}
  hub: {kind: aggregator, party: a}
datasets: {notes: {at: client, categories: health}}
tasks:
  train:
    method: fedavg
    data: notes
    runs_on: client
    hops: [{at: region, safeguards: [{kind: secure_aggregation, min_clients: 4}]}]
"""
    found = CliRunner().invoke(app, ["whatif", "-", "--compromise=c"], input=text)

    assert found.exit_code == 0, found.output
    assert "now learns notes@a and notes@b: none -> reconstructable" in found.stdout
