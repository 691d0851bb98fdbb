"""
What the analyses say of some deployments, all of it: disclosures and their ways, models, budgets, who can stop what.

The deployments are few that together run nearly each line of `fedpolicy/analysis/`. `--update-golden` writes what is
found; read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.records import replace
from tests.helpers import facts_of, hop, told

ROOT = Path(__file__).parents[2]
CASES = (
    "analysis-a-task-calls-under-the-models-terms",
    "analysis-closed-model-in-an-enclave",
    "analysis-cohort-of-one-owner",
    "analysis-cohort-units",
    "analysis-dp-absent-delta",
    "analysis-dp-absent-participations",
    "analysis-dp-composition-over-what-is-public",
    "analysis-dp-matrix-claimed-rho",
    "analysis-dp-noise-is-not-secure-aggregation",
    "analysis-dp-pure-needs-no-delta",
    "analysis-fallback-that-trains",
    "analysis-few-in-a-sum-that-is-shared",
    "analysis-names-are-taken-out-behind-a-void-seal",
    "analysis-names-stay-in-a-sum-behind-a-void-seal",
    "analysis-produced-sealed-is-published-in-the-clear",
    "analysis-prompts-need-records",
    "analysis-seal-end-to-end-on-statistics",
    "analysis-sealed-twice",
    "analysis-synthetic-data-with-and-without-noise",
    "analysis-tee-of-a-client-and-its-models",
    "analysis-tee-that-may-vouch-for-noise",
    "analysis-weights-of-one-owner",
    "graph-hosted-chain",
)


def lines(study):
    for one in study.disclosures:
        yield told(replace(one, paths=(), spent=None))
        yield from (f"  {'; '.join(map(hop, path))}" for path in one.paths)
    yield from (told(replace(one, paths=(), spent=None, not_counted=())) for one in study.pairs() if one.missing)
    yield from map(told, study.models)
    yield from map(told, study.continuity)
    if study.is_noisy:
        yield from (told(replace(one, seen=())) for one in study.ledger.budgets)
        yield from map(told, study.ledger.shares)


@pytest.mark.parametrize("case", CASES)
def test_a_study_is_this_and_nothing_else(case, golden):
    text = (ROOT / "conformance/cases" / case / "input.yaml").read_text(encoding="utf-8")
    found = "".join(f"{line}\n" for line in lines(facts_of(text)))
    golden(found, Path(__file__).parent / "whole" / f"{case.removeprefix('analysis-')}.txt")
