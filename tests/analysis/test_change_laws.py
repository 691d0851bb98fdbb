"""What holds of comparisons and of what-if questions, whatever the deployment."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.changes import _blocks, _owners, changes_between
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.whatif import compromised, pooled
from fedpolicy.analysis.whatif.coalitions import smallest_coalitions
from tests.analysis.deployments import deployments
from tests.helpers import facts_of, graph_of, seen_in
from tests.laws import examples

LAW = settings(
    max_examples=examples(250, few=8, fewer="it asks for several changes of a deployment"),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def facts(deployment):
    return facts_of(deployment)


def levels(found):
    return {
        (party, one.role, dataset): (one.high, one.guaranteed)
        for one in found.disclosures
        for party in one.parties
        for dataset in one.datasets
    }


def less(before, after):
    """Those who learn less than before."""
    empty = (0, 0)
    return [key for key, old in before.items() if any(n < o for n, o in zip(after.get(key, empty), old, strict=True))]


def pairs(change, owners):
    """Who is told to learn of what: every pair, but for the party's own data."""
    return [(p, d) for p in change.parties for d in change.datasets if owners[d] != p]


def rows(changes, owners, *, turned=False):
    """Every change as tuples of single pairs; `turned` swaps before and after."""
    both = (lambda c: (c.after, c.before)) if turned else (lambda c: (c.before, c.after))
    return (
        {(*pair, c.role, *both(c)) for c in changes.disclosures for pair in pairs(c, owners)},
        {(c.participants, c.use, c.capability, *both(c)) for c in changes.control},
        {(*pair, *both(c)) for c in changes.budgets for pair in pairs(c, owners)},
    )


@LAW
@given(deployments())
def test_nothing_differs_from_itself(deployment):
    assert not changes_between(facts(deployment), facts(deployment))


@LAW
@given(deployments(), deployments())
def test_a_difference_mirrors_its_reverse(one, other):
    first, second = facts(one), facts(other)

    there, back = changes_between(first, second), changes_between(second, first)

    owners = _owners(first, second)
    assert rows(there, owners) == rows(back, owners, turned=True)
    for changes in (there, back):
        told = [(*pair, one.role) for one in changes.disclosures for pair in pairs(one, owners)]
        spent = [pair for one in changes.budgets for pair in pairs(one, owners)]
        assert sum(one.pairs for one in changes.disclosures) == len(told) == len(set(told))
        assert len(spent) == len(set(spent))


@LAW
@given(deployments(), st.data())
def test_whoever_is_taken_over_nobody_learns_less(deployment, data):
    graph = graph_of(deployment)
    taken = data.draw(st.sampled_from(sorted({*deployment["parties"], *deployment["nodes"]})))

    after = levels(seen_in(compromised(graph, taken)))

    assert less(levels(seen_in(graph)), after) == []


@LAW
@given(deployments(), st.integers(2, 4))
def test_a_coalition_reaches_the_level_and_nobody_in_it_is_superfluous(deployment, level):
    graph = graph_of(deployment)
    for dataset in sorted(deployment["datasets"]):
        for coalition in smallest_coalitions(seen_in(graph), dataset, level, size=3).coalitions:
            for instance in coalition.datasets:
                assert together(graph, coalition.parties, instance) >= level, LEVELS[level]
                for left in coalition.parties:
                    rest = [party for party in coalition.parties if party != left]
                    assert together(graph, rest, instance) < level


def together(graph, parties, instance):
    """The highest level at which parties that pool what they see learn of an instance that is not theirs."""
    found = seen_in(pooled(graph, parties))
    return max(
        (one.high for one in found.disclosures if set(parties) & set(one.parties) and instance in one.datasets),
        default=0,
    )


def test_parties_are_told_together_only_where_every_pair_is_meant():
    cells = [("agg", "n@a"), ("agg", "n@b"), ("x", "n@a"), ("a", "n@b"), ("b", "n@a")]

    assert list(_blocks(cells, {"n@a": "a", "n@b": "b"})) == [
        (("a", "agg", "b"), ("n@a", "n@b"), 4),  # less what is their own
        (("x",), ("n@a",), 1),
    ]
