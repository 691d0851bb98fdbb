"""Where a fact stands, or should be written."""

from __future__ import annotations

import pytest

from fedpolicy.catalog import load_catalog
from fedpolicy.language.reading import load_text
from fedpolicy.language.reading.spans import place_of

TEXT = """\
fedpolicy: 1
name: x
parties:
  a: {role: participant}
  openai: {role: provider}
nodes:
  client: {kind: client, party: [a]}
datasets:
  letters: {at: client, categories: [health]}
models:
  gpt: {weights: closed, via: [openai]}
  gpt.mini:
    weights: closed
    via: [openai]
    terms: {retention_days: 3}
governance:
  withdrawal: any_round
"""


@pytest.fixture(scope="module")
def document():
    loaded = load_text(TEXT, "d.yaml", load_catalog())
    assert loaded.errors == ()
    return loaded.documents[0]


@pytest.mark.parametrize(
    ("fact", "place"),
    [
        ("setting", (1, 1)),
        ("governance.withdrawal", (17, 3)),
        ("governance.audit_log", (16, 1)),
        ("parties.openai.jurisdiction", (5, 3)),
        ("parties.openai.role", (5, 12)),
        ("nodes.client@a.region", (7, 3)),
        ("datasets.letters@a.subjects", (9, 3)),
        ("models.gpt.licence", (11, 3)),
        ("models.gpt.mini.licence", (12, 3)),
        ("models.gpt.mini.terms.retention_days", (15, 13)),
        ("models.gpt.mini.terms.region", (15, 5)),
        ("models.nowhere.licence", (10, 1)),
        ("flows.nowhere.transport", (1, 1)),
    ],
)
def test_a_fact_is_pointed_at(fact, place, document):
    span = place_of(document, fact)

    assert (span.line, span.column) == place
