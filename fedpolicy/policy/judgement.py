"""One rule on one element, in every scenario that missing facts leave open -> a verdict, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.findings import Severity, Verdict
from fedpolicy.policy.context import Context
from fedpolicy.policy.expression import EvaluationError, Expression, Truth
from fedpolicy.policy.fields import Value
from fedpolicy.policy.models import Rule
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from cel_expr_python.cel import Activation

__all__ = ["TOLD", "Judgement", "Scenario", "Unanswered", "combine", "judge_rule"]

TOLD = {Verdict.FAIL, Verdict.UNKNOWN}

Scenario = tuple[Mapping[str, Value], "Activation"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a rule says of all elements with the same values.

    `absent` are the fields that it lacks for an answer; `undecided` says that the scenarios of a missing fact differ,
    `doubtful` that it is open whether the law applies. `severity` is how much it matters here.
    """

    verdict: Verdict
    severity: Severity
    absent: tuple[str, ...] = ()
    undecided: bool = False
    doubtful: bool = False

    def missing(self, context: Context) -> tuple[str, ...]:
        """The dotted paths of the facts that would decide about one of these elements."""
        if self.verdict is not Verdict.UNKNOWN:
            return ()
        facts = {path for name in self.absent for path in context.missing(name)}
        facts |= set(context.subject.missing if self.undecided else ())
        return tuple(sorted(facts | set(context.subject.doubt if self.doubtful else ())))

    def in_doubt(self) -> Judgement:
        """The same where it is open whether the law applies: what would fail is not known."""
        if self.verdict not in TOLD:
            return self
        return replace(self, verdict=Verdict.UNKNOWN, doubtful=True)


class Unanswered(Exception):  # noqa: N818  the rule gives no answer
    """An expression of a rule, such as `match`, failed on the values of an element."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why


def judge_rule(rule: Rule, scenarios: Sequence[Scenario | None]) -> Judgement:
    """
    Judge an element in every scenario that a missing fact leaves open.

    Raises Unanswered where an expression fails for another reason than a missing fact.
    """
    single = [_single(rule, scenario) for scenario in scenarios]
    verdict, undecided = combine([verdict for verdict, _ in single])
    if verdict is not Verdict.UNKNOWN:
        return Judgement(verdict, _severity(rule, scenarios))
    absent = tuple(sorted({name for _, absent in single for name in absent}))
    return Judgement(verdict, _severity(rule, scenarios), absent, undecided)


def _severity(rule: Rule, scenarios: Sequence[Scenario | None]) -> Severity:
    """How much it matters; where that is open, as much as it can."""
    real = [scenario for scenario in scenarios if scenario]
    if rule.slight and all(_truth("slight", rule.slight, scenario).value is True for scenario in real):
        return min(rule.severity, Severity.LOW)
    graver = any(_truth("graver", rule.graver, scenario).value is not False for scenario in real if rule.graver)
    return Severity(min(rule.severity + graver, Severity.CRITICAL))


def combine(verdicts: Sequence[Verdict]) -> tuple[Verdict, bool]:
    """
    One verdict for several scenarios, and whether they differ.

    All the same: that one. Only not applicable and pass: pass. Else it is not known.
    """
    found = set(verdicts)
    if len(found) == 1:
        return verdicts[0], False
    if found == {Verdict.NOT_APPLICABLE, Verdict.PASS}:
        return Verdict.PASS, True
    return Verdict.UNKNOWN, True


def _single(rule: Rule, scenario: Scenario | None) -> tuple[Verdict, tuple[str, ...]]:
    if scenario is None:
        return Verdict.NOT_APPLICABLE, ()
    matched = _truth("match", rule.match, scenario) if rule.match else Truth(value=True)
    if matched.value is False:
        return Verdict.NOT_APPLICABLE, ()
    required = _truth("require", rule.require, scenario)
    if required.value is True:
        return Verdict.PASS, ()
    if matched.value is True and required.value is False:
        return Verdict.FAIL, ()
    return Verdict.UNKNOWN, tuple(sorted({*matched.absent, *required.absent}))


def _truth(key: str, expression: Expression, scenario: Scenario) -> Truth:
    try:
        return expression.judge(*scenario)
    except EvaluationError as error:
        raise Unanswered(key, str(error)) from error
