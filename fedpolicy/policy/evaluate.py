"""A study and rules -> findings, and counts of every verdict; where one is unknown, the facts that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
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
from fedpolicy.policy.groups import counts_before, group_findings, told_once
from fedpolicy.policy.load import shipped_packs
from fedpolicy.policy.texts import is_large
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis import Study

_LONG = {Type.TEXT, Type.LIST}
_MOST = 2_000  # verdicts that are remembered
_LARGE = 500  # flows; what was worked out for more is mostly a process's last work, and takes a while to take apart


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVerdict:
    """
    What all rules for a kind say of elements with equal values.

    `reportable` is what becomes findings, `silent` are the rules that give no answer, with the reason.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    reportable: list[tuple[Rule, Judgement]] = field(default_factory=list)
    held: dict[str, bool] = field(default_factory=dict)
    silent: list[tuple[Rule, Unanswered]] = field(default_factory=list)


class Docket:
    """
    The rules for a kind that are about owners in the same territories; `wanted` are the fields that they read.

    What they say of an element follows from its values alone, so it is remembered: the files of an estate, the changes
    that a repair tries and the states of a file in an editor have most of them in common.
    """

    def __init__(self, kind: str, rules: Sequence[Rule]) -> None:
        self.kind, self.rules, self.territories = kind, rules, rules[0].owners_in
        self.wanted = frozenset(name for rule in rules for name in rule.variables)
        self._asked = sorted({name for rule in rules for part in rule.expressions for name in part.asks})
        # What expressions may name whatever the element is.
        self._always = {**CONSTANTS, **{key: value for rule in rules for key, value in rule.values.items()}}
        self._activate = activator()
        self._known: dict[Hashable, GroupVerdict] = {}
        self.concerned = self._concerned if self._settles() else None

    def verdict(self, values: Hashable, context: Callable[[], Context]) -> GroupVerdict:
        """What the rules say of elements with such values; `context` makes that of one of them."""
        found = self._known.get(values)
        if found is None:
            known = context()
            scenarios = [self._scenario(one) for one in known.variants]
            found = self._judged(scenarios, in_doubt=bool(known.subject.doubt))
            if not any(one and one[2] for one in scenarios):  # what is long would take room
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[values] = found
        return found

    def _scenario(self, values: Mapping[str, Value] | None) -> Scenario | None:
        """One activation for all rules."""
        if values is None:
            return None
        presence = {f"has.{name}": name in values for name in self._asked}
        return values, self._activate({**self._always, **values, **presence}), is_large(values.values())

    def _judged(self, scenarios: Sequence[Scenario | None], *, in_doubt: bool) -> GroupVerdict:
        found: dict[str, Judgement] = {}
        group = GroupVerdict()
        for rule in self.rules:
            try:
                judgement = judge_rule(rule, scenarios, rising=KINDS[self.kind].rising)
            except Unanswered as why:
                group.silent.append((rule, why))
            else:
                found[rule.id] = judgement.in_doubt() if in_doubt else judgement
        for rule in (rule for rule in self.rules if rule.id in found):
            _add(group, rule, found)
        return group

    def _settles(self) -> bool:
        """
        Whether what is read first of a kind can show that no rule is about an element.

        A rule that compares long values may have to be refused, which only shows once they are read.
        """
        telling = {f"{self.kind}.{name}" for name in KINDS[self.kind].telling}
        matches = [rule.match for rule in self.rules if rule.match]
        others = {name for match in matches for name in match.reads - telling}
        short = all(table(self.kind)[one].type not in _LONG for one in others)
        return bool(telling) and len(matches) == len(self.rules) and short

    def _concerned(self, values: Mapping[str, Value]) -> bool:
        """Whether a rule may be about an element, by what is read first of its kind."""
        scenario = (values, self._activate({**self._always, **values}), is_large(values.values()))
        return any(may_match(rule, scenario) for rule in self.rules)


class _Same:
    """Rules that are the very same: to compare all that they say would take longer than to ask them."""

    __slots__ = ("_ids", "rules")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._ids = tuple(map(id, self.rules))

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._ids == self._ids


@lru_cache(maxsize=8)
def _dockets(same: _Same, today: str) -> Sequence[Docket]:
    """The rules by what they are about, as they are in force on a day."""
    in_force = [_in_force(rule, today) for rule in same.rules]
    groups = listed_by(((rule.applies_to, rule.owners_in), rule) for rule in in_force)
    return [Docket(kind, some) for (kind, _), some in groups.items()]


