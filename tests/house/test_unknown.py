"""The page on what is unknown: its deployment raises its two questions, and it names the facts that would decide."""

from __future__ import annotations

import re

from fedpolicy import api
from fedpolicy.policy.elements import table
from fedpolicy.policy.fields import Known
from fedpolicy.sources import Source
from tests.house.pages import ROOT, blocks

PAGE = (ROOT / "docs" / "unknown.md").read_text(encoding="utf-8")


def test_the_page_shows_one_question_of_each_kind():
    (text,) = blocks(PAGE, "yaml")
    report = api.check([], texts=[Source(name="deployment.yaml", text=text.encode())])
    missing = {finding.rule: finding.missing for finding in report.findings if finding.verdict is api.Verdict.UNKNOWN}
    rows = re.findall(r"^\| `([\w-]+)` \| [^|]+ \| [^|]*\*\*(open|range)\*\*[^|]* \| (.+) \|$", PAGE, re.MULTILINE)

    assert [(rule, kind) for rule, kind, _ in rows] == [
        ("unsafe-weights-format", "open"),
        ("single-updates-visible", "range"),
    ]
    for rule, _, facts in rows:
        named = re.findall(r"`([\w.]+)`", facts)
        assert set(named) <= set(missing[rule])
        assert facts.endswith("...") or set(named) == set(missing[rule])


def test_the_fields_behind_the_two_questions_are_of_these_kinds():
    assert table("model")["model.format"].known is Known.OPEN
    assert table("disclosure")["disclosure.level"].known is Known.RANGE
