"""For documentation: a table of rules, and a page for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.policy.template import said
from fedpolicy.report.rules.entries import Entry, Shown

if TYPE_CHECKING:
    from fedpolicy.findings import Reference
    from fedpolicy.policy.models import Rule

__all__ = ["page", "table"]

_TOLD = {"fail": "Fails", "pass": "Passes", "unknown": "Undecided"}
_BASES = {
    "seed": "the paper that this project begins with (a position, not a law)",
    "attack": "a published attack",
    "law": "law",
    "practice": "practice",
}


def table(found: Sequence[Rule], link: str = "{pack}/{id}.md") -> str:
    """A table of rules; `link` is where the page of a rule is."""
    lines = ["| rule | severity | principle | fails when |", "|---|---|---|---|"]
    for rule in sorted(found, key=lambda rule: (rule.pack, -rule.severity, rule.id)):
        place = link.format(pack=rule.pack, id=rule.id)
        lines.append(f"| [{rule.id}]({place}) | {rule.severity.label} | {rule.principle} | {_cell(rule.title)} |")
    return "\n".join(lines) + "\n"


def page(entry: Entry) -> str:
    """Everything about one rule; the same file always gives the same page."""
    rule = entry.rule
    parts = [
        f"# {rule.id}",
        f"**{rule.title}.**",
        _about(rule),
        f"## Why\n\n{rule.why}",
        f"## What to do\n\n{rule.help}",
        "## What it asks\n\n" + _condition(entry),
        _section("Parameters", "\n".join(_params(rule))),
        _section("References", "\n".join(_reference(reference) for reference in rule.references)),
        _section("When it may be wrong", "\n".join(f"- {text}" for text in rule.false_positives)),
        _section("Examples", "\n\n".join(_example(shown) for shown in entry.examples)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(rule: Rule) -> str:
    kind = f"judged for each {rule.applies_to}"
    return f"Pack `{rule.pack}`, severity **{rule.severity.label}**, principle *{rule.principle}*, {kind}."


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _condition(entry: Entry) -> str:
    where = f"where:   {entry.match}\n" if entry.match else ""
    absent = f"\n\nWhat is not said: {entry.rule.absent}. {entry.rule.absent_why}" if entry.rule.absent else ""
    return f"```text\n{where}require: {entry.require}\n```{absent}"


def _params(rule: Rule) -> Iterator[str]:
    for param in rule.params:
        yield f"- `--param {rule.id}.{param.name}={said(param.type, [param.value])}` (the default): {param.about}"


def _reference(reference: Reference) -> str:
    title = f"[{reference.title}]({reference.url})" if reference.url else reference.title
    note = f" {reference.note}" if reference.note else ""
    return f"- *{_BASES[reference.basis]}*: {title}.{note}"


def _example(shown: Shown) -> str:
    why = f": {shown.why}" if shown.why else ""
    return f"**{_TOLD[shown.expected]}**{why}\n\n```yaml\n{shown.text}```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
