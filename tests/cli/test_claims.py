"""Claims of differential privacy, as a user meets what is wrong with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app

NOTES = "examples/clinical-notes/deployment.yaml"
CLAIMS = {"dp-weak", "claimed-epsilon-refuted", "fixed-samples-as-poisson", "budgets-add-up"}
SAMPLED = """
fedpolicy: 1
name: sampled
parties: {a: {role: participant}, b: {role: participant}, t: {role: coordinator}}
nodes: {client: {kind: client, party: [a, b]}, tracker: {kind: tracker, party: t}}
datasets: {notes: {at: client, categories: [health], subjects: 40000}}
flows:
  metrics:
    from: client
    to: tracker
    payload: metrics
    safeguards:
      - {kind: differential_privacy, where: client, mechanism: dp_sgd, noise_multiplier: 2.0, clipping_norm: 1.0,
         sampling: fixed, sampling_rate: 0.01, steps: 1000, delta: 1.0e-6, unit: record, claimed_epsilon: CLAIM}
"""


def claims_in(text):
    result = CliRunner().invoke(app, ["check", "-", "--format", "json"], input=text)
    return [one for one in json.loads(result.stdout)["findings"] if one["rule"] in CLAIMS]


def test_one_finding_refutes_the_claim_of_the_running_example_where_it_is_made():
    text = Path(NOTES).read_text(encoding="utf-8")

    (found,) = claims_in(text)

    assert (found["rule"], found["verdict"], found["severity"]) == ("claimed-epsilon-refuted", "fail", "high")
    assert found["elements"] == ["tasks.adapt.safeguards.1"]
    line = text.splitlines()[found["location"]["line"] - 1]
    assert line[found["location"]["column"] - 1 :].startswith("8}")
    assert "claims an epsilon of 8 for letters" in found["message"]
    assert "comes to about 50.5, by: Gaussian mechanism, exact" in found["message"]


@pytest.mark.parametrize(
    ("claim", "rule"),
    [("0.2", "claimed-epsilon-refuted"), ("0.8", "fixed-samples-as-poisson"), ("9.0", None)],
)
def test_one_finding_says_why_a_claim_is_wrong(claim, rule):
    assert [one["rule"] for one in claims_in(SAMPLED.replace("CLAIM", claim))] == ([rule] if rule else [])


def test_what_only_the_extra_decides_is_no_finding_without_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)

    (found,) = claims_in(SAMPLED.replace("CLAIM", "1.0"))

    assert (found["rule"], found["verdict"]) == ("fixed-samples-as-poisson", "unknown")
    assert found["missing"] == ["flows.metrics.safeguards.0.epsilon"]
