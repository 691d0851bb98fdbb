"""
What rules say of a deployment, judged twice: by the product, and from what a reader of their texts knows.

A module of `judges/` covers some rules: it has `RULES`, their ids, and `judge(tree, study)`, which says `fail` or
`unknown` by rule and element, and leaves out what passes or does not apply. It may use what the analyses computed, of
which there are other models, and nothing of what rules read. A module of `words/` has `add(author, tree)`, which says
at random what rules read and no level depends on. Both are found by their files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.catalog import load_catalog
from fedpolicy.findings import Finding
from fedpolicy.language.reading import Document, load_text
from fedpolicy.policy import Rule
from fedpolicy.policy.evaluate import _of_all_kinds
from fedpolicy.policy.load import load_rules
from fedpolicy.policy.world import World
from fedpolicy.records import replace
from tests.reference.deployments import Author, Tree

HERE = Path(__file__).parent
TODAY = "2026-06-15"
Verdicts = dict[tuple[str, str], str]


def _modules(folder: str) -> list[Any]:
    return [import_module(f"tests.reference.{folder}.{path.stem}") for path in sorted((HERE / folder).glob("*.py"))]


JUDGES, WORDS = _modules("judges"), _modules("words")
RULES: tuple[str, ...] = tuple(sorted(rule for one in JUDGES for rule in one.RULES))


def worded(tree: Tree, seed: str) -> Tree:
    """A deployment, and what each of `words/` adds to it. The same seed adds the same."""
    for one in WORDS:
        author = Author("")
        author.random = Random(f"{one.__name__} {seed}")
        one.add(author, tree)
    return tree


def judged(tree: Tree) -> Verdicts:
    """What the judges say of a deployment that is not refused."""
    study = _known(json.dumps(tree))[1]
    return {row: said for one in JUDGES for row, said in one.judge(tree, study).items()}


def found(tree: Tree) -> Verdicts:
    """What the product says of the same, each rule for itself, before anything is grouped."""
    document, study = _known(json.dumps(tree))
    whole = _of_all_kinds(World(study, document), _alone())
    assert not whole.broken, whole.broken
    return {(one.rule, element): one.verdict.value for one in whole.findings for element in _elements(one)}


def told(tree: Tree, rule: str) -> list[str]:
    """The messages of a rule."""
    document, study = _known(json.dumps(tree))
    alone = [one for one in _alone() if one.id == rule]
    return [one.message for one in _of_all_kinds(World(study, document), alone).findings]


@lru_cache(maxsize=1)
def _known(text: str) -> tuple[Document, Study]:
    catalog = load_catalog()
    loaded = load_text(json.dumps({"fedpolicy": 1, "name": "random", **json.loads(text)}), "random.yaml", catalog)
    (document,) = loaded.documents
    return document, Study(document.deployment, catalog, AnalysisSettings(today=TODAY))


@cache
def _alone() -> tuple[Rule, ...]:
    return tuple(replace(rule, behind=()) for rule in load_rules() if rule.id in RULES)


def _elements(finding: Finding) -> Iterator[str]:
    """What a finding is about: of what somebody can learn, each party, in what capacity, and each instance."""
    if finding.group is None:
        yield " ".join(finding.elements)
        return
    for member in finding.group.members:
        for party in member.parties:
            owned = zip(member.datasets, member.owners, strict=True)
            yield from (f"{party} {member.role} {name}" for name, owner in owned if owner != party)
