"""What nobody stated, as a list of questions: each fact once, with the rules that wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.words import Look, amount, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.report.summarise import MissingFact

__all__ = ["unknowns"]


def unknowns(facts: Sequence[MissingFact], look: Look) -> list[str]:
    """Ask for the missing facts, what matters most first."""
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {_are(len(facts))} not stated"
    groups: dict[tuple[object, ...], list[MissingFact]] = {}
    for fact in facts:
        groups.setdefault((fact.element, fact.rules, fact.alone, fact.span), []).append(fact)
    lines = [line for group in groups.values() for line in _missing(group, look)]
    return [f"{head}: {look.paint('bold', title)}", *lines]


def _are(number: int) -> str:
    return "1 fact is" if number == 1 else f"{number:,} facts are"


def _missing(facts: Sequence[MissingFact], look: Look) -> list[str]:
    """Facts of one element that the same rules wait for, in one entry."""
    first, one = facts[0], len(facts) == 1
    keys = listing([f"`{fact.key}`" for fact in facts], most=8)
    what = f"say {keys} of {first.element}" if first.element else f"say {keys}"
    verb = ("decides" if one else "decide") if first.alone else ("helps to decide" if one else "help to decide")
    text = f"{what}: {verb} {amount(len(first.rules), 'rule')}: {', '.join(first.rules)}"
    head, *rest = wrap(text, look, "  - ", "    ")
    bold = min(len(head), 4 + len(what))
    place = f"    {look.paint('frame', '-->')} {clean(str(first.span))}"
    return [look.paint("bold", head[:bold]) + head[bold:], *rest, place]
