"""A study and rules -> findings, and counts of every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy.errors import PolicyError, Problems
from fedpolicy.findings import VERDICTS, Finding, Verdict
from fedpolicy.policy.context import Context, contexts
from fedpolicy.policy.expression import activator
from fedpolicy.policy.fields import CONSTANTS, Value
from fedpolicy.policy.finding import evidence_of, finding_of
from fedpolicy.policy.judging import Case, Judgement, alike, cases_of, judge
from fedpolicy.policy.models import Rule
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass
from fedpolicy.spec.load import Document

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study

__all__ = ["Evaluation", "evaluate"]


@dataclass(slots=True, kw_only=True)
class Said:
    """What all rules for a kind say of elements with equal values; `telling` is what becomes findings."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    telling: list[tuple[Rule, Judgement]] = field(default_factory=list)
    elements: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the rules say of one deployment; `counts` has all five verdicts, one per rule and element."""

    findings: tuple[Finding, ...]
    counts: dict[Verdict, int]


def evaluate(study: Study, document: Document, rules: Sequence[Rule]) -> Evaluation:
    """
    Judge every element by every rule that applies to its kind.

    Raises Problems with one PolicyError per rule that cannot be evaluated.
    """
    world = World(study, document)
    counts: Counter[Verdict] = Counter()
    findings: list[Finding] = []
    broken: dict[str, PolicyError] = {}
    for kind, some in _by_kind(rules).items():
        heard: dict[Hashable, Said] = {}
        for context, said in _judged(world, kind, some, broken, heard):
            said.elements += 1
            if said.telling:
                findings += _told(world, context, said.telling)
        for said in heard.values():
            counts.update({verdict: number * said.elements for verdict, number in said.counts.items()})
    if broken:
        raise Problems([broken[name] for name in sorted(broken)])
    return Evaluation(
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        counts={verdict: counts[verdict] for verdict in VERDICTS},
    )


def _by_kind(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.applies_to, []).append(rule)
    return found


def _judged(
    world: World, kind: str, rules: Sequence[Rule], broken: dict[str, PolicyError], heard: dict[Hashable, Said]
) -> Iterator[tuple[Context, Said]]:
    """Every element and what the rules say of it; thousands of elements may differ in nothing that the rules read."""
    wanted = sorted({name for rule in rules for name in rule.variables})
    asked = sorted({name for rule in rules for part in (rule.match, rule.require) if part for name in part.asks})
    activate = activator()
    always: Mapping[str, Value] = {**CONSTANTS, **{key: value for rule in rules for key, value in rule.values.items()}}
    for context in contexts(world, kind, wanted):
        key = alike(context)
        if key not in heard:
            heard[key] = _said(rules, cases_of(context, asked, always, activate), broken)
        yield context, heard[key]


def _said(rules: Sequence[Rule], cases: Sequence[Case | None], broken: dict[str, PolicyError]) -> Said:
    said = Said()
    for rule in rules:
        if rule.id not in broken:
            try:
                found = judge(rule, cases)
            except PolicyError as error:
                broken[rule.id] = error
                continue
            said.counts[found.verdict] += 1
            if found.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
                said.telling.append((rule, found))
    return said


def _told(world: World, context: Context, telling: Sequence[tuple[Rule, Judgement]]) -> list[Finding]:
    evidence = evidence_of(world, context.subject)
    return [
        finding_of(world, rule, context.subject, evidence, one.verdict, one.missing(context)) for rule, one in telling
    ]
