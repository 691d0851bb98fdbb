"""What goldens leave out so that a rule stays one file: three numbers, and nothing else."""

from __future__ import annotations

import json

from tests.counts import uncounted

TEXT = (
    "2 fail, 1 unknown, {} pass, {} not applicable, 0 waived (1 critical, 1 high; 1 deployment, {} rules of federation)"
)


def test_one_rule_more_that_finds_nothing_changes_no_golden_text():
    assert uncounted(TEXT.format("73", "1,184", "77")) == uncounted(TEXT.format("74", "1,186", "78"))
    assert uncounted(TEXT.format(0, 0, 0)) == TEXT.format("N", "N", "N")


def test_one_rule_more_that_finds_nothing_changes_no_golden_json():
    def summary(**counts):
        return json.dumps({"fail": 2, "unknown": 1, "waived": 0, **counts}, indent=2)

    assert uncounted(summary(**{"pass": 73, "not_applicable": 184})) == uncounted(
        summary(**{"pass": 74, "not_applicable": 186})
    )


def test_what_a_rule_finds_still_counts():
    assert uncounted(TEXT) != uncounted(TEXT.replace("2 fail", "3 fail"))
    assert uncounted(TEXT) != uncounted(TEXT.replace("1 unknown", "2 unknown"))
    assert uncounted(TEXT) != uncounted(TEXT.replace("0 waived", "1 waived"))
    assert uncounted(TEXT) != uncounted(TEXT.replace("1 critical", "2 critical"))
