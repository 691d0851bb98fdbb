"""What nobody stated, as a list of questions: each fact once, with the rules that wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.words import Look, amount, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.report.summarise import MissingFact

__all__ = ["unknowns"]

# No key of the language: what is missing is not a fact but the means to compute it.
COMPUTED, MEANS = "epsilon", "pip install 'fedpolicy[dp]'"


def unknowns(facts: Sequence[MissingFact], look: Look) -> list[str]:
    """Ask for the missing facts, what matters most first."""
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {_are(len(facts))} not stated"
    return [
        f"{head}: {look.paint('bold', title)}",
        *(line for question in _questions(facts) for line in _asked(question, look)),
    ]


def _are(number: int) -> str:
    return "1 fact is" if number == 1 else f"{number:,} facts are"


def _questions(facts: Sequence[MissingFact]) -> Iterable[list[MissingFact]]:
    """What the same rules wait for is one question: several keys of one element, the same keys of many elements."""
    elements: dict[tuple[object, ...], list[MissingFact]] = {}
    for fact in facts:
        elements.setdefault((fact.element, fact.rules, fact.alone), []).append(fact)
    questions: dict[tuple[object, ...], list[MissingFact]] = {}
    for (element, *waiting), group in elements.items():
        keys = tuple(fact.key for fact in group)
        questions.setdefault((str(element).partition(".")[0], keys, *waiting), []).extend(group)
    return questions.values()


def _asked(facts: Sequence[MissingFact], look: Look) -> list[str]:
    first, one = facts[0], len(facts) == 1
    keys = list(dict.fromkeys(f"`{fact.key}`" for fact in facts))
    elements = list(dict.fromkeys(fact.element for fact in facts))
    what = f"say {listing(keys, most=8)}" + (f" of {listing(elements)}" if first.element else "")
    if first.key == COMPUTED:
        what = f"compute the epsilon of {listing(elements)} more closely ({MEANS})"
    verb = ("decides" if one else "decide") if first.alone else ("helps to decide" if one else "help to decide")
    text = f"{what}: {verb} {amount(len(first.rules), 'rule')}: {', '.join(first.rules)}"
    head, *rest = wrap(text, look, "  - ", "    ")
    bold = min(len(head), 4 + len(what))
    return [look.paint("bold", head[:bold]) + head[bold:], *rest, _place(facts, look)]


def _place(facts: Sequence[MissingFact], look: Look) -> str:
    places = sorted({fact.span for fact in facts})
    more = f" and {amount(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    return f"    {look.paint('frame', '-->')} {clean(str(places[0]))}{more}"
