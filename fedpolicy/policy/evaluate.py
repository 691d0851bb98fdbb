"""A study and rules -> findings, and counts of every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.containment import contained
from fedpolicy.errors import FedPolicyError, InputError, PolicyError, Problems
from fedpolicy.findings import VERDICTS, Finding, Verdict
from fedpolicy.language.reading.load import Document
from fedpolicy.policy.context import Context, contexts
from fedpolicy.policy.expression import activator
from fedpolicy.policy.fields import CONSTANTS, Value
from fedpolicy.policy.finding import evidence_of, finding_of
from fedpolicy.policy.judging import Case, Judgement, Unanswered, alike, cases_of, judge
from fedpolicy.policy.load import shipped_packs
from fedpolicy.policy.models import Rule
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study

__all__ = ["Evaluation", "evaluate"]


@dataclass(slots=True, kw_only=True)
class Said:
    """What all rules for a kind say of elements with equal values; `telling` is what becomes findings."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    telling: list[tuple[Rule, Judgement]] = field(default_factory=list)
    elements: int = 0


@dataclass(slots=True, kw_only=True)
class Part:
    """What the rules for one kind of element say; `broken` holds, by rule, why one of them gave no answer."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    broken: dict[str, FedPolicyError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """
    What the rules say of one deployment; `counts` has all five verdicts, one per rule and element.

    `broken` holds, by rule, why one gave no answer about some element; everything else is judged all the same.
    """

    findings: tuple[Finding, ...]
    counts: dict[Verdict, int]
    broken: Mapping[str, FedPolicyError] = field(default_factory=dict)

    def whole(self) -> Evaluation:
        """The same, where every rule gave an answer. Raises Problems otherwise."""
        if self.broken:
            raise Problems([self.broken[name] for name in sorted(self.broken)])
        return self


def evaluate(study: Study, document: Document, rules: Sequence[Rule]) -> Evaluation:
    """
    Judge every element by every rule that applies to its kind.

    A rule that cannot be evaluated takes nothing else along: not its answers about other elements, nor other rules.
    """
    world = World(study, document)
    whole = Part()
    for kind, some in _by_kind(rules).items():
        part = contained(partial(_of_kind, world, kind, some), document.file)
        if isinstance(part, FedPolicyError):
            whole.broken.update(dict.fromkeys((rule.id for rule in some), part))
        else:
            whole.counts.update(part.counts)
            whole.findings += part.findings
            whole.broken |= part.broken
    return Evaluation(
        findings=tuple(sorted(whole.findings, key=lambda finding: finding.sort_key)),
        counts={verdict: whole.counts[verdict] for verdict in VERDICTS},
        broken=whole.broken,
    )


def _of_kind(world: World, kind: str, rules: Sequence[Rule]) -> Part:
    part = Part()
    heard: dict[Hashable, Said] = {}
    for context, said in _judged(world, kind, rules, part.broken, heard):
        said.elements += 1
        if said.telling:
            part.findings += _told(world, context, said.telling)
    for said in heard.values():
        part.counts.update({verdict: number * said.elements for verdict, number in said.counts.items()})
    return part


def _by_kind(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.applies_to, []).append(rule)
    return found


def _judged(
    world: World, kind: str, rules: Sequence[Rule], broken: dict[str, FedPolicyError], heard: dict[Hashable, Said]
) -> Iterator[tuple[Context, Said]]:
    """Every element and what the rules say of it; thousands of elements may differ in nothing that the rules read."""
    wanted = sorted({name for rule in rules for name in rule.variables})
    asked = sorted({name for rule in rules for part in (rule.match, rule.require) if part for name in part.asks})
    activate = activator()
    always: Mapping[str, Value] = {**CONSTANTS, **{key: value for rule in rules for key, value in rule.values.items()}}
    for context in contexts(world, kind, wanted):
        key = alike(context)
        if key not in heard:
            heard[key], silent = _said(rules, cases_of(context, asked, always, activate))
            for rule, why in silent:
                broken.setdefault(rule.id, _silent(world, rule, context, why))
        yield context, heard[key]


def _said(rules: Sequence[Rule], cases: Sequence[Case | None]) -> tuple[Said, list[tuple[Rule, Unanswered]]]:
    said = Said()
    silent: list[tuple[Rule, Unanswered]] = []
    for rule in rules:
        try:
            found = judge(rule, cases)
        except Unanswered as why:
            silent.append((rule, why))
            continue
        said.counts[found.verdict] += 1
        if found.verdict in {Verdict.FAIL, Verdict.UNKNOWN}:
            said.telling.append((rule, found))
    return said, silent


def _silent(world: World, rule: Rule, context: Context, why: Unanswered) -> FedPolicyError:
    """Why a rule gives no answer. One that ships works for the values that people write, so the file is to blame."""
    element = context.subject.id
    if rule.pack in shipped_packs():
        message = f"the rule {rule.id} cannot judge {element}: {why.why}"
        advice = "correct the value; if it is right, report it with the file: then the rule is wrong"
        return InputError(message, span=world.place(context.subject.path), help=advice)
    message = f"`{why.key}` of the rule {rule.id} cannot be evaluated for {element}: {why.why}"
    return PolicyError(message, span=rule.spans[why.key], help="correct the expression")


def _told(world: World, context: Context, telling: Sequence[tuple[Rule, Judgement]]) -> list[Finding]:
    evidence = evidence_of(world, context.subject)
    return [
        finding_of(world, rule, context.subject, evidence, one.verdict, one.missing(context)) for rule, one in telling
    ]
