"""A study and rules -> findings, and counts of every verdict; where one is unknown, the facts that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.errors import FedPolicyError, InputError, PolicyError, Problems, contained
from fedpolicy.findings import VERDICTS, Finding, Severity, Verdict
from fedpolicy.graph.lookup import listed_by
from fedpolicy.language.reading import Document
from fedpolicy.policy import Rule
from fedpolicy.policy.elements import KINDS, Context, extracts, table
from fedpolicy.policy.expression import activator
from fedpolicy.policy.fields import CONSTANTS, Subject, Type, Value
from fedpolicy.policy.finding import (
    TOLD,
    Judgement,
    Scenario,
    Unanswered,
    finding_of,
    judge_rule,
    may_match,
    witness_of,
)
from fedpolicy.policy.groups import group_findings
from fedpolicy.policy.load import shipped_packs
from fedpolicy.policy.texts import is_large
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from cel_expr_python.cel import Activation

    from fedpolicy.analysis import Study

_LONG = {Type.TEXT, Type.LIST}


def _scenarios_of(
    context: Context,
    asked: Sequence[str],
    always: Mapping[str, Value],
    activate: Callable[[Mapping[str, Value]], Activation],
) -> list[Scenario | None]:
    """One activation per scenario, shared by all rules; `asked` are the fields whose presence some rule asks for."""
    found: list[Scenario | None] = []
    for values in context.variants:
        if values is None:
            found.append(None)
        else:
            presence = {f"has.{name}": name in values for name in asked}
            found.append((values, activate({**always, **values, **presence}), is_large(values.values())))
    return found


@dataclass(slots=True, kw_only=True)
class GroupVerdict:
    """What all rules for a kind say of elements with equal values; `reportable` is what becomes findings."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    reportable: list[tuple[Rule, Judgement]] = field(default_factory=list)
    held: dict[str, bool] = field(default_factory=dict)
    elements: int = 0


