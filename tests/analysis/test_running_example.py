"""The running example of the README: every disclosure, and what small changes of the file change."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.analysis.exposure.privacy import shown as shown_epsilon
from fedpolicy.analysis.facts import LEVELS
from tests.helpers import expected_table, facts_of, readable, reasons, shown, single_pairs, table, ways

TEXT = (Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
HOSPITALS = ("charite", "lumc", "aphp")


@pytest.fixture(scope="module")
def facts():
    return facts_of(TEXT)


@pytest.fixture(scope="module")
def quiet():
    """The same with so much noise that it counts."""
    return changed(("noise_multiplier: 1.1", "noise_multiplier: 12"))


def changed(*changes):
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return facts_of(text)


def lines(facts):
    return readable({pair: shown(levels) for pair, levels in table(facts).items()})


def test_everything_that_is_disclosed(facts):
    assert lines(facts) == readable(
        expected_table(
            facts,
            {
                "openai provider letters@*": "verbatim",
                "tum operator letters@*": "inferable",
                "hetzner host letters@*": "inferable",
                "charite,lumc,aphp operator letters@*": "inferable",
            },
        )
    )


def test_the_noise_is_not_enough_for_what_is_claimed(facts):
    found = single_pairs(facts)["lumc", "operator", "letters@aphp"]

    assert reasons(found) == [
        "declared tasks.adapt.safeguards.1: its epsilon is about 50.5, not the 8 that is claimed, above the limit of 10"
    ]


def test_with_enough_noise_the_hospitals_learn_next_to_nothing_of_each_other(quiet):
    assert {line for line in lines(quiet) if line.startswith(HOSPITALS)} == set(
        readable(
            expected_table(
                quiet,
                {
                    "charite,lumc operator letters@aphp": "bounded / inferable",
                    "charite,lumc,aphp operator letters@*": "bounded",
                },
            )
        )
    )


@pytest.mark.parametrize("hospital", HOSPITALS)
def test_openai_gets_the_letters_along_two_separate_paths(facts, hospital):
    found = single_pairs(facts)["openai", "provider", f"letters@{hospital}"]

    assert ways(found) == [
        [f"client@{hospital} -prompts-> openai (tasks.score)"],
        [f"client@{hospital} -prompts-> openai (api_calls.translate)"],
    ]
    assert [path[0].path for path in found.paths] == [("tasks", "score"), ("api_calls", "translate")]


def test_the_noise_rests_on_the_word_of_tum_which_aphp_does_not_trust(quiet):
    found = single_pairs(quiet)

    assert reasons(found["lumc", "operator", "letters@aphp"]) == [
        "guaranteed tasks.adapt.safeguards.1: it rests on the word of tum, whom aphp does not trust"
    ]
    assert reasons(found["lumc", "operator", "letters@charite"]) == []
    assert found["lumc", "operator", "letters@aphp"].claims == ()
    assert shown_epsilon(found["lumc", "operator", "letters@aphp"].spent) == "about 2.7"


@pytest.mark.parametrize("hospital", HOSPITALS)
def test_secure_aggregation_counts_for_all(facts, hospital):
    found = single_pairs(facts)["tum", "operator", f"letters@{hospital}"]

    assert LEVELS[found.guaranteed] == "inferable"
    assert not any("safeguards.0" in reason for reason in reasons(found))


@pytest.mark.parametrize("hospital", HOSPITALS)
def test_the_host_exceeds_the_releases(facts, hospital):
    found = single_pairs(facts)["hetzner", "host", f"letters@{hospital}"]

    assert (LEVELS[found.allowed], LEVELS[found.high]) == ("none", "inferable")


def test_the_models(facts):
    models = {model.id: model for model in facts.models}

    assert {name: model.cls for name, model in models.items()}["judge"] == "black_box"
    assert {name: model.cls for name, model in models.items()}["base"] == "open_weight"
    assert facts.deployment.models["judge"].revision is None
    assert facts.deployment.models["base"].revision is not None
    assert models["judge"].contains == models["base"].contains == ()
    assert models["adapted"].contains == ("letters@aphp", "letters@charite", "letters@lumc")
    assert models["judge"].runners == ("openai",)


def test_two_hospitals_alone_know_each_others_update():
    found = table(
        changed(
            ("party: [charite, lumc, aphp]", "party: [charite, lumc]"),
            ("clients_per_round: 3", "clients_per_round: 2"),
            ("{kind: secure_aggregation, min_clients: 3}", "{kind: secure_aggregation, min_clients: 2}"),
            ("where: aggregator, noise_multiplier: 1.1", "where: aggregator, noise_multiplier: 0.0"),
        )
    )

    for one, other in (("charite", "lumc"), ("lumc", "charite")):
        assert shown(found[one, "operator", f"letters@{other}"]) == "reconstructable"
        assert shown(found["tum", "operator", f"letters@{one}"]) == "inferable"


def test_a_gateway_of_ones_own_changes_nothing_for_openai(facts):
    found = changed(
        ("  tracker:    {kind", "  gateway:    {kind: relay, party: charite}\n  tracker:    {kind"),
        ("via: [openai]}  ", "via: [gateway, openai]}  "),
    )

    before = {line for line in lines(facts) if line.startswith("openai")}
    assert before <= set(lines(found))
    assert "charite operator letters@lumc: verbatim" in lines(found)


def test_a_server_of_ones_own_on_open_weights_makes_openai_disappear():
    found = changed(
        ("  tracker:    {kind", "  vllm:       {party: charite}\n  tracker:    {kind"),
        (
            "judge:   {ref: openai/gpt-4o, via: [openai]}  ",
            "judge:   {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [vllm]}  ",
        ),
    )

    assert not any(line.startswith("openai") for line in lines(found))
    assert "charite operator letters@lumc: verbatim" in lines(found)
