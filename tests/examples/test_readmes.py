"""What the READMEs of the published systems say would change, with the change made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LEVELS = {"none": 0, "bounded": 1, "inferable": 2, "reconstructable": 3, "verbatim": 4}


@pytest.fixture
def highest(examples, compute) -> Callable[..., dict[str, str]]:
    """The highest level that each party of an example reaches, after some pieces of the file were replaced."""

    def compute_one(name: str, *changes: tuple[str, str]) -> dict[str, str]:
        text = (examples / name / "deployment.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        found: dict[str, str] = {}
        for one in compute(text)["disclosures"]:
            party = one["party"].removesuffix(".self").removesuffix(".peer")
            found[party] = max(found.get(party, "none"), one["high"], key=LEVELS.__getitem__)
        return found

    return compute_one


def test_fedbpt_without_the_service_when_clients_hold_the_model(highest):
    assert highest("fedbpt") == {"plm-service": "verbatim", "coordinator": "reconstructable", "users": "inferable"}
    held = ("weights_at: inference}", "weights_at: [client, inference]}")
    assert highest("fedbpt", held) == {"coordinator": "reconstructable", "users": "inferable"}


def test_feddtpt_without_the_service_when_clients_hold_the_model(highest):
    prompts = dict.fromkeys(("coordinator", "mlm-service", "users"), "reconstructable")
    assert highest("feddtpt") == {**prompts, "llm-service": "verbatim"}
    assert highest("feddtpt", ("weights_at: llm-api}", "weights_at: [client, llm-api]}")) == prompts


def test_fedtextgrad_without_openai_on_a_local_llama(highest):
    prompts = dict.fromkeys(("client-a", "client-b", "client-c", "coordinator"), "reconstructable")
    assert highest("fedtextgrad") == {**prompts, "openai": "verbatim"}
    local = (
        "{ref: openai/gpt-4o, via: openai}",
        "{ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, server]}",
    )
    assert highest("fedtextgrad", local) == prompts


def test_fedone_is_not_repaired_by_secure_aggregation(highest):
    masked = ("local_steps: 1\n", "local_steps: 1\n    safeguards: [{kind: secure_aggregation, min_clients: 1}]\n")
    assert highest("fedone", masked) == highest("fedone")
    assert highest("fedone")["users"] == "reconstructable"


def test_openfedllm_without_openai_when_the_judge_is_one_s_own(highest):
    """Through the judge, OpenAI learns of the owners' data only what the judged model repeats."""
    own = (
        "{ref: openai/gpt-4-turbo, revision: gpt-4-1106-preview, via: openai}",
        "{ref: meta-llama/Llama-3.3-70B-Instruct, weights_at: server}",
    )
    assert "openai" not in highest("openfedllm-gpt4-judge", own)


def test_a_star_with_secure_aggregation_hides_what_the_swarm_shows(highest):
    hospitals = ("hospital-de", "hospital-nl", "hospital-gr")
    assert highest("swarm-hospitals") == dict.fromkeys(hospitals, "reconstructable")
    star = highest(
        "swarm-hospitals",
        ("  hpe:         {role", "  office:      {role: coordinator, jurisdiction: DE}\n  hpe:         {role"),
        ("  # The permissioned", "  hub:    {kind: aggregator, party: office}\n  # The permissioned"),
        ("topology: rotating", "aggregator: hub"),
        (
            "clients_per_round: 3\n",
            "clients_per_round: 3\n    safeguards: [{kind: secure_aggregation, min_clients: 3}]\n",
        ),
    )
    assert star == dict.fromkeys((*hospitals, "office"), "inferable")


def test_a_keyboard_user_who_trusts_the_company_has_what_is_declared(examples, compute):
    text = (examples / "keyboard-cross-device" / "deployment.yaml").read_text(encoding="utf-8")

    def guaranteed(facts) -> dict[str, set[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for one in facts["disclosures"]:
            found.setdefault(one["party"].partition(".")[0], set()).add((one["high"], one["guaranteed"]))
        return found

    assert guaranteed(compute(text)) == {
        "company": {("inferable", "verbatim")},
        "users": {("bounded", "reconstructable")},
    }
    trusting = text.replace("jurisdiction: ES}", "jurisdiction: ES, trusts: company}")
    assert guaranteed(compute(trusting)) == {"company": {("inferable", "inferable")}, "users": {("bounded", "bounded")}}
