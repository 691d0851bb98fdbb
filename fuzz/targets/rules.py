"""What somebody writes that judges: rules, their language, and packs."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from fedpolicy.policy.elements import KINDS, table
from fedpolicy.policy.expression import BadExpression, EvaluationError, Expression, activator, language
from fedpolicy.policy.fields import Type, Value
from fuzz.command import Broken, Vacuous, bounded
from fuzz.drawn import drawn
from fuzz.target import Box, Judge, Target

_DAY = "2026-11-28"
_SECOND = 1.0
_VALUES: Mapping[Type, tuple[Value, ...]] = {
    Type.TEXT: ("", "none", "fedavg", "x" * 300, "é", "a.b"),
    Type.BOOL: (True, False),
    Type.INT: (0, 1, 3, 10**12, -1),
    Type.LEVEL: (0, 1, 2, 3, 4),
    Type.NUMBER: (0.0, 0.5, 1.0, 1e300, 1e-9),
    Type.LIST: ([], ["a"], ["health", "free-text"], [f"n{number}" for number in range(300)]),
}


def expressions(box: Box) -> None:
    """What compiles decides within a second; its negation, and itself beside what says nothing, decide alike."""
    _, data = box.only
    head, _, text = data.decode("utf-8", "replace").partition("\n")
    kind = head if head in KINDS else "deployment"
    fields = table(kind)
    with bounded(("compile",), _SECOND):
        spoken = language({name: one.type for name, one in fields.items()}, asked=[n for n in fields if fields[n].open])
        found = spoken.compile(text)
    if not isinstance(found, Expression):
        _mistakes(found, text)
        raise Vacuous
    known = _facts({name: fields[name].type for name in found.reads}, box.rng)
    before = _judged(found, known)
    others = {f"!({text}\n)": _negated(before), f"({text}\n) && true": before, f"false || ({text}\n)": before}
    for other, expected in others.items():
        same = spoken.compile(other)
        if isinstance(same, Expression) and (after := _judged(same, known)) != expected:
            raise Broken("decided", ("judge",), f"{text!r} says {before}, and {other!r} {after} of {known!r:.500}")


def _mistakes(found: tuple[BadExpression, ...], text: str) -> None:
    for one in found:
        if not 0 <= one.offset <= len(text) or not one.message:
            raise Broken("misplaced", ("compile",), f"{one} of {text!r}", one.message[:40])
    if not found:
        raise Broken("vanished", ("compile",), f"{text!r} is neither an expression nor a mistake")


def _facts(types: Mapping[str, Type], rng: Random) -> dict[str, Value]:
    return {name: rng.choice(_VALUES[kind]) for name, kind in types.items() if rng.random() < 0.8}


def _judged(expression: Expression, known: Mapping[str, Value]) -> bool | str | None:
    """Yes, no, None where a fact is missing, or `failed`."""
    asked = {f"has.{name}": name in known for name in expression.asks}
    with bounded(("judge",), _SECOND):
        try:
            return expression.judge(known, activator()({**known, **asked})).value
        except EvaluationError:
            return "failed"


def _negated(value: bool | str | None) -> bool | str | None:  # noqa: FBT001  one of three answers
    return not value if isinstance(value, bool) else value


def lets_no_leak_pass(*options: str, codes: tuple[int, ...] = (1, 2)) -> Judge:
    """A judge of a file that excuses nothing: with it, a leak does not pass."""

    def judge(box: Box) -> None:
        command = ("check", "leak.yaml", "--today", _DAY, *options)
        if box.run(*command).code not in codes:
            raise Broken("leak", command, "a leak passes because of a file that excuses nothing")

    return judge


def rules(box: Box) -> None:
    """A rule of somebody's own never lets a leak pass, and its examples can be judged."""
    lets_no_leak_pass("--isolated", "--pack", "federation", "--pack", "./pack")(box)
    box.run("test", *box.files, "--no-mutants")


TARGETS = (
    Target(
        name="rules",
        kind="law",
        holds="a rule of somebody's own never lets a leak pass, and `test` judges its examples",
        input="rule",
        judge=rules,
    ),
    Target(
        name="packs",
        kind="law",
        holds="the file of a pack never lets a leak pass",
        input="pack",
        judge=lets_no_leak_pass("--isolated", "--pack", "federation", "--pack", "./pack"),
    ),
    Target(
        name="CEL",
        kind="law",
        holds="an expression is refused with a place, or decides in a second, as its double negation does",
        input="expression",
        judge=expressions,
    ),
    Target(
        name="three-values",
        kind="law",
        holds="an answer holds however missing facts turn out, and one more fact never turns it around",
        input="bytes",
        judge=drawn(
            "policy.test_verdicts:test_and_or_absorb_whatever_the_order",
            "policy.test_verdicts:test_an_answer_holds_however_the_missing_facts_turn_out",
            "policy.test_verdicts:test_everything_known_is_decided_and_what_is_missing_is_named",
            "policy.test_verdicts:test_one_more_fact_never_turns_an_answer_around",
            "policy.test_verdicts:test_more_cases_never_turn_pass_into_fail_or_fail_into_pass",
        ),
    ),
    Target(
        name="groups",
        kind="law",
        holds="findings told together say what they said one by one; what is excused and what is left is the whole",
        input="bytes",
        judge=drawn(
            "policy.test_group_laws:test_a_group_says_of_pairs_what_its_members_said",
            "policy.test_group_laws:test_the_order_of_findings_changes_nothing",
            "policy.test_group_laws:test_what_is_excused_and_what_is_left_is_the_whole",
        ),
    ),
)
