"""The running example: what its README promises, and what small changes of it change."""

from __future__ import annotations

import re

import pytest

OPENAI = ("openai", "provider")
HOSPITALS = ("aphp", "charite", "lumc")


@pytest.fixture
def text(examples) -> str:
    return (examples / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")


@pytest.fixture
def facts(compute, text):
    return compute(text)


def edit(text: str, *changes: tuple[str, str]) -> str:
    """Replace pieces of the file, each of which must be there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def levels(facts, party: str, role: str) -> dict[str, tuple[str, str, str]]:
    """What a party learns: (low, high, guaranteed) by owner of the letters."""
    return {
        one["dataset"].removeprefix("letters@"): (one["low"], one["high"], one["guaranteed"])
        for one in facts["disclosures"]
        if (one["party"], one["as"]) == (party, role)
    }


def ways(facts, party: str, role: str, dataset: str) -> list[list[tuple[str, str, str, int]]]:
    (found,) = [
        one for one in facts["disclosures"] if (one["party"], one["as"], one["dataset"]) == (party, role, dataset)
    ]
    return [[(hop["from"], hop["to"], hop["payload"], hop["line"]) for hop in path] for path in found["paths"]]


def about(report, party: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (one["rule"], one["verdict"], tuple(one["elements"]))
        for one in report["findings"]
        if f"parties.{party}" in one["elements"]
    ]


def test_openai_gets_all_letters_verbatim_along_two_ways(facts, text):
    verbatim = ("verbatim", "verbatim", "verbatim")
    assert levels(facts, *OPENAI) == dict.fromkeys(HOSPITALS, verbatim)
    for hospital in HOSPITALS:
        assert ways(facts, *OPENAI, f"letters@{hospital}") == [
            [(f"client@{hospital}", "openai", "prompts", line_of(text, "  score:"))],
            [(f"client@{hospital}", "openai", "prompts", line_of(text, "  translate:"))],
        ]


def test_the_finding_on_openai_shows_both_ways(check, text):
    report = check(text)

    (found,) = [one for one in report["findings"] if one["rule"] == "private-data-to-closed-model"]
    assert found["verdict"] == "fail"
    assert found["elements"] == ["parties.openai", *(f"datasets.letters@{hospital}" for hospital in HOSPITALS)]
    lines = [[hop["line"] for hop in path] for path in found["paths"]]
    assert lines == [[line_of(text, "  score:")], [line_of(text, "  translate:")]]


def with_enough_noise(text: str) -> str:
    return edit(text, ("noise_multiplier: 1.1", "noise_multiplier: 12"))


def test_the_claimed_epsilon_is_refuted(facts):
    """50 full rounds at noise 1.1: the hospitals see more of each other than the noise would allow."""
    for hospital in HOSPITALS:
        others = [other for other in HOSPITALS if other != hospital]
        assert levels(facts, hospital, "operator") == dict.fromkeys(others, ("inferable",) * 3)
    (found,) = [one for one in facts["disclosures"] if (one["party"], one["dataset"]) == ("charite", "letters@aphp")]
    assert [(one["safeguard"], one["why"]) for one in found["not_counted"]] == [
        (
            "tasks.adapt.safeguards.1",
            "its epsilon is about 50.5, not the 8 that is claimed, above the limit of 10",
        )
    ]


def test_noise_on_the_word_of_tum_is_no_guarantee_for_aphp(compute, text):
    """AP-HP trusts nobody; the other two accept what TU Munich's aggregator does."""
    facts = compute(with_enough_noise(text))
    for other in ("charite", "lumc"):
        assert levels(facts, other, "operator")["aphp"] == ("bounded", "bounded", "inferable")
    assert levels(facts, "aphp", "operator") == dict.fromkeys(("charite", "lumc"), ("bounded",) * 3)

    (found,) = [one for one in facts["disclosures"] if (one["party"], one["dataset"]) == ("charite", "letters@aphp")]
    (reason,) = found["not_counted"]
    assert reason["safeguard"] == "tasks.adapt.safeguards.1"
    assert reason["why"] == "it rests on the word of tum, whom aphp does not trust"


def test_secure_aggregation_counts_for_all_three(facts):
    """Without it the aggregator would have each hospital's update: reconstructable."""
    assert levels(facts, "tum", "operator") == dict.fromkeys(HOSPITALS, ("inferable",) * 3)


def test_hetzner_sees_as_host_more_than_the_releases_allow(facts, check, text):
    assert levels(facts, "hetzner", "host") == dict.fromkeys(HOSPITALS, ("inferable",) * 3)
    assert {one["allowed"] for one in facts["disclosures"] if one["party"] == "hetzner"} == {"none"}

    found = [rule for rule, verdict, _ in about(check(text), "hetzner") if verdict == "fail"]
    assert "releases-exceeded" in found


def test_the_judge_is_a_black_box_and_unpinned_and_the_base_neither(facts, check, text):
    assert {model["id"]: model["class"] for model in facts["models"]} == {
        "adapted": "open_weight",
        "base": "open_weight",
        "judge": "black_box",
    }

    unpinned = [one["elements"] for one in check(text)["findings"] if one["rule"] == "model-unpinned"]
    assert ["models.judge"] in unpinned
    assert not any("models.base" in elements for elements in unpinned)


def two_hospitals(text: str) -> str:
    return edit(
        text,
        ("  aphp:    {role: participant, jurisdiction: FR}              # trusts nobody\n", ""),
        ("party: [charite, lumc, aphp]", "party: [charite, lumc]"),
        ("clients_per_round: 3", "clients_per_round: 2"),
        ("min_clients: 3", "min_clients: 2"),
    )


def without_noise(text: str) -> str:
    return re.sub(r"\n      - \{kind: differential_privacy.*?\}", "", text, flags=re.DOTALL)


def with_a_false_claim(text: str) -> str:
    return text


@pytest.mark.parametrize("noise", [without_noise, with_a_false_claim])
def test_of_two_hospitals_each_has_the_other_s_update(noise, compute, text):
    facts = compute(noise(two_hospitals(text)))

    reconstructable = ("reconstructable",) * 3
    assert levels(facts, "charite", "operator") == {"lumc": reconstructable}
    assert levels(facts, "lumc", "operator") == {"charite": reconstructable}


def test_of_two_hospitals_only_the_noise_stands_between_them(compute, text):
    """With enough noise, what is left says that the sum itself hides nobody."""
    facts = compute(with_enough_noise(two_hospitals(text)))

    assert levels(facts, "charite", "operator") == {"lumc": ("bounded",) * 3}
    (found,) = [one for one in facts["disclosures"] if (one["party"], one["dataset"]) == ("charite", "letters@lumc")]
    assert found["epsilon"]["high"] == found["epsilon"]["low"] == pytest.approx(2.71, abs=0.01)
    assert [(one["safeguard"], one["why"]) for one in found["not_counted"]] == [
        ("tasks.adapt.safeguards.0", "without its own, charite sees a sum of 1, which hides nobody")
    ]


def test_a_gateway_of_charite_s_own_changes_nothing_for_openai(compute, check, text, facts):
    gateway = edit(
        text,
        ("via: [openai]", "via: [gateway, openai]"),
        ("  tracker:    {kind", "  gateway:    {kind: relay, party: charite}\n  tracker:    {kind"),
    )

    behind = compute(gateway)

    assert levels(behind, *OPENAI) == levels(facts, *OPENAI)
    assert about(check(gateway), "openai") == about(check(text), "openai")
    # What passes through the gateway, Charité sees.
    assert levels(behind, "charite", "operator") == dict.fromkeys(("aphp", "lumc"), ("verbatim",) * 3)


def test_a_vllm_of_charite_s_own_ends_the_findings_on_openai(compute, check, text):
    own = edit(
        text,
        (
            "{ref: openai/gpt-4o, via: [openai]}",
            "{ref: meta-llama/Llama-3.3-70B-Instruct, weights_at: vllm}",
        ),
        ("  tracker:    {kind", "  vllm:       {kind: service, party: charite}\n  tracker:    {kind"),
    )
    assert [rule for rule, verdict, _ in about(check(text), "openai") if verdict == "fail"]

    assert levels(compute(own), *OPENAI) == {}
    assert [rule for rule, verdict, _ in about(check(own), "openai") if verdict == "fail"] == []
