"""Facts and rules -> findings, and counts of every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import Facts
from fedpolicy.analysis.settings import AnalysisSettings
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
    from fedpolicy.catalog.load import Catalog

__all__ = ["Evaluation", "evaluate"]

Said = list[tuple[Rule, Judgement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the rules say of one deployment; `counts` has all five verdicts, one per rule and element."""

    findings: tuple[Finding, ...]
    counts: dict[Verdict, int]


def evaluate(
    facts: Facts,
    document: Document,
    catalog: Catalog,
    rules: Sequence[Rule],
    settings: AnalysisSettings | None = None,
) -> Evaluation:
    """
    Judge every element by every rule that applies to its kind.

    Raises Problems with one PolicyError per rule that cannot be evaluated.
    """
    world = World(facts, document, catalog, settings)
    counts: Counter[Verdict] = Counter()
    findings: list[Finding] = []
    broken: dict[str, PolicyError] = {}
    for kind, some in _by_kind(rules).items():
        for context, said in _judged(world, kind, some, broken):
            counts.update(one.verdict for _, one in said)
            findings += _told(world, context, said)
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
    world: World, kind: str, rules: Sequence[Rule], broken: dict[str, PolicyError]
) -> Iterator[tuple[Context, Said]]:
    wanted = sorted({name for rule in rules for name in rule.variables})
    asked = sorted({name for rule in rules for part in (rule.match, rule.require) if part for name in part.asks})
    activate = activator()
    always: Mapping[str, Value] = {**CONSTANTS, **{key: value for rule in rules for key, value in rule.values.items()}}
    # Thousands of elements may differ in nothing that these rules read.
    known: dict[Hashable, Said] = {}
    for context in contexts(world, kind, wanted):
        key = alike(context)
        if key not in known:
            known[key] = _said(rules, cases_of(context, asked, always, activate), broken)
        yield context, known[key]


def _said(rules: Sequence[Rule], cases: Sequence[Case | None], broken: dict[str, PolicyError]) -> Said:
    found = []
    for rule in rules:
        if rule.id not in broken:
            try:
                found.append((rule, judge(rule, cases)))
            except PolicyError as error:
                broken[rule.id] = error
    return found


def _told(world: World, context: Context, said: Said) -> list[Finding]:
    telling = [(rule, one) for rule, one in said if one.verdict in {Verdict.FAIL, Verdict.UNKNOWN}]
    if not telling:
        return []
    evidence = evidence_of(world, context.subject)
    return [
        finding_of(world, rule, context.subject, evidence, one.verdict, one.missing(context)) for rule, one in telling
    ]
