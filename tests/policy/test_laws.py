"""Deployments under laws and rulebooks: what fails is what the case says, and nothing else."""

import json
from pathlib import Path

import pytest
import yaml

from fedpolicy import api
from fedpolicy.report.formats import json as json_format
from fedpolicy.sources import Source

CASES = yaml.safe_load(Path(__file__).with_name("laws.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_law_finds_what_it_asks_and_nothing_else(case):
    tree = {"fedpolicy": 1, "name": "case", **case["deployment"]}
    settings = api.Settings(packs=tuple(case["packs"]), today=case.get("today", "2026-11-29"))
    source = Source(name="case.yaml", text=json.dumps(tree, default=str).encode())
    report = api.check([], settings, [source])

    assert not report.errors
    assert not report.files[0].errors, report.files[0].errors
    found = json.loads(json_format.render(report))["findings"]
    assert {one["rule"]: one["severity"] for one in found if one["verdict"] == "fail"} == case.get("fails", {})
    assert sorted({one["rule"] for one in found if one["verdict"] == "unknown"}) == case.get("unknown", [])
    for rule, owners in case.get("names", {}).items():
        said = " ".join(str(one) for one in found if one["rule"] == rule)
        assert [owner for owner in owners if owner not in said] == []
    assert [owner for owner in case.get("silent_about", []) if owner in str(found)] == []
