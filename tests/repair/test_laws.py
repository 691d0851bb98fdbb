"""Whatever is proposed holds: laws of repair on generated deployments, with a check that knows nothing of repair."""

from __future__ import annotations

import json
from itertools import chain, combinations
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy import check
from fedpolicy.findings import Severity, Verdict
from fedpolicy.repair import answer, costs_of
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.repair.candidates import compatible
from fedpolicy.repair.changes import kinds
from fedpolicy.repair.proof import Checker, Prover
from fedpolicy.settings import Settings
from fedpolicy.sources import Source
from tests.analysis.deployments import deployments
from tests.laws import examples

LAW = settings(
    max_examples=examples(12, few=8, fewer="it checks tens of changed copies by all rules"),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
SETTINGS = Settings()


def written(tree):
    return json.dumps({"fedpolicy": 1, "name": "generated", **tree}, indent=1)


def failing(text, least):
    report = check.report_on([Source(name="d.json", text=text.encode())], SETTINGS)
    assert not report.errors
    assert not any(file.errors for file in report.files)
    return [one for one in report.findings if one.verdict is Verdict.FAIL and one.severity >= least]


def asked(text, fail_on, rechecks, **chosen):
    return repair(
        Request(
            source=Source(name="d.json", text=text.encode()),
            settings=SETTINGS,
            costs=costs_of(kinds()),
            choice=Choice(fail_on=fail_on, **chosen),
            proposals=2,
            rechecks=rechecks,
        )
    )


def part_of(finding, others):
    return any(one.rule == finding.rule and set(finding.elements) <= set(one.elements) for one in others)


def elements_of(rule, findings):
    return {element for one in findings if one.rule == rule for element in one.elements}


@pytest.mark.slow
@LAW
@given(deployments(), st.sampled_from(["critical", "high", "medium"]), st.sampled_from([3, 60]))
def test_a_proved_repair_introduces_nothing_as_severe_and_clears_what_it_says(deployment, fail_on, rechecks):
    text = written(deployment)
    least = Severity[fail_on.upper()]
    before = failing(text, least)
    assume(before)
    found = asked(text, fail_on, rechecks)

    assert {one.fingerprint for one in found.chosen} == {one.fingerprint for one in before}
    assert found.rechecks <= rechecks
    for proposal in found.proposals:
        assert proposal.text is not None
        after = failing(proposal.text, least)
        marks = {(one.rule, one.fingerprint) for one in after}
        assert not marks & {(one.rule, one.fingerprint) for one in proposal.clears}
        # What has another name is a part of what failed before, and then that is not said to be cleared.
        assert all(set(one.elements) <= elements_of(one.rule, before) for one in after)
        assert not any(part_of(one, proposal.clears) and not part_of(one, proposal.leaves) for one in after)


@pytest.mark.slow
@LAW
@given(deployments())
def test_no_proposal_is_a_part_of_another_and_the_cheapest_is_first(deployment):
    found = asked(written(deployment), "high", 60)
    sets = [{change.id for change in one.changes} for one in found.proposals]

    assert not any(one <= two for place, one in enumerate(sets) for two in sets[place + 1 :])
    assert not any(two <= one for place, one in enumerate(sets) for two in sets[place + 1 :])
    assert [one.cost for one in found.proposals] == sorted(one.cost for one in found.proposals)
    cleared = {one.fingerprint for proposal in found.proposals for one in proposal.clears}
    assert {one.finding.fingerprint for one in found.stuck} == {one.fingerprint for one in found.chosen} - cleared


FEW = 8  # changes; 255 sets of them
SEARCHED = settings(
    LAW,
    max_examples=examples(
        120, few=8, fewer="it checks all sets of up to eight changes by all rules, 200 ms to a second"
    ),
)


def searched(text, **chosen):
    """An answer, and the search that gave it."""
    seen = []

    def look(options, proofs, wanted):
        seen.append(options)
        return right(options, proofs, wanted)

    right = answer.optimum
    with patch.object(answer, "optimum", look):
        found = asked(text, "high", 300, **chosen)
    return found, seen[0] if seen else None


def better(options, first):
    """The sets of the changes that clear more than a proposal, or as much for less, with nothing as severe instead."""
    prover = options.prover
    checker = Checker(judge=prover.checker.judge, most=10**6)
    anew = Prover(checker=checker, document=prover.document, source=prover.source, goal=prover.goal)
    changes = options.members(options.changes)
    sets = chain.from_iterable(combinations(changes, size) for size in range(1, len(changes) + 1))
    for some in filter(compatible, sets):
        found = len(anew.measure(some)), -options.pool.price(some)
        if found > (len(first.clears), 1e-9 - first.cost) and (proof := anew.prove(some)) is not None and proof.holds:
            yield found


@pytest.mark.slow
@pytest.mark.least_examples(3000)
@SEARCHED
@given(deployments(), st.data())
def test_what_is_called_optimal_is_the_best_of_all_sets(deployment, data):
    text = written(deployment)
    before = failing(text, Severity.MEDIUM)
    assume(before)
    rule = data.draw(st.sampled_from(sorted({one.rule for one in before})))
    found, options = searched(text, rules=(rule,))
    assume(found.optimal and len(options.changes) <= FEW)

    assert not list(better(options, found.proposals[0]))
