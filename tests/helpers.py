"""What tests of the graph and of the analyses share: YAML in, tables of levels, paths and flows out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.analysis.exposure.disclosures import pairs_of
from fedpolicy.analysis.facts import LEVELS, Disclosure, Step, vertex_name
from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.graph import FlowGraph, bits
from fedpolicy.graph.build import build_graph
from fedpolicy.language.model import Deployment
from fedpolicy.language.reading import load_text

Levels = tuple[str, str, str]
Pair = tuple[str, str, str]  # party, capacity, dataset instance
Text = str | Mapping[str, object]
NONE: Levels = ("none", "none", "none")


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    return load_catalog()


def deployment_of(text: Text) -> Deployment:
    """The one deployment of a text (a mapping is written as JSON first); every mistake in it fails the test."""
    written = text if isinstance(text, str) else json.dumps({"fedpolicy": 1, "name": "test", **text})
    loaded = load_text(written, "deployment.yaml", catalog())
    assert not loaded.errors, "\n".join(str(error) for error in loaded.errors)
    (document,) = loaded.documents
    return document.deployment


def graph_of(text: Text) -> FlowGraph:
    return build_graph(deployment_of(text), catalog())


def facts_of(text: Text, max_epsilon: float | None = None) -> Study:
    return study_of(deployment_of(text), max_epsilon)


def study_of(deployment: Deployment, max_epsilon: float | None = None) -> Study:
    return Study(deployment, catalog(), AnalysisSettings(max_epsilon=max_epsilon))


def seen_in(graph: FlowGraph) -> Study:
    """The study of a graph that was changed."""
    return Study(graph.deployment, catalog(), graph=graph)


def pairs(facts: Study) -> dict[Pair, Disclosure]:
    """The grouped disclosures taken apart: one entry per party, capacity and instance that the party does not own."""
    owners = {item.id: item.owner for item in facts.graph.data}
    found: dict[Pair, Disclosure] = {}
    for disclosure in facts.disclosures:
        count = 0
        for party in disclosure.parties:
            for dataset in disclosure.datasets:
                if owners[dataset] != party:
                    assert (party, disclosure.role, dataset) not in found, "a pair is in two groups"
                    found[party, disclosure.role, dataset] = disclosure
                    count += 1
        assert disclosure.pairs == count, "the group miscounts its pairs"
    return found


def single_pairs(facts: Study) -> dict[Pair, Disclosure]:
    """The same with paths and reasons of their own for every pair."""
    return {(d.parties[0], d.role, d.datasets[0]): d for d in pairs_of(facts.exposure, facts.disclosures)}


def levels_of(disclosure: Disclosure | None) -> Levels:
    if disclosure is None:
        return NONE
    return LEVELS[disclosure.low], LEVELS[disclosure.high], LEVELS[disclosure.guaranteed]


def level(facts: Study, party: str, role: str, dataset: str) -> Levels:
    """(low, high, guaranteed) of one pair; `none` three times where nothing is disclosed."""
    return levels_of(pairs(facts).get((party, role, dataset)))


def table(facts: Study) -> dict[Pair, Levels]:
    """Every pair with its three levels."""
    return {key: levels_of(disclosure) for key, disclosure in pairs(facts).items()}


def shown(levels: Levels) -> str:
    """`inferable`, `bounded..inferable` (an interval) or `bounded / inferable` (declared / guaranteed)."""
    low, high, guaranteed = levels
    declared = low if low == high else f"{low}..{high}"
    return declared if guaranteed == high else f"{declared} / {guaranteed}"


def hop(step: Step) -> str:
    """`client@a -prompts-> openai (tasks.score)`."""
    return f"{vertex_name(step.source)} -{step.payload}-> {vertex_name(step.target)} ({step.origin})"


def ways(disclosure: Disclosure) -> list[list[str]]:
    """Every witness path, hop by hop."""
    return [[hop(step) for step in path] for path in disclosure.paths]


def reasons(disclosure: Disclosure) -> list[str]:
    """`guaranteed tasks.t.safeguards.0: it rests on ...`."""
    return [f"{reason.level} {reason.safeguard}: {reason.why}" for reason in disclosure.not_counted]


def flow_lines(graph: FlowGraph) -> Iterator[str]:
    """Every flow of a graph: `client@a -prompts-> openai: notes@a [tasks.score (llm_judge)]`, `?` where uncertain."""
    for flow in graph.flows:
        data = "*" if flow.data is None else " ".join(sorted(graph.data[index].id for index in bits(flow.data)))
        by = flow.implied_by or flow.origin
        mark = "" if flow.certain else "?"
        yield f"{vertex_name(flow.source)} -{flow.payload}->{mark} {vertex_name(flow.target)}: {data} [{by}]"


def told(value: object) -> str:
    """A value in one line, without what it has by default; numbers as far as every machine agrees on them."""
    if is_dataclass(value):
        shown = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
        parts = (f"{name}={told(one)}" for name, one, usual in shown if usual is MISSING or one != usual)
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(told, value))) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(told, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {told(one)}" for key, one in sorted(value.items())) + "}"
    return str(value)


def read_case(path: Path) -> tuple[dict[str, Any], str]:
    """What a case file expects, and the deployment below its `---`."""
    expected, _, deployment = path.read_text(encoding="utf-8").partition("\n---\n")
    return yaml.load(expected, yaml.CSafeLoader), deployment


def wanted_pairs(facts: Study, key: str) -> list[Pair]:
    """
    The pairs that `agg,b operator notes@*` means.

    Own instances are left out where a pattern stands for several; an instance that is named must not be one's own.
    """
    parties, role, pattern = key.split()
    items = [item for item in facts.graph.data if fnmatchcase(item.id, pattern)]
    assert items, f"no instance of {pattern}"
    found = [(p, role, item.id) for p in parties.split(",") for item in items if item.owner != p or "*" not in pattern]
    assert found, f"{key} means nothing"
    return found


def expected_table(facts: Study, lines: Mapping[str, str]) -> dict[Pair, str]:
    """The table that the lines of a case describe; the first line that names a pair wins, `none` leaves it out."""
    found: dict[Pair, str] = {}
    for key, levels in lines.items():
        for pair in wanted_pairs(facts, key):
            found.setdefault(pair, levels)
    return {pair: levels for pair, levels in found.items() if levels != "none"}


def readable(rows: Mapping[Pair, str]) -> list[str]:
    """A table as lines that a failed test can show."""
    return sorted(f"{' '.join(pair)}: {levels}" for pair, levels in rows.items())


def cases(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.yaml"))


def calls_of(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[tuple[Any, ...]]:
    """What a function is given from now on, each time that it is called; it does what it did."""
    found: list[tuple[Any, ...]] = []
    whole = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *given: found.append(given) or whole(*given))
    return found
