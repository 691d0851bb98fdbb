"""A verdict -> what is told to people: message, place, witness path, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from fedpolicy.analysis.facts import Disclosure, NotCounted, Step
from fedpolicy.findings import Finding, Group, Hop, Member, Severity, Span, Verdict, fingerprint
from fedpolicy.policy.context import read_field, table
from fedpolicy.policy.elements.api_call import CallView
from fedpolicy.policy.elements.connection import ConnectionView
from fedpolicy.policy.elements.disclosure_view import DisclosureView
from fedpolicy.policy.elements.models_view import ModelView, unlisted, unlisted_provider
from fedpolicy.policy.fields import Subject, Type
from fedpolicy.policy.groups import PEOPLE, told_of
from fedpolicy.policy.models import Rule
from fedpolicy.policy.texts import fill, placeholders, value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

__all__ = ["Witness", "finding_of", "witness_of"]

_MOST_NOTES = 8


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
    found = subject.data.found
    member = Member(
        role=found.role,
        parties=subject.data.parties,
        datasets=found.datasets,
        owners=tuple(world.lookup.party(world.lookup.owner_of[one]) for one in found.datasets),
        whole=subject.data.whole,
        level=value_words(Type.LEVEL, read_field(world, "disclosure", subject, "disclosure.level")),
        paths=tuple(tuple(_hop(world, step) for step in path) for path in found.paths),
        notes=tuple(_notes(found)),
    )
    return Witness((), member=member)


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
    """Tell what a rule found."""
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
    if evidence.member is not None:
        return told_of(rule.id, Group(template=template, words=tuple(words.items()), members=(evidence.member,)))
    return {
        "elements": evidence.elements,
        "message": fill(template, words.__getitem__),
        "notes": evidence.notes,
        "fingerprint": fingerprint(rule.id, subject.id, *subject.elements),
    }


def _words(world: World, rule: Rule, subject: Subject, evidence: Witness, template: str) -> dict[str, str]:
    """What stands for each name in a message; of a group, only what is the same for all of its members."""
    fields, known = table(rule.applies_to), evidence.words
    params = {f"params.{param.name}": param for param in rule.params}
    found: dict[str, str] = {}
    for name, _ in placeholders(template):
        if evidence.member and name in PEOPLE:
            continue
        if name in params:
            found[name] = value_words(params[name].type, [params[name].value])
        elif name == "element":
            found[name] = evidence.elements[0]
        else:
            if name not in known:
                known[name] = value_words(fields[name].type, read_field(world, rule.applies_to, subject, name))
            found[name] = known[name]
    return found


def _place(world: World, rule: Rule, subject: Subject) -> Span:
    spans = world.document.spans
    if rule.at:
        path = (*subject.path, *rule.at.split("."))
        if spans.at(path) != spans.at(path[:-1]):
            return spans.at(path)
    path = subject.path
    if path and isinstance(path[-1], int):
        return spans.at((*path, "kind"))
    return world.place(path)


def _hop(world: World, step: Step) -> Hop:
    return Hop(
        source=_short(step.source),
        target=_short(step.target),
        payload=step.payload,
        flow=step.flow,
        implied_by=step.implied_by,
        span=world.place(step.path),
    )


def _short(vertex: str) -> str:
    section, _, name = vertex.partition(".")
    return name if section in {"nodes", "parties"} else vertex


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