@dataclass(slots=True, kw_only=True)
class KindVerdict:
    """What the rules for one kind of element say; `broken` holds, by rule, why one of them gave no answer."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    broken: dict[str, FedPolicyError] = field(default_factory=dict)
    held: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """
    What the rules say of one deployment; `counts` has all five verdicts, one per rule and element.

    `broken` holds, by rule, why one gave no answer about some element; everything else is judged all the same. `held`
    says, by rule, whether all that it judged passed, and that no other rule told in its place; a rule that judged
    nothing is not there.
    """

    findings: tuple[Finding, ...]
    counts: dict[Verdict, int]
    broken: Mapping[str, FedPolicyError] = field(default_factory=dict)
    held: Mapping[str, bool] = field(default_factory=dict)

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
    whole = _of_all_kinds(World(study, document), rules)
    kept = _told_once(whole.findings, {rule.id: rule.behind for rule in rules if rule.behind})
    whole.counts[Verdict.NOT_APPLICABLE] += len(whole.findings) - len(kept)
    found = group_findings(kept)
    told = Counter(finding.verdict for finding in found)
    return Evaluation(
        findings=tuple(sorted(found, key=lambda finding: finding.sort_key)),
        counts={verdict: told[verdict] if verdict in TOLD else whole.counts[verdict] for verdict in VERDICTS},
        broken=whole.broken,
        held={**whole.held, **dict.fromkeys(whole.broken, False)},
    )


def _of_all_kinds(world: World, rules: Sequence[Rule]) -> KindVerdict:
    whole = KindVerdict()
    in_force = [_in_force(rule, world.today) for rule in rules]
    for (kind, _), some in listed_by(((rule.applies_to, rule.owners_in), rule) for rule in in_force).items():
        part = contained(partial(_of_kind, world, kind, some), world.document.file)
        if isinstance(part, FedPolicyError):
            whole.broken.update(dict.fromkeys((rule.id for rule in some), part))
        else:
            whole.counts.update(part.counts)
            whole.findings += part.findings
            whole.broken |= part.broken
            whole.held |= part.held
    return whole


def _in_force(rule: Rule, today: str) -> Rule:
    """A rule on a day: what is no duty yet is for information."""
    if not rule.applies_from or today >= rule.applies_from:
        return rule
    return replace(rule, severity=Severity.INFO, graver=None, slight=None)


def _of_kind(world: World, kind: str, rules: Sequence[Rule]) -> KindVerdict:
    """What the rules say of every element of a kind; thousands of them may differ in nothing that the rules read."""
    part = KindVerdict()
    cache: dict[Hashable, GroupVerdict] = {}
    wanted = {name for rule in rules for name in rule.variables}
    judge = _judge(world, rules, part.broken)
    for extract in extracts(world, kind, wanted, rules[0].owners_in, _concerned(kind, rules)):
        for likeness, subject, context in extract.elements():
            group = cache.get(likeness)
            if group is None:
                cache[likeness] = group = judge(context())
            group.elements += 1
            if group.reportable:
                part.findings += _findings_for(world, subject, context, group.reportable)
    _add_up(part, cache.values())
    return part


def _add_up(part: KindVerdict, groups: Iterable[GroupVerdict]) -> None:
    """A rule holds where it holds of every group of elements."""
    for group in groups:
        part.counts.update({verdict: number * group.elements for verdict, number in group.counts.items()})
        part.held = {**group.held, **part.held, **{name: False for name, holds in group.held.items() if not holds}}


def _settles(kind: str, rules: Sequence[Rule]) -> bool:
    """
    Whether what is read first of a kind can show that no rule is about an element.

    A rule that compares long values may have to be refused, which only shows once they are read.
    """
    telling = {f"{kind}.{name}" for name in KINDS[kind].telling}
    matches = [rule.match for rule in rules if rule.match]
    others = {name for match in matches for name in match.reads - telling}
    return bool(telling) and len(matches) == len(rules) and all(table(kind)[one].type not in _LONG for one in others)


def _concerned(kind: str, rules: Sequence[Rule]) -> Callable[[Mapping[str, Value]], bool] | None:
    """Whether a rule may be about an element, by what is read first of its kind; None where that can settle nothing."""
    if not _settles(kind, rules):
        return None
    activate, always = activator(), _always(rules)

    def concerned(values: Mapping[str, Value]) -> bool:
        scenario = (values, activate({**always, **values}), is_large(values.values()))
        return any(may_match(rule, scenario) for rule in rules)

    return concerned


def _always(rules: Sequence[Rule]) -> Mapping[str, Value]:
    """What expressions may name whatever the element is."""
    return {**CONSTANTS, **{key: value for rule in rules for key, value in rule.values.items()}}


def _judge(world: World, rules: Sequence[Rule], broken: dict[str, FedPolicyError]) -> Callable[[Context], GroupVerdict]:
    """What rules for one kind say of an element; those that give no answer are `broken`."""
    asked = sorted({name for rule in rules for part in rule.expressions for name in part.asks})
    activate, always = activator(), _always(rules)

    def judge(context: Context) -> GroupVerdict:
        scenarios = _scenarios_of(context, asked, always, activate)
        found: dict[str, Judgement] = {}
        for rule in rules:
            try:
                judgement = judge_rule(rule, scenarios)
            except Unanswered as why:
                broken.setdefault(rule.id, _silent(world, rule, context, why))
            else:
                found[rule.id] = judgement.in_doubt() if context.subject.doubt else judgement
        return _group_verdict(rules, found)

    return judge


def _group_verdict(rules: Sequence[Rule], found: Mapping[str, Judgement]) -> GroupVerdict:
    group = GroupVerdict()
    for rule in rules:
        if rule.id in found:
            verdict = _behind(rule, found)
            group.counts[verdict] += 1
            if found[rule.id].verdict is not Verdict.NOT_APPLICABLE:
                group.held[rule.id] = found[rule.id].verdict is Verdict.PASS
            if verdict in TOLD:
                group.reportable.append((rule, found[rule.id]))
    return group


def _behind(rule: Rule, found: Mapping[str, Judgement]) -> Verdict:
    """What a rule says after more specific ones: what one of them tells, or asks, is told and asked once."""
    own = found[rule.id]
    heard = [found[name] for name in rule.behind if name in found]
    before = {one.verdict for one in heard if _counts_before(one.severity, own.severity)}
    told = own.verdict in TOLD and (Verdict.FAIL in before or own.verdict in before)
    return Verdict.NOT_APPLICABLE if told else own.verdict


def _told_once(findings: Sequence[Finding], behind: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    """The findings without those that a rule of another law tells, or asks, of the same element."""
    told = {(one.rule, one.elements, one.verdict): one.severity for one in findings if one.group is None}
    return [
        one
        for one in findings
        if one.group is not None
        or not any(
            _counts_before(told[name, one.elements, verdict], one.severity)
            for name in behind.get(one.rule, ())
            for verdict in (Verdict.FAIL, one.verdict)
            if (name, one.elements, verdict) in told
        )
    ]


def _counts_before(other: Severity, own: Severity) -> bool:
    """Whether what another rule tells may stand for this one: what is for information only stands for no judgement."""
    return other is not Severity.INFO or own is Severity.INFO


def _silent(world: World, rule: Rule, context: Context, why: Unanswered) -> FedPolicyError:
    """Why a rule gives no answer. One that ships works for the values that people write, so the file is to blame."""
    element = context.subject.id
    if rule.pack in shipped_packs():
        message = f"the rule {rule.id} cannot judge {element}: {why.why}"
        advice = "correct the value; if it is right, report it with the file: then the rule is wrong"
        return InputError(message, span=world.place(context.subject.path), help=advice)
    message = f"`{why.key}` of the rule {rule.id} cannot be evaluated for {element}: {why.why}"
    return PolicyError(message, span=rule.spans[why.key], help="correct the expression")


def _findings_for(
    world: World, subject: Subject, context: Callable[[], Context], reportable: Sequence[tuple[Rule, Judgement]]
) -> list[Finding]:
    evidence = witness_of(world, subject)
    return [
        finding_of(world, rule, subject, evidence, one.verdict, one.severity, one.missing(context))
        for rule, one in reportable
    ]
