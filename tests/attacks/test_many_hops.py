"""Many hops, and many places of one party: what is followed for a report takes no longer than what it says is worth."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from fedpolicy.analysis.exposure import witness
from fedpolicy.analysis.exposure.witness import Witnesses
from fedpolicy.check import report_on
from fedpolicy.sources import Source
from tests.helpers import single_pairs, study_of
from tests.language.reading import one

PARTIES = "parties: {a: {role: participant}, b: {role: participant}, o: {role: coordinator}}"


def tree_of(hops):
    """A sum that goes up through many aggregators of one party, and comes down again."""
    names = [f"e{number}" for number in range(hops)]
    edges = "".join(f"  {name}: {{kind: aggregator, party: o}}\n" for name in names)
    return (
        f"fedpolicy: 1\nname: tree\n{PARTIES}\nnodes:\n  site: {{kind: client, party: [a, b], count: 2}}\n"
        f"  top: {{kind: aggregator, party: o}}\n{edges}datasets: {{d: {{at: site, categories: [health]}}}}\n"
        f"tasks: {{t: {{method: fedavg, data: d, runs_on: site, aggregator: top, hops: [{', '.join(names)}]}}}}\n"
    )


def stores_of(number):
    """One party has a store for each of the other's nodes, and each node data of its own."""
    each = range(number)
    nodes = "".join(f"  n{n}: {{kind: client, party: a}}\n  m{n}: {{kind: store, party: o}}\n" for n in each)
    data = "".join(f"  d{n}: {{at: n{n}, categories: [health]}}\n" for n in each)
    flows = "".join(f"  f{n}: {{from: n{n}, to: m{n}, payload: records}}\n" for n in each)
    return f"fedpolicy: 1\nname: stores\n{PARTIES}\nnodes:\n{nodes}datasets:\n{data}flows:\n{flows}"


@pytest.fixture
def steps(monkeypatch):
    """How often each method of the search for ways is called."""
    counted = Counter()

    def watched(name):
        real = getattr(Witnesses, name)

        def call(*arguments):
            counted[name] += 1
            return real(*arguments)

        monkeypatch.setattr(Witnesses, name, call)

    for name in ("_same_element", "_holds"):
        watched(name)
    return counted


@pytest.mark.no_cover
def test_each_hop_more_does_not_double_the_search(steps):
    taken = []
    for hops in (4, 8, 16):
        steps.clear()
        report = report_on([Source(name="tree.yaml", text=tree_of(hops).encode())])
        assert report.findings
        assert not report.errors
        taken.append(steps["_same_element"])

    # Without a bound: four times as many with each hop.
    assert taken[1] < 20 * taken[0]
    assert taken[2] < 20 * taken[1]


def test_what_is_told_about_a_long_tree_begins_at_the_data_and_ends_at_who_learns(monkeypatch):
    for lost in (0, 200):
        monkeypatch.setattr(witness, "_LOST", lost)
        found = single_pairs(study_of(one(tree_of(12)).deployment))
        assert found
        for (party, _, instance), disclosure in found.items():
            assert disclosure.paths, (party, instance)
            for path in disclosure.paths:
                assert path[0].source.removeprefix("nodes.").startswith("site"), path
                assert all(step.target == after.source for step, after in pairwise(path))


@pytest.mark.no_cover
def test_places_that_hold_nothing_of_an_instance_are_not_looked_at(steps):
    number = 300
    report = report_on([Source(name="stores.yaml", text=stores_of(number).encode())])

    assert sum(finding.rule == "raw-data-leaves-silo" for finding in report.findings) >= 1
    # Each of the two parties, each instance, in some readings; not each place of a party for each instance.
    assert 0 < steps["_holds"] < 20 * number < number**2


def test_where_everybody_holds_everything_no_list_is_kept(monkeypatch):
    text = stores_of(40)
    kept = single_pairs(study_of(one(text).deployment))
    monkeypatch.setattr(witness, "_MOST_HELD", 0)
    looked_up = single_pairs(study_of(one(text).deployment))

    assert {key: one.paths for key, one in kept.items()} == {key: one.paths for key, one in looked_up.items()}
