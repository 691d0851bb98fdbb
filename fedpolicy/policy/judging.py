"""One rule and one element -> a verdict with three values, and the facts that are missing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.findings import Verdict
from fedpolicy.policy.context import Context
from fedpolicy.policy.expression import EvaluationError, Expression, Truth
from fedpolicy.policy.fields import Value
from fedpolicy.policy.models import Rule
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from cel_expr_python.cel import Activation

__all__ = ["Case", "Judgement", "Unanswered", "alike", "cases_of", "combine", "judge"]

Case = tuple[Mapping[str, Value], "Activation"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a rule says of all elements with the same values.

    `absent` are the fields that it lacks for an answer; `undecided` says that the cases of a missing fact differ.
    """

    verdict: Verdict
    absent: tuple[str, ...] = ()
    undecided: bool = False

    def missing(self, context: Context) -> tuple[str, ...]:
        """The dotted paths of the facts that would decide about one of these elements."""
        if self.verdict is not Verdict.UNKNOWN:
            return ()
        facts = {path for name in self.absent for path in context.missing(name)}
        return tuple(sorted(facts | set(context.subject.missing if self.undecided else ())))


class Unanswered(Exception):  # noqa: N818  the rule gives no answer
    """An expression of a rule, `match` or `require`, failed on the values of an element."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why


def judge(rule: Rule, cases: Sequence[Case | None]) -> Judgement:
    """
    Judge an element in every case that a missing fact leaves open.

    Raises Unanswered where an expression fails for another reason than a missing fact.
    """
    single = [_single(rule, case) for case in cases]
    verdict, undecided = combine([verdict for verdict, _ in single])
    if verdict is not Verdict.UNKNOWN:
        return Judgement(verdict)
    return Judgement(verdict, tuple(sorted({name for _, absent in single for name in absent})), undecided)


def alike(context: Context) -> Hashable:
    """Equal for elements whose values are equal: every rule says the same of them."""
    return tuple(
        None
        if values is None
        else (tuple(values), tuple(tuple(one) if isinstance(one, list) else one for one in values.values()))
        for values in context.variants
    )


def combine(verdicts: Sequence[Verdict]) -> tuple[Verdict, bool]:
    """
    One verdict for several cases, and whether the cases differ.

    All the same: that one. Only not applicable and pass: pass. Else it is not known.
    """
    found = set(verdicts)
    if len(found) == 1:
        return verdicts[0], False
    if found == {Verdict.NOT_APPLICABLE, Verdict.PASS}:
        return Verdict.PASS, True
    return Verdict.UNKNOWN, True


def _single(rule: Rule, case: Case | None) -> tuple[Verdict, tuple[str, ...]]:
    if case is None:
        return Verdict.NOT_APPLICABLE, ()
    matched = _truth("match", rule.match, case) if rule.match else Truth(value=True)
    if matched.value is False:
        return Verdict.NOT_APPLICABLE, ()
    required = _truth("require", rule.require, case)
    if required.value is True:
        return Verdict.PASS, ()
    if matched.value is True and required.value is False:
        return Verdict.FAIL, ()
    return Verdict.UNKNOWN, tuple(sorted({*matched.absent, *required.absent}))


def _truth(key: str, expression: Expression, case: Case) -> Truth:
    try:
        return expression.judge(*case)
    except EvaluationError as error:
        raise Unanswered(key, str(error)) from error


def cases_of(
    context: Context,
    asked: Sequence[str],
    always: Mapping[str, Value],
    activate: Callable[[Mapping[str, Value]], Activation],
) -> list[Case | None]:
    """One activation per case, shared by all rules; `asked` are the fields whose presence some rule asks for."""
    found: list[Case | None] = []
    for values in context.variants:
        if values is None:
            found.append(None)
        else:
            presence = {f"has.{name}": name in values for name in asked}
            found.append((values, activate({**always, **values, **presence})))
    return found
