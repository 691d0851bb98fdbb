"""For people: a table of rules, or one rule in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from fedpolicy.policy.template import said
from fedpolicy.report.rules.entries import Entry, Shown
from fedpolicy.report.words import PLAIN, Look, amount, wrap

if TYPE_CHECKING:
    from fedpolicy.policy.models import Rule

__all__ = ["explain", "render"]

_TOLD = {"fail": "fails", "pass": "passes", "unknown": "is undecided"}


def render(found: Sequence[Rule], look: Look = PLAIN) -> str:
    """Write a table, pack by pack, the most severe rules first."""
    lines = []
    width = max((len(rule.id) for rule in found), default=0)
    for pack, rules in groupby(sorted(found, key=lambda rule: rule.pack), key=lambda rule: rule.pack):
        lines.append(look.paint("bold", pack))
        for rule in sorted(rules, key=lambda rule: (-rule.severity, rule.id)):
            severity = look.paint(rule.severity.label, f"{rule.severity.label:<8}")
            lines.append(f"  {severity}  {rule.id:<{width}}  {rule.title}")
        lines.append("")
    lines.append(f"{amount(len(found), 'rule')}; fedpolicy explain RULE tells all about one")
    return "\n".join(lines) + "\n"


def explain(entry: Entry, look: Look = PLAIN) -> str:
    """Write everything about one rule."""
    rule = entry.rule
    head = f"{rule.id} ({rule.pack}, {rule.severity.label}, {rule.principle})"
    parts = [
        [look.paint("bold", head), *wrap(rule.title, look)],
        _part("why", wrap(rule.why, look, "  ", "  "), look),
        _part("what to do", wrap(rule.help, look, "  ", "  "), look),
        _part(f"what it asks of each {rule.applies_to}", _condition(entry, look), look),
        _part("parameters", _params(rule, look), look),
        _part("references", _references(rule, look), look),
        _part("may be wrong when", _listed(rule.false_positives, look), look),
        *(_part(f"an example that {_TOLD[shown.expected]}", _example(shown, look), look) for shown in entry.examples),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _part(title: str, body: Iterable[str], look: Look) -> list[str]:
    lines = list(body)
    return [look.paint("bold", title), *lines] if lines else []


def _condition(entry: Entry, look: Look) -> Iterator[str]:
    if entry.match:
        yield from wrap(entry.match, look, "  where    ", "           ")
    yield from wrap(entry.require, look, "  require  ", "           ")
    if entry.rule.absent:
        text = f"{entry.rule.absent}, because: {entry.rule.absent_why}"
        yield from wrap(text, look, "  not said ", "           ")


def _params(rule: Rule, look: Look) -> Iterator[str]:
    for param in rule.params:
        value = said(param.type, [param.value])
        yield from wrap(f"{param.about} (default: {value})", look, f"  {rule.id}.{param.name}  ", "      ")


def _references(rule: Rule, look: Look) -> Iterator[str]:
    for reference in rule.references:
        url = f" <{reference.url}>" if reference.url else ""
        yield from wrap(f"{reference.title}{url}", look, f"  {reference.basis}: ", "    ")
        if reference.note:
            yield from wrap(reference.note, look, "    ", "    ")


def _listed(texts: Sequence[str], look: Look) -> Iterator[str]:
    for text in texts:
        yield from wrap(text, look, "  - ", "    ")


def _example(shown: Shown, look: Look) -> Iterator[str]:
    if shown.why:
        yield from wrap(shown.why, look, "  # ", "  # ")
    yield from (f"  {line}" for line in shown.text.splitlines())
