"""What everybody relies on is what is declared: where the second reading is left out, it would say the same."""

from __future__ import annotations

import pytest

from fedpolicy.analysis.exposure import Reading
from tests.helpers import study_of
from tests.reference.comparison import read
from tests.reference.deployments import deployment

SEEDS = range(80)


def held(exposure):
    return exposure.holdings(Reading.GUARANTEED).states


def trusting(tree, but=0):
    """The same among parties that all trust each other, but for the first ones."""
    names = list(tree["parties"])
    parties = {
        name: {**party, "trusts": [one for one in names[but:] if one != name]}
        for name, party in tree["parties"].items()
    }
    return {**tree, "parties": parties}


def test_both_readings_of_what_is_believed_are_equal(monkeypatch):
    believed = 0
    for seed in SEEDS:
        found = read(trusting(deployment(f"believed:{seed}")))
        if found is None:
            continue
        quick, whole = study_of(found).exposure, study_of(found).exposure
        if not quick.believed:
            continue
        believed += 1
        monkeypatch.setattr(whole, "distrusted", None)
        assert held(quick) == held(whole), seed
        assert quick.holdings(Reading.GUARANTEED) is quick.holdings(Reading.HIGH)
        assert whole.holdings(Reading.GUARANTEED) is not whole.holdings(Reading.HIGH)
    assert believed >= 10


def sites(trusts, safeguards, weights_at):
    """Three sites that train on what all of them have, and tell what they hold to a tracker."""
    names = ("a", "b", "c")
    return {
        "parties": {
            **{name: {"role": "participant", "trusts": trusts} for name in names},
            "hub": {"role": "coordinator"},
        },
        "nodes": {
            **{f"train-{name}": {"kind": "client", "party": name} for name in names},
            **{f"letters-{name}": {"kind": "store", "party": name} for name in names},
            "agg": {"kind": "aggregator", "party": "hub"},
            "top": {"kind": "aggregator", "party": "a"},
            "tracker": {"kind": "tracker", "party": "b"},
        },
        "datasets": {
            name: {"at": f"letters-{name}", "owner": name, "categories": ["health"], "subjects": 5000} for name in names
        },
        "models": {"m": {"ref": "meta-llama/Llama-3.1-8B-Instruct", "weights_at": weights_at}},
        "tasks": {
            "t": {
                "method": "lora",
                "model": "m",
                "data": list(names),
                "runs_on": [f"train-{name}" for name in names],
                "aggregator": "agg",
                "rounds": 3,
                "clients_per_round": 3,
                "safeguards": safeguards,
            }
        },
        "flows": {
            "up": {"from": "agg", "to": "top", "payload": "aggregate_update"},
            "told": {"from": "train-a", "to": "tracker", "payload": "metrics"},
            "seen": {"from": "tracker", "to": "agg", "payload": "embeddings"},
        },
    }


NOISE = {
    "kind": "differential_privacy",
    "where": "client",
    "noise_multiplier": 1.0,
    "clipping_norm": 1.0,
    "delta": 1e-6,
    "unit": "record",
    "sampling": "none",
    "steps": 3,
}


@pytest.mark.parametrize("safeguards", [[], [NOISE]], ids=["plain", "noise"])
@pytest.mark.parametrize("weights_at", [["agg"], ["train-a", "train-b", "train-c"]], ids=["hub", "sites"])
@pytest.mark.parametrize("trusts", [["hub"], ["hub", "a"]], ids=["hub", "a"])
def test_readings_that_share_a_start_show_what_each_shows_from_nothing(trusts, weights_at, safeguards, monkeypatch):
    secure = {"kind": "secure_aggregation", "min_clients": 3}
    found = read(sites(trusts, [secure, *safeguards], weights_at))
    quick, whole = study_of(found).exposure, study_of(found).exposure
    monkeypatch.setattr(whole, "distrusted", None)

    assert quick.distrusted
    assert held(quick) != quick.holdings(Reading.HIGH).states
    # Forms that reveal no more than others do may be there or not, by the order in which they come.
    for viewer in quick.viewers.values():
        assert quick.views(viewer) == whole.views(viewer), viewer


@pytest.mark.parametrize("trusts", [["hub"], []])
def test_it_takes_the_trust_of_everybody(trusts):
    study = study_of(
        read(
            {
                "parties": {
                    "a": {"role": "participant", "trusts": trusts},
                    "b": {"role": "participant", "trusts": ["hub"]},
                    "hub": {"role": "coordinator"},
                },
                "nodes": {"n": {"kind": "client", "party": ["a", "b"]}, "g": {"kind": "aggregator", "party": "hub"}},
                "datasets": {"d": {"at": "n", "categories": ["health"], "subjects": 5000}},
                "models": {"m": {"ref": "meta-llama/Llama-3.1-8B-Instruct", "weights_at": ["g"]}},
                "tasks": {
                    "t": {
                        "method": "lora",
                        "model": "m",
                        "data": ["d"],
                        "runs_on": ["n"],
                        "aggregator": "g",
                        "rounds": 3,
                        "clients_per_round": 2,
                    }
                },
            }
        )
    )

    assert study.exposure.believed is bool(trusts)
