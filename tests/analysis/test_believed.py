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


def test_readings_that_share_a_start_show_what_each_shows_from_nothing(monkeypatch):
    differing = 0
    for seed in range(400):
        found = read(trusting(deployment(f"doubted:{seed}"), but=2))
        quick = study_of(found).exposure if found is not None else None
        if quick is None or not quick.distrusted:
            continue
        whole = study_of(found).exposure
        monkeypatch.setattr(whole, "distrusted", None)
        # Forms that reveal no more than others do may be there or not, by the order in which they come.
        for viewer in quick.viewers.values():
            assert quick.views(viewer) == whole.views(viewer), (seed, viewer)
        differing += held(quick) != quick.holdings(Reading.HIGH).states
        if differing == 4:
            return
    pytest.fail(f"only {differing} deployments tell the readings apart")


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
