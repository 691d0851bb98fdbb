"""One rule on one element -> a verdict, and what is told to people: message, place, witness path, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.facts import Disclosure, NotCounted
from fedpolicy.findings import Finding, Member, MemberGroup, Severity, Span, Verdict, fingerprint
from fedpolicy.policy import Rule
from fedpolicy.policy.elements import Context, read_field, table
from fedpolicy.policy.elements.api_call import CallView
from fedpolicy.policy.elements.connection import ConnectionView
from fedpolicy.policy.elements.disclosure_view import DisclosureView
from fedpolicy.policy.elements.model_use import unlisted, unlisted_provider
from fedpolicy.policy.elements.models_view import ModelView
from fedpolicy.policy.expression import EvaluationError, Expression, Truth
from fedpolicy.policy.fields import Subject, Type, Value
from fedpolicy.policy.groups import PEOPLE
from fedpolicy.policy.texts import fill, placeholders, value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from cel_expr_python.cel import Activation

TOLD = {Verdict.FAIL, Verdict.UNKNOWN}
Scenario = tuple[Mapping[str, Value], "Activation", bool]  # the last: whether some value is large
_MOST_NOTES = 8


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

    def missing(self, context: Callable[[], Context]) -> tuple[str, ...]:
        """The dotted paths of the facts that would decide about one of these elements; its context is made for them."""
        if self.verdict is not Verdict.UNKNOWN:
            return ()
        known = context()
        facts = {path for name in self.absent for path in known.missing(name)}
        facts |= set(known.subject.missing if self.undecided else ())
        return tuple(sorted(facts | set(known.subject.doubt if self.doubtful else ())))

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


def judge_rule(rule: Rule, scenarios: Sequence[Scenario | None], *, rising: bool = False) -> Judgement:
    """
    Judge an element in every scenario that a missing fact leaves open.

    Where they are `rising`, what fails in the most favourable one fails, unless it passes if more is so.
    Raises Unanswered where an expression fails for another reason than a missing fact.
    """
    single = [_single(rule, scenario) for scenario in scenarios]
    found = [verdict for verdict, _ in single]
    certain = rising and found[0] is Verdict.FAIL and Verdict.PASS not in found
    verdict, undecided = combine(found[:1] if certain else found)
    absent = tuple(sorted({name for _, absent in single for name in absent}))
    return Judgement(verdict, _severity(rule, scenarios), absent, undecided)


def _severity(rule: Rule, scenarios: Sequence[Scenario | None]) -> Severity:
    """How much it matters; where that is open, as much as it can."""
    real = [scenario for scenario in scenarios if scenario]
    if rule.slight and all(_truth("slight", rule.slight, scenario).value is True for scenario in real):
        return min(rule.severity, Severity.LOW)
    if rule.graver and any(_truth("graver", rule.graver, scenario).value is not False for scenario in real):
        return Severity(min(rule.severity + 1, Severity.CRITICAL))
    return rule.severity


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


def may_match(rule: Rule, scenario: Scenario) -> bool:
    """Whether a rule may be about an element of which not all is read yet."""
    try:
        return _truth("match", rule.match, scenario).value is not False if rule.match else True
    except Unanswered:
        return True


def _truth(key: str, expression: Expression, scenario: Scenario) -> Truth:
    try:
        return expression.judge(scenario[0], scenario[1], large=scenario[2])
    except EvaluationError as error:
        raise Unanswered(key, str(error)) from error


@dataclass(frozen=True, slots=True)
class Witness:
    """
    What all findings about one element share; `words` remembers its fields in words: several rules tell of them.

    Of a disclosure, `member` says who learns what.
    """

    elements: tuple[str, ...]
    notes: tuple[str, ...] = ()
    member: Member | None = None
    words: dict[str, str] = field(default_factory=dict)


def witness_of(world: World, subject: Subject) -> Witness:
    """Make the witness paths and the notes of an element."""
    if not isinstance(subject.data, DisclosureView):
        return Witness(subject.elements or (subject.id,), tuple(_questions(subject.data)))
    return Witness((), member=_member(world, subject))


def _member(world: World, subject: Subject) -> Member:
    """Who learns what, and how."""
    found: Disclosure = subject.data.found
    return Member(
        role=found.role,
        parties=subject.data.parties,
        datasets=found.datasets,
        owners=tuple(world.lookup.party(world.lookup.owner_of[one]) for one in found.datasets),
        whole=subject.data.whole,
        level=value_words(Type.LEVEL, read_field(world, "disclosure", subject, "disclosure.level")),
        **shown_of(world, found),
    )


def shown_of(world: World, found: Disclosure) -> dict[str, Any]:
    """The ways in of a disclosure, and what does not count on them."""
    paths = tuple(tuple(step.hop(world.place(step.path)) for step in path) for path in found.paths)
    return {"paths": paths, "notes": tuple(_notes(found))}


def _questions(data: object) -> list[str]:
    if isinstance(data, ModelView):
        return unlisted(data)
    if isinstance(data, ConnectionView) and data.stated is None:
        return [f"nothing says so of {value_words(Type.LIST, [list(data.origins)])}"]
    return unlisted_provider(data.world, data.call.provider) if isinstance(data, CallView) else []


def finding_of(
    world: World,
    rule: Rule,
    subject: Subject,
    evidence: Witness,
    verdict: Verdict,
    severity: Severity,
    missing: tuple[str, ...],
) -> Finding:
    """Tell what a rule found; of a disclosure, `group_findings` says what."""
    template = rule.message if verdict is not Verdict.UNKNOWN else f"Undecided for {{element}}: {rule.title}"
    if rule.applies_from and world.today < rule.applies_from:
        template += f" (a duty from {rule.applies_from} on)"
    words = _words(world, rule, subject, evidence, template)
    return Finding(
        rule=rule.id,
        pack=rule.pack,
        title=rule.title,
        principle=rule.principle,
        severity=severity,
        verdict=verdict,
        span=_place(world, rule, subject),
        deployment=world.deployment.name,
        missing=missing,
        why=rule.why,
        help=rule.help,
        references=rule.references,
        **_told(rule, subject, evidence, template, words),
    )


def _told(rule: Rule, subject: Subject, evidence: Witness, template: str, words: Mapping[str, str]) -> dict[str, Any]:
    if evidence.member is not None:  # what is said of it follows from which are told together
        group = MemberGroup(template=template, words=tuple(words.items()), members=(evidence.member,))
        return {"elements": (), "message": "", "group": group}
    return {
        "elements": evidence.elements,
        "message": fill(template, words.__getitem__),
        "notes": evidence.notes,
        "fingerprint": fingerprint(rule.id, subject.id, *subject.elements),
    }


def _words(world: World, rule: Rule, subject: Subject, evidence: Witness, template: str) -> dict[str, str]:
    """What stands for each name in a message; of a group, only what is the same for all of its members."""
    params = {f"params.{param.name}": param for param in rule.params}
    found: dict[str, str] = {}
    for name, _ in placeholders(template):
        if name in params:
            found[name] = value_words(params[name].type, [params[name].value])
        elif not evidence.member or name not in PEOPLE:
            found[name] = evidence.elements[0] if name == "element" else _word(world, rule, subject, evidence, name)
    return found


def _word(world: World, rule: Rule, subject: Subject, evidence: Witness, name: str) -> str:
    """A field in words, once for all rules that tell of it."""
    if name not in evidence.words:
        kind = table(rule.applies_to)[name].type
        evidence.words[name] = value_words(kind, read_field(world, rule.applies_to, subject, name))
    return evidence.words[name]


def _place(world: World, rule: Rule, subject: Subject) -> Span:
    spans = world.document.spans
    if rule.at:
        path = (*subject.path, *rule.at.split("."))
        place = spans.at(path)
        if place != spans.at(path[:-1]):
            return place
    path = subject.path
    if path and isinstance(path[-1], int):
        return spans.at((*path, "kind"))
    return world.place(path)


def _notes(found: Disclosure) -> list[str]:
    said: list[str] = []
    for entry in found.not_counted:
        text = _not_counted(entry)
        if text not in said:
            said.append(text)
    if len(said) > _MOST_NOTES:
        return [*said[:_MOST_NOTES], f"and {len(said) - _MOST_NOTES} more safeguards that do not count"]
    return said


def _not_counted(entry: NotCounted) -> str:
    level = "does not lower the level" if entry.level == "declared" else "is not guaranteed to the owner"
    return f"{entry.kind.replace('_', ' ')} ({entry.safeguard}) {level}: {entry.why}"
