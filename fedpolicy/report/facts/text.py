"""Facts for people: the models, and who can learn what about whose data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.spending import shown
from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.facts.rows import hops_of, wide
from fedpolicy.report.hops import hop_lines
from fedpolicy.report.words import Look, amount, cells, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure, Facts, ModelFacts
    from fedpolicy.spec.load import Document

__all__ = ["STYLES", "facts_text", "on_release", "spent_on"]

STYLES = ("pass", "pass", "low", "medium", "critical")


def facts_text(document: Document, facts: Facts, look: Look) -> str:
    """Write the facts as two tables, the most revealing disclosure first."""
    parts = [
        [look.paint("bold", f"{clean(document.deployment.name)} ({clean(document.file)})"), _size(facts)],
        [look.paint("bold", "models"), *_models(facts.models, look)],
        [look.paint("bold", "who can learn what"), *_disclosures(facts.disclosures, document, look)],
        [*_notes(facts, look), f"fedpolicy why {clean(document.file)} PARTY DATASET explains one of them"],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _size(facts: Facts) -> str:
    graph = facts.graph
    places = sum(vertex.kind == "place" for vertex in graph.vertices.values())
    sizes = (
        amount(sum(not one.implied for one in graph.principals.values()), "party", "parties"),
        amount(places, "place"),
        amount(len(graph.data), "dataset instance"),
        amount(len(graph.flows), "flow"),
    )
    return ", ".join(sizes)


def _models(models: Sequence[ModelFacts], look: Look) -> Iterator[str]:
    if not models:
        yield "  none"
    names = max((cells(model.id) for model in models), default=0)
    classes = [model.cls or f"{model.lowest} or {model.highest}" for model in models]
    wide_class = max(map(len, classes), default=0)
    for model, cls in zip(models, classes, strict=True):
        start = f"  {clean(model.id)}{' ' * (names - cells(model.id))}  {cls:<{wide_class}}  "
        yield from wrap("; ".join(_about(model)) or "-", look, start, " " * len(start))


def _about(model: ModelFacts) -> Iterator[str]:
    if model.catalogue:
        yield model.catalogue
    if model.claimed:
        yield f"claims {model.claimed}"
    if model.produced_by:
        yield f"produced by {listing(model.produced_by)}"
    if model.runners:
        yield f"run by {listing(model.runners)}"
    if model.contains:
        yield f"contains {listing(model.contains)}"
    if model.missing:
        yield f"not known: {listing(model.missing)}"


def _disclosures(disclosures: Sequence[Disclosure], document: Document, look: Look) -> Iterator[str]:
    if not disclosures:
        yield "  nobody learns anything about data that are not its own"
    for one in disclosures:
        yield from _disclosure(one, document, look)


def _disclosure(one: Disclosure, document: Document, look: Look) -> Iterator[str]:
    level = wide(one.low, one.high)
    start = f"  {level}: "
    what = f"{listing(one.parties)}, as {one.role}, of {listing(one.datasets)}"
    first, *rest = wrap(what, look, start, "    ")
    yield look.paint(STYLES[one.high], first[: len(start) - 2]) + first[len(start) - 2 :]
    yield from rest
    for remark in _remarks(one):
        yield from wrap(remark, look, "    ", "      ")
    for path in one.paths[:1]:
        yield from (f"    {look.paint('frame', '|')} {line}" for line in hop_lines(hops_of(path, document)))
    if len(one.paths) > 1:
        yield f"    and {amount(len(one.paths) - 1, 'more way')} in"


def on_release(one: Disclosure) -> Iterator[str]:
    """Say where somebody learns more than the owners allow."""
    if one.allowed is not None and one.high > one.allowed:
        whom = listing(one.parties)
        what = f"no more than {LEVELS[one.allowed]}" if one.allowed else "nothing"
        yield f"The owners release {what} to {whom} as {one.role}."


def spent_on(one: Disclosure) -> Iterator[str]:
    """Say what the privacy loss is where noise bounds what can be learned."""
    if one.spent:
        delta = f", at δ = {one.spent.delta:g}" if one.spent.delta is not None else ""
        yield f"ε is {shown(one.spent)}{delta}."


def _remarks(one: Disclosure) -> Iterator[str]:
    if one.guaranteed != one.high:
        words = sorted({party for reason in one.not_counted for party in reason.rests_on})
        rests = f"; the rest is the word of {listing(words)}" if words else ""
        yield f"Guaranteed is only {LEVELS[one.guaranteed]}{rests}."
    yield from on_release(one)
    yield from spent_on(one)
    if one.claims:
        yield f"It rests on the ε that {listing(one.claims)} claims."
    if one.missing:
        yield f"Not stated: {listing(one.missing)}."


def _notes(facts: Facts, look: Look) -> Iterator[str]:
    for note in facts.notes:
        yield from wrap(note, look, "note: ", "  ")