def _in_force(rule: Rule, today: str) -> Rule:
    """A rule on a day: what is no duty yet is for information."""
    if not rule.applies_from or today >= rule.applies_from:
        return rule
    return replace(rule, severity=Severity.INFO, graver=None, slight=None)


def _add(group: GroupVerdict, rule: Rule, found: Mapping[str, Judgement]) -> None:
    verdict = _behind(rule, found)
    group.counts[verdict] += 1
    if found[rule.id].verdict is not Verdict.NOT_APPLICABLE:
        group.held[rule.id] = found[rule.id].verdict is Verdict.PASS
    if verdict in TOLD:
        group.reportable.append((rule, found[rule.id]))


def _behind(rule: Rule, found: Mapping[str, Judgement]) -> Verdict:
    """What a rule says after more specific ones: what one of them tells, or asks, is told and asked once."""
    own = found[rule.id]
    heard = [found[name] for name in rule.behind if name in found]
    before = {one.verdict for one in heard if counts_before(one.severity, own.severity)}
    told = own.verdict in TOLD and (Verdict.FAIL in before or own.verdict in before)
    return Verdict.NOT_APPLICABLE if told else own.verdict


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
    world = World(study, document)
    whole = _of_all_kinds(world, rules)
    kept = told_once(whole.findings, {rule.id: rule.behind for rule in rules if rule.behind})
    whole.counts[Verdict.NOT_APPLICABLE] += len(whole.findings) - len(kept)
    found = group_findings(kept)
    if len(study.graph.flows) < _LARGE:
        world.forget()
    told = Counter(finding.verdict for finding in found)
    return Evaluation(
        findings=tuple(sorted(found, key=lambda finding: finding.sort_key)),
        counts={verdict: told[verdict] if verdict in TOLD else whole.counts[verdict] for verdict in VERDICTS},
        broken=whole.broken,
        held={**whole.held, **dict.fromkeys(whole.broken, False)},
    )


def _of_all_kinds(world: World, rules: Sequence[Rule]) -> KindVerdict:
    whole = KindVerdict()
    for docket in _dockets(_Same(rules), world.today):
        part = contained(partial(_of_kind, world, docket), world.document.file)
        if isinstance(part, FedPolicyError):
            whole.broken.update(dict.fromkeys((rule.id for rule in docket.rules), part))
        else:
            whole.counts.update(part.counts)
            whole.findings += part.findings
            whole.broken |= part.broken
            whole.held |= part.held
    return whole


@dataclass(slots=True, kw_only=True)
class _Told:
    """What is said of elements with equal values, and how many there are."""

    group: GroupVerdict
    elements: int = 0


def _of_kind(world: World, docket: Docket) -> KindVerdict:
    """What the rules say of every element of a kind; thousands of them may differ in nothing that the rules read."""
    part = KindVerdict()
    cache: dict[Hashable, _Told] = {}
    for extract in extracts(world, docket.kind, docket.wanted, docket.territories, docket.concerned):
        for likeness, subject, context in extract.elements():
            told = cache.get(likeness)
            if told is None:
                cache[likeness] = told = _Told(group=docket.verdict((extract.surroundings, likeness), context))
                for rule, why in told.group.silent:
                    part.broken.setdefault(rule.id, _silent(world, rule, subject, why))
            told.elements += 1
            if told.group.reportable:
                part.findings += _findings_for(world, subject, context, told.group.reportable)
    _add_up(part, cache.values())
    return part


def _add_up(part: KindVerdict, found: Iterable[_Told]) -> None:
    """A rule holds where it holds of every group of elements."""
    for told in found:
        held = told.group.held
        part.counts.update({verdict: number * told.elements for verdict, number in told.group.counts.items()})
        part.held = {**held, **part.held, **{name: False for name, holds in held.items() if not holds}}


def _silent(world: World, rule: Rule, subject: Subject, why: Unanswered) -> FedPolicyError:
    """Why a rule gives no answer. One that ships works for the values that people write, so the file is to blame."""
    element = subject.id
    if rule.pack in shipped_packs():
        message = f"the rule {rule.id} cannot judge {element}: {why.why}"
        advice = "correct the value; if it is right, report it with the file: then the rule is wrong"
        return InputError(message, span=world.place(subject.path), help=advice)
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
