"""What single rules say of small deployments, as their texts have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.reference.findings import found, told

TEXT = yaml.safe_load((Path(__file__).parent / "verdicts.yaml").read_text(encoding="utf-8"))
NOT_OF_IT = ("why", "rule", "says", "message")
SECTIONS = ("parties", "nodes", "datasets")


def deployment(case):
    own = {key: value for key, value in case.items() if key not in NOT_OF_IT}
    return {**TEXT["start"], **own, **{key: {**TEXT["start"][key], **own.get(key, {})} for key in SECTIONS}}


@pytest.mark.parametrize("case", TEXT["cases"], ids=lambda case: case["why"])
def test_a_rule_says_what_its_text_says(case):
    tree = deployment(case)

    said = {element: verdict for (rule, element), verdict in found(tree).items() if rule == case["rule"]}

    assert said == case["says"]
    if "message" in case:
        assert told(tree, case["rule"]) == [case["message"]]
