"""Findings by what they come from, one entry a cause, the worst first; and missing facts as questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.findings import Finding, Report, Severity, Verdict, fingerprint
from fedpolicy.overview import Cause, Fix, Overview
from fedpolicy.records import dataclass
from fedpolicy.report import Style, amount, clean, listing, wrap
from fedpolicy.report.summarise import MissingFact

# No key of the language: what is missing is not a fact but the means to compute it.
_CLAIMED = "claim"
_COMPUTED, _MEANS = "epsilon", "pip install 'fedpolicy[dp]'"
# What a model of the catalogue need not say, and how many of these are missing where hardly anything is said.
_ASPECTS = {"weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface"}
_HARDLY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGroup:
    """What comes from one cause of one deployment; findings stand in their order, the most severe first."""

    cause: str
    file: str
    deployment: str
    line: int
    gloss: str
    findings: tuple[Finding, ...]
    fix: Fix | None = None

    @property
    def worst(self) -> Finding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def title(self) -> str:
        """The entry, and what about it matters."""
        entry, _, rule = self.cause.partition(":")
        about = self.gloss or (rule and (self.worst.message or self.worst.title))
        return f"{entry}: {about}" if about else entry

    @property
    def count(self) -> str:
        """How much is told of it: `3 findings`, or `1 question` where nothing of it fails."""
        fails = sum(one.verdict is Verdict.FAIL for one in self.findings)
        asked = amount(len(self.findings) - fails, "question")
        found = amount(fails, "finding")
        return asked if not fails else found if fails == len(self.findings) else f"{found}, {asked}"

    @property
    def by_severity(self) -> list[tuple[Severity, list[str]]]:
        """The rules that it breaks, each once, by the worst severity that each of them gives it."""
        found: dict[Severity, dict[str, None]] = {}
        told: set[str] = set()
        for finding in self.findings:
            if finding.rule not in told:
                found.setdefault(finding.severity, {})[finding.rule] = None
            told.add(finding.rule)
        return [(severity, list(found[severity])) for severity in sorted(found, reverse=True)]


def anchor(deployment: str, cause: str) -> str:
    """What a page calls the section of a cause, so that a map can lead to it."""
    return f"cause-{fingerprint(deployment, cause)[:8]}"


def failing(groups: Iterable[CauseGroup]) -> int:
    """How many causes have a finding that fails; the others are questions."""
    return sum(any(one.verdict is Verdict.FAIL for one in group.findings) for group in groups)


def groups_of(report: Report) -> tuple[CauseGroup, ...]:
    """Group the findings. Where nobody asked for causes, the first element and the rule of a finding stand for one."""
    known = {(one.file, one.deployment): one for one in report.overviews}
    causes = {(*key, cause.id): cause for key, one in known.items() for cause in one.causes}
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.is_judged:
            name = finding.cause or f"{finding.elements[0] if finding.elements else finding.rule}:{finding.rule}"
            found.setdefault((finding.span.file, finding.deployment, name), []).append(finding)
    groups = [_group(key, some, causes.get(key), known.get(key[:2])) for key, some in found.items()]
    files = {file.name: place for place, file in enumerate(report.files)}
    return tuple(sorted(groups, key=lambda one: _rank(one, files.get(one.file, len(files)))))


def _group(key: tuple[str, str, str], found: Sequence[Finding], cause: Cause | None, of: Overview | None) -> CauseGroup:
    file, deployment, name = key
    findings = tuple(sorted(found, key=lambda one: (one.verdict is not Verdict.FAIL, -one.severity)))
    return CauseGroup(
        cause=name,
        file=file,
        deployment=deployment,
        line=cause.line if cause else findings[0].span.line,
        gloss=cause.gloss if cause else "",
        findings=findings,
        fix=of.fixes.get(name) if of else None,
    )


def _rank(group: CauseGroup, file: int) -> tuple[object, ...]:
    worst = group.worst
    return worst.verdict is not Verdict.FAIL, -worst.severity, -len(group.findings), file, group.line, group.cause


def unknowns(facts: Sequence[MissingFact], look: Style) -> list[str]:
    """Ask for the missing facts, what matters most first."""
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    are = "1 fact is" if len(facts) == 1 else f"{len(facts):,} facts are"
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {are} not stated"
    return [
        f"{head}: {look.paint('bold', title)}",
        *(line for question in questions_of(facts) for line in _asked(question, look)),
    ]


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


def _asked(facts: Sequence[MissingFact], look: Style) -> list[str]:
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
        return f"state what {listing(elements)} {verb}: a catalogue `ref`, or {listing(own, most=8)}"
    if facts[0].key == _COMPUTED:
        return f"compute the epsilon of {listing(elements)} more closely ({_MEANS})"
    if facts[0].key == _CLAIMED:
        return f"prove what is claimed of {listing(elements)}: it lies between the bounds that are known"
    return f"state {listing(keys, most=8)}" + (f" of {listing(elements)}" if facts[0].element else "")


def _place(facts: Sequence[MissingFact], look: Style) -> str:
    places = sorted({fact.span for fact in facts})
    more = f" and {amount(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    return f"    {look.paint('frame', '-->')} {clean(str(places[0]))}{more}"
