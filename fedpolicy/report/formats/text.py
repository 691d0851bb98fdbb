"""The report for people: what is wrong, where, by which way, why, what to do; then what nobody stated, as questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from fedpolicy.findings import Finding, Report, Span, Verdict
from fedpolicy.report.excerpt import gutter, snippet, ways_in
from fedpolicy.report.style import PLAIN, Style, amount, clean, listing, wrap
from fedpolicy.report.summarise import OUT_OF_SCOPE, MissingFact, day_words, missing_facts

__all__ = ["SUFFIX", "SUMMARY", "draw", "render"]

SUMMARY = "for people: source lines, paths, reasons and advice"
SUFFIX = ".txt"
Places = Mapping[tuple[str, str, str], Span]
_COUNTED = (
    (Verdict.FAIL, "critical"),
    (Verdict.UNKNOWN, "unknown"),
    (Verdict.PASS, "pass"),
    (Verdict.NOT_APPLICABLE, "dim"),
    (Verdict.WAIVED, "medium"),
)
# No key of the language: what is missing is not a fact but the means to compute it.
_CLAIMED = "claim"
_COMPUTED, _MEANS = "epsilon", "pip install 'fedpolicy[dp]'"
# What a model of the catalogue need not say, and how many of these are missing where hardly anything is said.
_ASPECTS = {"weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface"}
_HARDLY = 3


def render(report: Report) -> str:
    """Write the report plain and at a fixed width, the same on every machine."""
    return draw(report, PLAIN)


def draw(report: Report, look: Style) -> str:
    """Write the report for a terminal of this width, coloured or not."""
    lines = {file.name: file.lines for file in report.files}
    several = sum(len(file.deployments) for file in report.files) > 1
    if not report.evaluated:
        return "\n".join(["nothing was evaluated", *_overridden(report, look), *_stopped(report, look)]) + "\n"
    parts: list[list[str]] = []
    told: set[str] = set()
    for (file, deployment), group in groupby(report.findings, key=lambda one: (one.span.file, one.deployment)):
        findings = list(group)
        if several:
            parts.append([look.paint("bold", f"## {clean(f'{deployment} ({file})' if deployment else file)}")])
        parts += _deployment(findings, lines.get(file, ()), report.places, told, look)
    parts.append(_closing(report, look))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _deployment(
    findings: Sequence[Finding], lines: Sequence[str], places: Places, told: set[str], look: Style
) -> Iterator[list[str]]:
    for finding in findings:
        if finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.UNKNOWN and not finding.missing):
            yield _finding(finding, lines, finding.rule in told, look)
            told.add(finding.rule)
    if facts := missing_facts(findings, places):
        yield _unknowns(facts, look)
    if waived := [finding for finding in findings if finding.verdict is Verdict.WAIVED]:
        yield [line for finding in waived for line in _waived(finding, look)]


def _finding(finding: Finding, lines: Sequence[str], told: bool, look: Style) -> list[str]:  # noqa: FBT001
    style = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.label
    indent = " " * gutter(finding.span, lines)
    return [
        *_head(style, finding, look),
        *snippet(finding.span, lines, look, style),
        *(line for label, body in _remarks(finding, told=told) for line in _remark(label, body, indent, look)),
    ]


def _head(style: str, finding: Finding, look: Style) -> list[str]:
    start = f"{style}[{finding.rule}]: "
    first, *rest = wrap(finding.message, look, start, "    ") or [start]
    return [look.paint(style, first[: len(start) - 2]) + look.paint("bold", first[len(start) - 2 :]), *rest]


def _remarks(finding: Finding, *, told: bool) -> Iterator[tuple[str, str | list[str]]]:
    yield from ways_in(finding.paths)
    if len(finding.elements) > 1:
        yield "about", listing(finding.elements)
    for note in finding.notes:
        yield "note", note
    if told:
        yield "see", f"{finding.rule} above, for why and what to do"
        return
    if finding.why:
        yield "why", finding.why
    if finding.help:
        yield "help", finding.help
    for reference in finding.references:
        title = f"{reference.title} <{reference.url}>" if reference.url else reference.title
        yield reference.basis, "\n".join(part for part in (title, reference.note) if part)


def _remark(label: str, body: str | list[str], indent: str, look: Style) -> list[str]:
    start = f"{indent} {look.paint('frame', '=')} {look.paint('bold', label)}"
    if isinstance(body, list):
        return [f"{start}{':' if body else ''}", *(f"{indent}     {line}" for line in body)]
    plain = f"{indent} = {label}: "
    first, *rest = wrap(body, look, plain, f"{indent}     ") or [plain]
    return [f"{start}: {first[len(plain) :]}", *rest]


def _waived(finding: Finding, look: Style) -> list[str]:
    start = f"waived[{finding.rule}]: "
    place = f"{' ' * 4}{look.paint('frame', '-->')} {clean(str(finding.span))}"
    notes = [line for note in finding.notes for line in wrap(note, look, "    ", "    ")]
    return [*wrap(finding.message, look, start, "    "), place, *notes]


def _closing(report: Report, look: Style) -> list[str]:
    counts = [
        look.paint(
            style if report.counts[verdict] else "dim", f"{report.counts[verdict]:,} {verdict.replace('_', ' ')}"
        )
        for verdict, style in _COUNTED
    ]
    scope = wrap(f"not covered: {', '.join(OUT_OF_SCOPE)} (docs/limits.md)", look, "", "    ")
    return [
        f"{', '.join(counts)} ({_severities(report)}{_extent(report)})",
        *(line for one in day_words(report) for line in wrap(one, look, "", "    ")),
        *_known(report, look),
        *_overridden(report, look),
        *_stopped(report, look),
        *(look.paint("dim", line) for line in scope),
    ]


def _stopped(report: Report, look: Style) -> list[str]:
    return [look.paint("error", str(report.interruption))] if report.interruption else []


def _known(report: Report, look: Style) -> list[str]:
    if report.baseline is None:
        return []
    from fedpolicy.report.annotations import baseline_words  # noqa: PLC0415  few reports have a baseline

    return wrap(baseline_words(report.baseline), look, "", "    ")


def _overridden(report: Report, look: Style) -> list[str]:
    if not report.overrides:
        return []
    from fedpolicy.report.rows import override_lines  # noqa: PLC0415  few reports have any

    return [line for one in override_lines(report.overrides) for line in wrap(one, look, "", "    ")]


def _severities(report: Report) -> str:
    failed = Counter(finding.severity for finding in report.findings if finding.verdict is Verdict.FAIL)
    shown = ", ".join(f"{failed[severity]:,} {severity.label}" for severity in sorted(failed, reverse=True))
    return f"{shown}; " if shown else ""


def _extent(report: Report) -> str:
    deployments = amount(sum(len(file.deployments) for file in report.files), "deployment")
    rules = (
        f"{amount(len(report.rules), 'rule')} of {listing(report.packs)}"
        if report.packs
        else amount(len(report.rules), "rule")
    )
    broken = sum(bool(file.errors) for file in report.files)
    return f"{deployments}, {rules}" + (f"; {amount(broken, 'file')} with mistakes" if broken else "")


def _unknowns(facts: Sequence[MissingFact], look: Style) -> list[str]:
    """Ask for the missing facts, what matters most first."""
    waiting = {finding.fingerprint or id(finding) for fact in facts for finding in fact.findings}
    head = look.paint("unknown", "unknown")
    title = f"{amount(len(waiting), 'question')} cannot be decided, because {_are(len(facts))} not stated"
    return [
        f"{head}: {look.paint('bold', title)}",
        *(line for question in _grouped(facts) for line in _asked(question, look)),
    ]


def _are(number: int) -> str:
    return "1 fact is" if number == 1 else f"{number:,} facts are"


def _grouped(facts: Sequence[MissingFact]) -> Iterable[list[MissingFact]]:
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
    rules = sorted({rule for fact in facts for rule in fact.rules})
    what = _what(facts)
    text = f"{what}: {_verb(facts)} {amount(len(rules), 'rule')}: {', '.join(rules)}"
    head, *rest = wrap(text, look, "  - ", "    ")
    bold = min(len(head), 4 + len(what))
    return [look.paint("bold", head[:bold]) + head[bold:], *rest, _place(facts, look)]


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
