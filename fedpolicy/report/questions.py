"""Missing facts as questions to whoever wrote the deployment: what to say, where, and what it decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.report.style import Style, amount, clean, listing, wrap
from fedpolicy.report.summarise import MissingFact

__all__ = ["asked", "question", "questions_of", "unknowns"]

# No key of the language: what is missing is not a fact but the means to compute it.
_CLAIMED = "claim"
_COMPUTED, _MEANS = "epsilon", "pip install 'fedpolicy[dp]'"
# What a model of the catalogue need not say, and how many of these are missing where hardly anything is said.
_ASPECTS = {"weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface"}
_HARDLY = 3


def unknowns(facts: Sequence[MissingFact], look: Style) -> list[str]:
    """Ask for the missing facts, what matters most first."""
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {_are(len(facts))} not stated"
    return [
        f"{head}: {look.paint('bold', title)}",
        *(line for question in questions_of(facts) for line in asked(question, look)),
    ]


def _are(number: int) -> str:
    return "1 fact is" if number == 1 else f"{number:,} facts are"


def questions_of(facts: Sequence[MissingFact]) -> Iterable[list[MissingFact]]:
    """
    What the same rules wait for is one question: several keys of one element, the same keys of many elements.

    A model of which hardly anything is known is one question too, whichever rule waits for which of its aspects.
    """
    blank = _blank(facts)
    elements: dict[tuple[object, ...], list[MissingFact]] = {}
    for fact in facts:
        alike = fact.element in blank and fact.key in _ASPECTS
        waiting = (blank[fact.element], False) if alike else (fact.rules, fact.alone)
        elements.setdefault((fact.element, *waiting), []).append(fact)
    questions: dict[tuple[object, ...], list[MissingFact]] = {}
    for (element, *waited), group in elements.items():
        keys = tuple(fact.key for fact in group)
        questions.setdefault((str(element).partition(".")[0], keys, *waited), []).extend(group)
    return questions.values()


def _blank(facts: Sequence[MissingFact]) -> dict[str, tuple[str, ...]]:
    """Models whose weights and more aspects are missing, with all rules that wait for any of them."""
    found: dict[str, list[MissingFact]] = {}
    for fact in facts:
        if fact.element.startswith("models.") and fact.key in _ASPECTS:
            found.setdefault(fact.element, []).append(fact)
    return {
        element: tuple(sorted({rule for fact in group for rule in fact.rules}))
        for element, group in found.items()
        if len(group) >= _HARDLY and any(fact.key == "weights" for fact in group)
    }


def asked(facts: Sequence[MissingFact], look: Style) -> list[str]:
    """One question as lines of a list, with its place."""
    what = _what(facts)
    text = question(facts)
    head, *rest = wrap(text, look, "  - ", "    ")
    bold = min(len(head), 4 + len(what))
    return [look.paint("bold", head[:bold]) + head[bold:], *rest, _place(facts, look)]


def question(facts: Sequence[MissingFact]) -> str:
    """One question in a sentence: what to say, and which rules wait for it."""
    rules = sorted({rule for fact in facts for rule in fact.rules})
    return f"{_what(facts)}: {_verb(facts)} {amount(len(rules), 'rule')}: {', '.join(rules)}"


def _verb(facts: Sequence[MissingFact]) -> str:
    blank, named = bool(_blank(facts)), {fact.fact for fact in facts}
    whole = blank and all(named.issuperset(waiting.missing) for fact in facts for waiting in fact.findings)
    singular = blank or len(facts) == 1
    if facts[0].alone or whole:
        return "decides" if singular else "decide"
    return "helps to decide" if singular else "help to decide"


def _what(facts: Sequence[MissingFact]) -> str:
    keys = list(dict.fromkeys(f"`{fact.key}`" for fact in facts))
    elements = list(dict.fromkeys(fact.element for fact in facts))
    if _blank(facts):
        verb = "is" if len(elements) == 1 else "are"
        own = ["`weights`", *(key for key in keys if key != "`weights`")]
        return f"say what {listing(elements)} {verb}: a catalogue `ref`, or {listing(own, most=8)}"
    if facts[0].key == _COMPUTED:
        return f"compute the epsilon of {listing(elements)} more closely ({_MEANS})"
    if facts[0].key == _CLAIMED:
        return f"prove what {listing(elements)} claims: it lies between the bounds that are known"
    return f"say {listing(keys, most=8)}" + (f" of {listing(elements)}" if facts[0].element else "")


def _place(facts: Sequence[MissingFact], look: Style) -> str:
    places = sorted({fact.span for fact in facts})
    more = f" and {amount(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    return f"    {look.paint('frame', '-->')} {clean(str(places[0]))}{more}"
