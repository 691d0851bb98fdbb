"""What findings say in the words of a deployment: rule, line, elements and sentence (`sentences.yaml`)."""

from pathlib import Path

import pytest
import yaml

from fedpolicy.policy.load import load_rules
from tests.policy.worlds import judged

CASES = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_a_finding_says(case):
    rules = [rule for rule in load_rules(case.get("packs", ["federation"])) if rule.id in case["of"]]
    found = judged(case["deployment"], *rules).findings
    assert [f"{f.rule} {f.span.line} {', '.join(f.elements)} -- {f.message}" for f in found] == case["says"]
    assert len({f.fingerprint for f in found}) == len(found)
