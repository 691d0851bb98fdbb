"""One fact is told once, of the right people, and as gravely as what is at stake; each case is a kind of unfairness."""

import json
from pathlib import Path

import pytest
import yaml

from fedpolicy.findings import Verdict
from fedpolicy.policy.load import load_rules
from tests.policy.worlds import judged

CASES = yaml.safe_load((Path(__file__).parent / "fair.yaml").read_text(encoding="utf-8"))
PACKS = {pack: load_rules([pack]) for pack in sorted({case.get("pack", "federation") for case in CASES})}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"][:60])
def test_a_fair_reader_says_so(case):
    text = json.dumps({"fedpolicy": 1, "name": "test", **case["deployment"]})
    found = judged(text, *PACKS[case.get("pack", "federation")]).findings
    failed = [one for one in found if one.verdict is Verdict.FAIL]

    messages = {one.rule: one.message for one in failed}
    assert {rule: messages.get(rule) for rule in case.get("says", {})} == case.get("says", {})
    assert {one.rule: one.severity.label for one in failed if one.rule in case.get("severity", {})} == case.get(
        "severity", {}
    )
    assert set(case.get("fails", ())) <= messages.keys()
    assert set(case.get("asks", ())) <= {one.rule for one in found if one.verdict is Verdict.UNKNOWN}
    assert {one.rule for one in found}.isdisjoint(case.get("silent", ()))
    assert all(sum(one.rule == rule for one in failed) == 1 for rule in case.get("says", {}))
