"""One disclosure explained: the level after every hop, and what would have lowered it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.analysis.explain import explain
from fedpolicy.analysis.facts import LEVELS
from tests.helpers import facts_of, hop, shown

EXAMPLE = (Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example():
    return facts_of(EXAMPLE)


@pytest.fixture(scope="module")
def quiet():
    """The same with so much noise that it counts."""
    return facts_of(EXAMPLE.replace("noise_multiplier: 1.1", "noise_multiplier: 12"))


def star(parties, **task):
    return facts_of(
        {
            "parties": {**{name: {"role": "participant"} for name in parties}, "agg": {"role": "coordinator"}},
            "nodes": {
                "client": {"kind": "client", "party": list(parties)},
                "aggregator": {"kind": "aggregator", "party": "agg"},
            },
            "datasets": {"notes": {"at": "client", "categories": "health", "subjects": 100}},
            "tasks": {"t": {"method": "fedavg", "data": "notes", "runs_on": "client", **task}},
        }
    )


def changes(facts, party, dataset):
    (entry,) = explain(facts, party, dataset).entries
    return {
        one.change: (shown((LEVELS[one.low], LEVELS[one.high], LEVELS[one.guaranteed])), one.lowers)
        for one in entry.counterfactuals
    }


def test_each_hop_says_what_is_known_behind_it(quiet):
    (entry,) = explain(quiet, "lumc", "letters@aphp").entries

    levels = [[(hop(one.step), LEVELS[one.high], LEVELS[one.guaranteed]) for one in way] for way in entry.ways]

    assert levels[0] == [
        ("client@aphp -adapter_update-> aggregator (tasks.adapt)", "inferable", "inferable"),
        ("aggregator -adapter_weights-> client@lumc (tasks.adapt)", "bounded", "inferable"),
    ]


def test_two_ways_are_only_closed_together(example):
    found = changes(example, "openai", "letters@aphp")

    assert found["drop tasks.score"] == found["drop api_calls.translate"] == ("verbatim", False)
    assert found["drop api_calls.translate and tasks.score"] == ("none", True)
    assert found["run an open-weight model in place of models.judge on client"] == ("none", True)


def test_trust_would_make_a_promise_a_guarantee(quiet):
    assert changes(quiet, "lumc", "letters@aphp")["aphp comes to trust tum"] == ("bounded", True)


def test_safeguards_are_tried():
    found = changes(star("abc", clients_per_round=3), "agg", "notes@a")

    assert found["secure aggregation over at least 3 clients on tasks.t"] == ("inferable", True)
    assert found["differential privacy applied by each client on tasks.t"] == ("bounded", True)
    assert found["drop tasks.t"] == ("none", True)


def test_no_more_clients_are_asked_for_than_there_are():
    found = changes(star("ab", clients_per_round=2), "b", "notes@a")

    assert found["secure aggregation over at least 2 clients on tasks.t"] == ("reconstructable", False)


def test_one_client_alone_is_not_told_to_aggregate():
    found = changes(star("a", clients_per_round=1), "agg", "notes@a")

    assert not any("secure aggregation" in change for change in found)


def test_a_family_and_a_cohort_may_be_asked_about_by_name(example):
    found = explain(example, "openai", "letters").entries[0]

    assert found.disclosure.datasets == ("letters@aphp", "letters@charite", "letters@lumc")


def test_nothing_is_said_of_what_nobody_learns(example):
    assert explain(example, "hetzner", "nothing").entries == ()
    assert explain(example, "nobody", "letters").entries == ()
