"""
What rules may read of some deployments, all of it: every element, each of its fields that says something, and what is
missing.

The deployments have all keys of the language, or together run each line of `fedpolicy/policy/elements/`.
`--update-golden` writes what is found; read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.language.reading import load_text
from fedpolicy.policy.elements import KINDS, contexts, table
from fedpolicy.policy.world import World
from tests.policy.worlds import catalog, facts_of

ROOT = Path(__file__).parents[2]
ACCEPTED = (
    "agreements",
    "api-calls",
    "datasets",
    "flows",
    "governance",
    "models",
    "nodes",
    "parties",
    "safeguards",
    "tasks",
    "unknowns",
)
SUITE = (
    "analysis-closed-model-in-an-enclave-that-nobody-attests",
    "analysis-dp-absent-delta",
    "analysis-dp-composition-over-what-is-public",
    "analysis-sealed-twice-and-opened-in-turn",
    "analysis-unknown-categories",
    "analysis-unknown-host-and-operators",
    "repair-integrity",
)
CASES = [
    Path(__file__).with_name("rich.yaml"),
    *(ROOT / f"tests/language/accept/{name}.yaml" for name in ACCEPTED),
    *(ROOT / "conformance/cases" / name / "input.yaml" for name in SUITE),
]
DAY = "2026-11-28"


def name_of(path):
    return path.parent.name if path.name == "input.yaml" else path.stem


def elements(world, territories):
    """Each element, with the lines that say what is read of it."""
    for kind in KINDS:
        own = [name for name in table(kind) if name.startswith(f"{kind}.")]
        for context in contexts(world, kind, own, territories):
            found, at = [], "".join(f"{part}." for part in context.subject.path)
            for values in context.variants:
                said = {name.partition(".")[2]: value for name, value in (values or {}).items() if value}
                found.append(f"  {said}" if values is not None else "  not there")
            if context.lacks:
                paths = sorted({path.removeprefix(at) for some in context.absent.values() for path in some})
                found.append(f"  missing: {', '.join(paths)}")
            yield f"{kind} {context.subject.id} at {at}", found


def lines(world):
    """All elements, and what is read of them instead where a law is about some owners only."""
    whole = list(elements(world, ()))
    yield from (line for head, found in whole for line in (head, *found))
    for territory in ("US", "EEA"):
        narrow = [(head, found) for head, found in elements(world, (territory,)) if (head, found) not in whole]
        yield from (line for head, found in narrow for line in (f"{territory}: {head}", *found))


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_rules_read_this_and_nothing_else(path, golden):
    found = []
    for document in load_text(path.read_bytes(), path.name, catalog()).documents:
        found += lines(World(facts_of(document, AnalysisSettings(today=DAY)), document))
    golden("\n".join(found) + "\n", Path(__file__).parent / "whole" / f"{name_of(path)}.txt")


@pytest.mark.parametrize("name", ["agreements", "datasets", "models"])
def test_without_a_day_nothing_has_ended(name):
    (document,) = load_text((ROOT / f"tests/language/accept/{name}.yaml").read_bytes(), name, catalog()).documents
    dated, undated = (lines(World(facts_of(document, AnalysisSettings(today=day)), document)) for day in (DAY, ""))
    told = [line for line in undated if line.startswith("  {")]
    assert told
    assert not [line for line in told if "days_left" in line or "'ended': True" in line]
    assert [line for line in dated if "days_left': " in line or "'ended': True" in line]
