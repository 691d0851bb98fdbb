"""
Small deployments with everything that is disclosed in them. A file dropped into `cases/` is a test.

A case has two documents: what is expected, and the deployment. What is expected:

    about          the sentence that the case shows
    disclosures    the whole table, `agg,b operator notes@*: inferable`. `low..high` is an interval, what stands
                   behind ` / ` the guaranteed level where it differs. What is not listed must not be disclosed.
    paths          every separate way in for a pair, hop by hop
    not_counted    every safeguard on these ways that does not count for a pair, and why
    missing        the facts on which the interval of a pair hangs
    claims         the claimed budgets on which the level of a pair rests
    vouched        the guaranteed level of a pair where enclaves keep out their operators if nobody says whether they do
    allowed        the most that the owner's releases permit
    contains       what each model has learned from
    access         how each use reaches its model: `use model how runner`, and `infeasible` or `unknown` behind it
    max_epsilon    the setting of that name
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.analysis.facts import LEVELS
from tests.helpers import (
    cases,
    expected_table,
    facts_of,
    levels_of,
    read_case,
    readable,
    reasons,
    shown,
    single_pairs,
    table,
    wanted_pairs,
    ways,
)

KNOWN = {
    "about",
    "disclosures",
    "paths",
    "not_counted",
    "missing",
    "claims",
    "vouched",
    "allowed",
    "contains",
    "access",
    "max_epsilon",
}
CASES = cases(Path(__file__).parent / "cases")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_deployment_discloses_what_its_case_says(path):
    expected, deployment = read_case(path)
    assert set(expected) <= KNOWN
    limit = expected.get("max_epsilon")
    facts = facts_of(deployment, limit)
    single = single_pairs(facts)

    found = {pair: shown(levels) for pair, levels in table(facts).items()}
    assert readable(found) == readable(expected_table(facts, expected["disclosures"]))
    assert {pair: shown(levels_of(one)) for pair, one in single.items()} == found

    views = {
        "paths": ways,
        "not_counted": reasons,
        "missing": lambda one: list(one.missing),
        "claims": lambda one: list(one.claims),
        "vouched": lambda one: LEVELS[one.vouched],
        "allowed": lambda one: None if one.allowed is None else LEVELS[one.allowed],
    }
    for name, view in views.items():
        for key, value in expected.get(name, {}).items():
            for pair in wanted_pairs(facts, key):
                assert view(single[pair]) == value, f"{name} of {' '.join(pair)}"

    models = {model.id: model for model in facts.models}
    for name, contents in expected.get("contains", {}).items():
        assert list(models[name].contains) == contents, f"models.{name}"
    if "access" in expected:
        words = {True: "", False: " infeasible", None: " unknown"}
        entries = (entry for model in facts.models for entry in model.access)
        assert sorted(
            f"{entry.use} {entry.model} {entry.how} {entry.runner or '-'}{words[entry.feasible]}" for entry in entries
        ) == sorted(expected["access"])


def test_there_are_cases():
    assert len(CASES) > 50
