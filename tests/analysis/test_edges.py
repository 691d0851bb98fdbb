"""Small promises of the analyses, exactly: how large a table may be, and how instances are told apart by their ways."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from fedpolicy.analysis.exposure.equivalence import _cells
from fedpolicy.analysis.facts import cells_of
from tests.helpers import facts_of, read_case


@pytest.mark.parametrize(("many", "hidden"), [(5_000, 0), (5_001, 1)])
def test_a_table_has_room_for_five_thousand_cells(many, hidden):
    seen = {"low": 1, "high": 2, "guaranteed": 2, "allowed": None, "datasets": ("notes@a",)}
    found = SimpleNamespace(parties=tuple(f"p{number}" for number in range(many)), **seen)
    graph = SimpleNamespace(data=[SimpleNamespace(id="notes@a", family="notes", owner="a")])
    cells, left_out = cells_of(SimpleNamespace(graph=graph, lookup=SimpleNamespace(party=str), disclosures=[found]))
    assert (len(cells), left_out) == (0 if hidden else many, hidden)


def test_instances_with_the_same_ways_are_one_cell_whether_few_or_many_come_by_them():
    one, two = ("tasks.t", "uplink"), ("tasks.t", "call")
    kind = SimpleNamespace(families={"few": 0b0001, "both": 0b1000})
    few, many = {"few": {one}, "both": {one, two}}, {one: 0b0010}

    found = {ways: mask for mask, ways in _cells(kind, 0b1111, few, many)}

    assert found == {frozenset({one}): 0b0011, frozenset({one, two}): 0b1000, frozenset(): 0b0100}


def test_an_enclave_of_which_all_is_said_decides_nothing_about_another():
    text = read_case(Path(__file__).parent / "cases/tee-that-may-vouch-for-noise.yaml")[1]
    tee = "{kind: sgx, attested: true, verified_by: [a, b], hides_from: [operator, host]}"
    more = text.replace("  aggregator:", f"  vault: {{kind: store, party: agg, tee: {tee}}}\n  aggregator:")
    one, other = ({(d.parties, d.vouched, d.guaranteed) for d in facts_of(each).disclosures} for each in (text, more))

    assert one == other
    assert any(vouched < guaranteed for _, vouched, guaranteed in one)
