"""`fedpolicy budget`, and what the extra `dp` decides."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from fedpolicy.analysis.exposure import privacy

# Subsampled noise that the quick bounds do not tell from the limit of 10.
CLOSE = (
    ("where: aggregator, noise_multiplier: 1.1", "where: aggregator, mechanism: dp_sgd, noise_multiplier: 0.8"),
    ("sampling_rate: 1.0", "sampling: poisson, sampling_rate: 0.02, steps: 2000"),
)
ROOT = Path(__file__).parents[2]
HINT = "pip install 'fedpolicy[dp]'"
needs_dp = pytest.mark.skipif(find_spec("dp_accounting") is None, reason="needs the extra dp")


@pytest.fixture(autouse=True)
def afresh():
    """Nothing is remembered from a run that had other libraries."""
    privacy.composed.cache_clear()
    yield
    privacy.composed.cache_clear()


@pytest.fixture
def without_dp(monkeypatch):
    """As if dp-accounting were not installed."""
    monkeypatch.setitem(sys.modules, "dp_accounting", None)


def change(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def seen_by(result, party):
    return next(one for one in json.loads(result.stdout)["budgets"] if party in one["parties"])


def test_the_ledger_says_who_computed_how_and_that_the_claim_is_refuted(run, example):
    result = run("budget", example.name)

    assert result.exit_code == 0
    assert "clinical-notes: privacy loss per dataset and recipient (limit 10)" in result.stdout
    assert "aphp, charite and lumc: epsilon is about 50.5 per record of letters, at delta 1e-06" in result.stdout
    assert "by: Gaussian mechanism, exact (Balle and Wang 2018, theorem 8)" in result.stdout
    assert "claimed: 8; the claim is refuted" in result.stdout
    assert "openai: epsilon is infinite per record of letters; sees them without noise" in result.stdout


def test_json_is_version_1_and_infinity_is_null(run, example):
    found = json.loads(run("budget", example.name, "--format", "json").stdout)

    assert (found["version"], found["name"], found["max_epsilon"]) == (1, "clinical-notes", 10)
    assert {(tuple(one["parties"]), one["infinite"], one["low"]) for one in found["budgets"]} == {
        (("hetzner", "tum"), True, None),
        (("openai",), True, None),
        (("aphp", "charite", "lumc"), False, 50.4705),
    }
    (mechanism,) = found["mechanisms"]
    assert (mechanism["claimed"], mechanism["claim"]) == (8, "refuted")


def test_a_deployment_without_noise_says_so(run):
    result = run("budget", "-", input="fedpolicy: 1\nname: empty\n")

    assert result.stdout.endswith("no differential privacy is declared\n")


def test_what_is_not_stated_is_asked_for(run, example):
    change(example, ("    rounds: 50\n", ""))

    result = run("budget", example.name)

    assert "epsilon is not known per record of letters; at least 4.39" in result.stdout
    assert "not stated: tasks.adapt.rounds" in result.stdout
    assert (
        "claimed: 8; epsilon is at least 4.39 and nothing bounds it, so nobody can say whether that is true without"
        in (" ".join(result.stdout.split()))
    )


@pytest.mark.usefixtures("without_dp")
def test_without_the_extra_what_it_would_decide_is_unknown_and_says_what_to_install(run, example):
    change(example, *CLOSE)

    ledger = run("budget", example.name)
    facts = json.loads(run("facts", example.name, "--format", "json").stdout)
    report = run("check", example.name, "-v")

    assert f"a closer bound takes: {HINT}" in ledger.stdout
    (pair,) = [d for d in facts["disclosures"] if (d["party"], d["dataset"]) == ("lumc", "letters@charite")]
    assert (pair["low"], pair["high"]) == ("bounded", "inferable")
    assert pair["missing"] == ["tasks.adapt.safeguards.1.epsilon"]
    assert pair["not_counted"][0]["why"] == f"whether its epsilon keeps to the limit takes a closer computation: {HINT}"
    assert f"compute the epsilon of tasks.adapt.safeguards.1 more closely ({HINT})" in " ".join(report.stdout.split())


@needs_dp
def test_the_extra_decides_what_the_quick_bound_leaves_open(run, example):
    change(example, *CLOSE)

    budget = seen_by(run("budget", example.name, "--format", "json"), "lumc")
    facts = json.loads(run("facts", example.name, "--format", "json").stdout)

    assert budget["composed"]["needs_closer_computation"] == []
    (pair,) = [d for d in facts["disclosures"] if (d["party"], d["dataset"]) == ("lumc", "letters@charite")]
    assert budget["high"] == pytest.approx(10.29, abs=0.01)
    assert (pair["low"], pair["high"]) == ("inferable", "inferable")


@pytest.mark.usefixtures("without_dp")
def test_the_close_bound_clears_noise_that_the_quick_one_does_not(run, example):
    change(example, *CLOSE)
    change(example, ("noise_multiplier: 0.8", "noise_multiplier: 0.83"))

    facts = json.loads(run("facts", example.name, "--format", "json").stdout)

    (pair,) = [d for d in facts["disclosures"] if (d["party"], d["dataset"]) == ("lumc", "letters@charite")]
    assert (pair["low"], pair["high"]) == ("bounded", "bounded")
    assert pair["epsilon"]["theorem"].startswith("Privacy loss distributions on a grid")


@pytest.mark.usefixtures("without_dp")
def test_the_closest_bound_cannot_be_had_without_the_extra(run, example):
    result = run("budget", example.name, "--tight")

    assert result.exit_code == 2
    assert "the closest computation needs a library that is not installed" in result.stderr
    assert HINT in result.stderr


def test_a_file_with_mistakes_is_refused_with_all_of_them(run, example):
    change(example, ("noise_multiplier: 1.1", "noise_multiplier: -1"), ("rounds: 50", "rounds: zero"))

    result = run("budget", example.name)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "deployment.yaml:34" in result.stderr
    assert "deployment.yaml:38" in result.stderr


def test_noise_that_protects_nothing_says_why(run, example):
    change(example, ("delta: 1.0e-6", "delta: 0.5"))

    result = run("budget", example.name)
    (mechanism,) = json.loads(run("budget", example.name, "--format", "json").stdout)["mechanisms"]

    assert "letters: no noise that counts protects these, so epsilon is infinite" in result.stdout
    why = "its delta of 0.5 is not below one over the 120,000 units"
    assert f"it does not count for letters: {why}" in result.stdout
    assert mechanism["does_not_count"] == [{"dataset": "letters", "why": why}]


def test_the_ledger_says_what_an_epsilon_allows_and_what_a_step_adds(run, example):
    text = " ".join(run("budget", example.name).stdout.split())
    rows = json.loads(run("budget", example.name, "--format", "json").stdout)

    assert "a test that wrongly accuses 1 in 100 units finds up to all that took part" in text
    assert "each of 50 steps alone: about 4.39 noise: standard deviation 1.1 times what one unit can change" in text
    (mechanism,) = rows["mechanisms"]
    assert mechanism["each_step"]["high"] == pytest.approx(4.386, abs=1e-3)
    assert mechanism["noise"] == 1.1
    assert {tuple(one["knows"]) for one in rows["budgets"]} == {()}


def test_a_picture_shows_epsilon_over_the_steps(run, example):
    drawn = run("budget", example.name, "--format", "svg").stdout

    root = ET.fromstring(drawn)  # noqa: S314  it is our own
    said = [found.text for found in root.iter("{http://www.w3.org/2000/svg}text")]
    assert said[0] == "clinical-notes: epsilon over the run"
    assert "limit 10" in said
    assert said[-1] == "tasks.adapt.safeguards.1 (gaussian)"
    assert [text for text in said if text.replace(",", "").isdecimal()] == [
        "0",
        "20",
        "40",
        "0",
        "10",
        "20",
        "30",
        "40",
        "50",
    ]
    assert run("budget", example.name, "--format", "svg").stdout == drawn


def test_a_picture_of_nothing_is_a_picture(run):
    drawn = run("budget", "-", "--format", "svg", input="fedpolicy: 1\nname: '<empty>'\n").stdout

    ET.fromstring(drawn)  # noqa: S314  it is our own
    assert "&lt;empty&gt;: epsilon over the run" in drawn


def test_a_draft_for_the_registry_of_deployments_names_what_the_file_does_not_say(run, example):
    written = run("budget", example.name, "--format", "dp-registry").stdout

    entry = yaml.safe_load(written)
    assert (entry["status"], entry["tier"]) == ("Draft", 2)
    deployment = entry["deployment"]
    assert deployment["product"]["data_curators"] == ["aphp", "charite", "lumc"]
    assert deployment["dp_flavor"]["name"] == "Approximate DP"
    assert deployment["privacy_loss"]["privacy_parameters"] == {"epsilon": 50.47, "delta": 1e-6}
    assert deployment["privacy_loss"]["privacy_unit"] == "record"
    assert "#   tier 1: product.publication_date\n" in written
    assert "#   tier 2: model.release_type\n" in written
    assert "#   tier 3: implementation.justification\n" in written


def test_a_draft_without_noise_has_no_guarantee(run):
    written = run("budget", "-", "--format", "dp-registry", input="fedpolicy: 1\nname: empty\n").stdout

    assert yaml.safe_load(written)["tier"] == 1
    assert "#   tier 2: privacy_loss.privacy_parameters\n" in written


def test_the_picture_of_the_page_on_budgets_is_current(run, golden):
    page = (ROOT / "docs" / "privacy-budgets.md").read_text(encoding="utf-8")
    deployment = page.partition("```yaml\n")[2].partition("```")[0]

    golden(run("budget", "-", "--format", "svg", input=deployment).stdout, ROOT / "docs" / "privacy-budgets.svg")
