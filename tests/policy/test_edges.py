"""Small promises of the rules' room, exactly: how a baseline is laid out, and what a view says at its edges."""

from __future__ import annotations

from fedpolicy.findings import Severity
from fedpolicy.policy.baseline import BaselineEntry, write_entries


def entry(rule):
    return BaselineEntry(
        file="d.yaml",
        deployment="d",
        rule=rule,
        fingerprint="f",
        verdict="fail",
        severity=Severity.HIGH,
        elements=("é",),
    )


def test_a_baseline_has_a_line_an_entry():
    rows = [
        f'    {{"file": "d.yaml", "deployment": "d", "rule": "{rule}", "verdict": "fail", "severity": "high",'
        ' "elements": ["é"], "fingerprint": "f"}'
        for rule in ("a", "b")
    ]
    assert write_entries([entry("b"), entry("a")]).split("\n") == [
        "{",
        '  "fedpolicy_baseline": 2,',
        '  "findings": [',
        f"{rows[0]},",
        rows[1],
        "  ]",
        "}",
        "",
    ]
    assert write_entries([]) == '{\n  "fedpolicy_baseline": 2,\n  "findings": []\n}\n'
