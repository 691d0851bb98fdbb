"""
What rules say of a deployment, judged twice: by the product, and from what a reader of their texts knows.

A module of `judges/` covers some rules: it has `RULES`, their ids, and `judge(tree, study)`, which says `fail` or
`unknown` by rule and element, and leaves out what passes or does not apply. It may use what the analyses computed, of
which there are other models, and nothing of what rules read. A module of `words/` has `add(author, tree)`, which says
at random what rules read and no level depends on. Both are found by their files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.catalog import load_catalog
from fedpolicy.findings import Finding
from fedpolicy.language.reading import Document, load_text
from fedpolicy.policy import Rule
from fedpolicy.policy.evaluate import _of_all_kinds
from fedpolicy.policy.groups import group_findings
from fedpolicy.policy.load import load_rules, shipped_packs
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


# Which of two rules tells one thing hangs on the way that is found first, where there are several.
# What hangs on who of a group learns whose, such as a contract between both, or a permit for some: asked of each pair
# apart, as findings on the group name those alone who lack something.
APART = (
    "ehds-learned-outside-permit",
    "phi-not-deidentified",
    "phi-without-business-associate-agreement",
    "processor-without-contract",
    "substance-use-records-without-consent",
    "transfer-without-tool",
)
TOLD_AS = {"small-aggregate": "single-updates-visible", "evaluation-data-exported": "raw-data-leaves-silo"}


def worded(tree: Tree, seed: str) -> Tree:
    """A deployment, and what each of `words/` adds to it. The same seed adds the same."""
    for one in WORDS:
        author = Author("")
        author.random = Random(f"{one.__name__} {seed}")
        one.add(author, tree)
    return tree


def judged(tree: Tree) -> Verdicts:
    """What the judges say of a deployment that is not refused."""
    return _told(judged_alone(tree).items())


def judged_alone(tree: Tree) -> Verdicts:
    """The same, rule by rule."""
    study = _known(json.dumps(tree))[1]
    return {row: said for one in JUDGES for row, said in one.judge(tree, study).items()}


def found(tree: Tree) -> Verdicts:
    """What the product says of the same, each rule for itself, before anything is grouped."""
    document, study = _known(json.dumps(tree))
    single = study.showing(list(study.pairs()))
    looked_at = (
        (study, [one for one in _alone() if one.id not in APART]),
        (single, [one for one in _alone() if one.id in APART]),
    )
    every = [_of_all_kinds(World(seen, document), tuple(rules)) for seen, rules in looked_at]
    assert not any(one.broken for one in every), every
    pairs = {(study.lookup.party(one.parties[0]), one.role, one.datasets[0]) for one in study.pairs()}
    said = [
        ((one.rule, element), one.verdict.value)
        for whole in every
        for one in whole.findings
        for element in _elements(one, pairs)
    ]
    return _told(said)


def _told(said: Iterable[tuple[tuple[str, str], str]]) -> Verdicts:
    """What fails for a part fails, and so does what one of two rules tells."""
    rows = [((TOLD_AS.get(rule, rule), element), verdict) for (rule, element), verdict in said]
    return dict(sorted(rows, key=lambda row: row[1] == "fail"))


def told(tree: Tree, rule: str) -> list[str]:
    """The messages of a rule."""
    document, study = _known(json.dumps(tree))
    alone = [one for one in _alone() if one.id == rule]
    return [one.message for one in group_findings(_of_all_kinds(World(study, document), tuple(alone)).findings)]


@lru_cache(maxsize=1)
def _known(text: str) -> tuple[Document, Study]:
    catalog = load_catalog()
    loaded = load_text(json.dumps({"fedpolicy": 1, "name": "random", **json.loads(text)}), "random.yaml", catalog)
    (document,) = loaded.documents
    return document, Study(document.deployment, catalog, AnalysisSettings(today=TODAY))


@cache
def _alone() -> tuple[Rule, ...]:
    return tuple(replace(rule, behind=()) for rule in load_rules(shipped_packs()) if rule.id in RULES)


@cache
def _causes() -> frozenset[str]:
    """The rules on dependencies, of which each has a cause, and parties that may be as many as there are."""
    return frozenset(rule.id for rule in _alone() if rule.applies_to == "dependency")


def _elements(finding: Finding, pairs: set[tuple[str, str, str]]) -> Iterator[str]:
    """What a finding is about: of what somebody can learn, each party, in what capacity, and each instance."""
    if finding.rule in _causes():
        yield finding.elements[0]
        return
    if finding.group is None:
        apart = {"code-from-untrusted": _of_code, "budgets-add-up": _of_budget}
        yield from apart[finding.rule](finding) if finding.rule in apart else [_origin(finding)]
    for member in finding.group.members if finding.group else ():
        every = product(member.parties, [member.role], member.datasets)
        yield from (" ".join(one) for one in every if one in pairs)


def _origin(finding: Finding) -> str:
    """Its elements; of what a call or a flow implies, the entry that implies it."""
    if finding.elements[0].partition(".")[0] in ("api_calls", "flows") and "safeguards" not in finding.elements[0]:
        return ".".join(finding.elements[0].split(".")[:2])
    return " ".join(finding.elements)


def _of_code(finding: Finding) -> Iterator[str]:
    """Who wrote the code and who does not trust it; for what else it sends is for the message to tell."""
    names = [one.partition(".")[2] for one in finding.elements if one.startswith("parties.")]
    yield from (f"{names[0]} {owner}" for owner in names[1:]) if names else finding.elements


def _of_budget(finding: Finding) -> Iterator[str]:
    """Who sees it and of which dataset, party by party: how instances are told together is for the message to tell."""
    names = [one.partition(".")[2] for one in finding.elements]
    yield from (f"{party} {names[-1]}" for party in names[:-1])
