"""Whatever is proposed holds: laws of repair on generated deployments, with a check that knows nothing of repair."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy import check
from fedpolicy.findings import Severity, Verdict
from fedpolicy.repair.answer import Choice, Request, repair
from fedpolicy.repair.change import costs_of
from fedpolicy.repair.changes import kinds
from fedpolicy.settings import Settings
from fedpolicy.sources import Source
from tests.analysis.deployments import deployments
from tests.laws import examples

LAW = settings(
    max_examples=examples(12),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
SETTINGS = Settings()


def written(tree):
    return json.dumps({"fedpolicy": 1, "name": "generated", **tree}, indent=1)


def failing(text, least):
    report = check.check([Source(name="d.json", text=text.encode())], SETTINGS)
    assert not report.errors
    assert not any(file.errors for file in report.files)
    return [one for one in report.findings if one.verdict is Verdict.FAIL and one.severity >= least]


def asked(text, fail_on, rechecks):
    return repair(
        Request(
            source=Source(name="d.json", text=text.encode()),
            settings=SETTINGS,
            costs=costs_of(kinds()),
            choice=Choice(fail_on=fail_on),
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
