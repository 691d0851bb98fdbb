"""
The whole graph of some cases, with everything that the analyses read: places, sums, seals, and who rests on whom.

The cases are few that together run each line of `fedpolicy/graph/`. `--update-golden` writes what is found; read the
difference before you keep it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers import graph_of, read_case, told

HERE = Path(__file__).parent
CASES = (
    "analysis/arbiter-with-the-key",
    "analysis/boosting-without-a-word-on-labels",
    "analysis/closed-model-in-an-enclave-that-nobody-attests",
    "analysis/cohort-that-nobody-names",
    "analysis/cohort-with-central-noise",
    "analysis/dp-composition-over-what-is-public",
    "analysis/encryption-does-not-keep-a-model-from-prompts",
    "analysis/fallback-that-trains",
    "analysis/hosted-training-by-way-of-a-gateway",
    "analysis/noise-behind-a-void-seal",
    "analysis/noise-on-what-a-hop-cannot-open",
    "analysis/performed-in-an-enclave-that-nobody-verifies",
    "analysis/personal-copies-by-a-fallback",
    "analysis/retrieval-before-a-judge",
    "analysis/retrieval-beside-a-part",
    "analysis/retrieval-not-said",
    "analysis/retrieval-of-a-task",
    "analysis/seal-end-to-end-on-statistics",
    "analysis/seal-end-to-end-under-secure-aggregation",
    "analysis/sealed-through-a-relay-is-not-brought",
    "analysis/trained-elsewhere-in-the-clear",
    "analysis/unknown-topology",
    "analysis/weights-behind-a-sum",
    "graph/star",
    "graph/tree",
)


def lines(graph):
    for field in fields(graph):
        value = getattr(graph, field.name)
        if value and field.name != "deployment":
            yield field.name
            one_by_one = isinstance(value, Mapping)
            yield from (
                (f"  {name}: {told(one)}" for name, one in sorted(value.items()))
                if one_by_one
                else (f"  {told(one)}" for one in value)
            )


@pytest.mark.parametrize("case", CASES)
def test_a_graph_is_this_and_nothing_else(case, golden):
    room, _, name = case.partition("/")
    graph = graph_of(read_case(HERE.parent / room / "cases" / f"{name}.yaml")[1])
    golden("".join(f"{line}\n" for line in lines(graph)), HERE / "whole" / f"{name}.txt")
