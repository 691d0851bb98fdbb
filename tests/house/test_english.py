"""What reports say reads as if somebody had written it for the reader: the worst patterns are refused."""

from __future__ import annotations

import re

import pytest
import yaml

from fedpolicy.report.style import reason
from tests.house.pages import ROOT

RULES = sorted(ROOT.glob("policies/*/*.yaml"))
WORST = (
    "whose inside",
    "lie open",
    "that this is all right",
    "be it a",
    "do not know what",
    "what neither does",
    "for the same reason",
    "at the position's word",
    "because it is there",
    "and never the",
    "draw out",
    "drawn out",
)


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_rule_speaks_plainly(path):
    rule = yaml.safe_load(path.read_text(encoding="utf-8"))
    told = " ".join(str(rule.get(key, "")) for key in ("title", "message", "why", "help")).lower()

    assert [phrase for phrase in WORST if phrase in told] == []
    assert len(str(rule.get("title", "")).split()) <= 18


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("Data leave. Critical, because no attack is needed.", "Data leave."),
        ("Data leave.\nHigh: it is 3.5 times as bad. It stays so.", "Data leave.\nIt stays so."),
        ("High noise protects. Medium-sized sums do, too.", "High noise protects. Medium-sized sums do, too."),
    ],
)
def test_a_report_does_not_argue_about_severity(why, told):
    assert reason(why) == told


def test_every_reason_is_still_there_without_its_severity():
    for path in RULES:
        why = str(yaml.safe_load(path.read_text(encoding="utf-8")).get("why", ""))
        assert not why or len(re.findall(r"\w+", reason(" ".join(why.split())))) >= 8, path
