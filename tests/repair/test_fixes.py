"""What a page tries for its causes: the file is judged once for all of them, and all searches together have a bound."""

from collections import Counter

import pytest

from fedpolicy import check
from fedpolicy.language.reading.checks import entries
from fedpolicy.repair import answer, costs_of
from fedpolicy.repair.changes import kinds
from fedpolicy.settings import Settings
from fedpolicy.sources import Source

MANY = """fedpolicy: 1
name: many
parties: {a: {role: participant, jurisdiction: DE}, p: {role: provider, jurisdiction: US}}
nodes: {client: {kind: client, party: a}}
datasets: {notes: {at: client, categories: [health]}}
models:
%s
tasks:
%s
"""
FOUR = MANY % (
    "\n".join(f"  m{one}: {{weights: closed, via: [p], licence: acme-terms}}" for one in range(4)),
    "\n".join(f"  t{one}: {{method: llm_judge, model: m{one}, data: [notes], runs_on: client}}" for one in range(4)),
)


@pytest.fixture
def calls(monkeypatch):
    """How often a document is read for changes, changes are searched, and a licence is looked for among all others."""
    found = Counter()

    def counted(module, name):
        inner = getattr(module, name)

        def outer(*given):
            found[name] += 1
            return inner(*given)

        monkeypatch.setattr(module, name, outer)

    counted(check, "document_of")
    counted(entries, "misspelt")
    counted(answer, "repair")
    return found


@pytest.mark.parametrize(("flows", "searches"), [(1, 1), (21, 2)])
def test_a_file_is_read_once_for_all_its_causes(flows, searches, calls, monkeypatch):
    monkeypatch.setattr(answer, "_FLOWS", flows)
    source = Source(name="many.yaml", text=FOUR.encode())
    report = check.report_on([source], Settings(overview=""))

    assert calls == {"misspelt": 1}  # four models, one licence
    found = answer.with_fixes(report, {source.name: source}, Settings(), costs_of(kinds()))

    # Twenty flows, and two copies for each cause.
    assert (calls["document_of"], calls["repair"]) == (1, searches)
    assert found.overviews[0].fixes
