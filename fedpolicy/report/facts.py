"""What `fedpolicy facts` and `fedpolicy why` say to people: models, who can learn what, one disclosure explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.privacy import shown
from fedpolicy.analysis.facts import LEVELS, Disclosure, ModelFacts, wide
from fedpolicy.analysis.idle import idle_elements
from fedpolicy.report import Style, amount, cells, clean, listing, wrap
from fedpolicy.report.excerpt import hop_lines
from fedpolicy.report.facts_json import hops_of

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.explain import Counterfactual, Explained, Explanation, HopLevel
    from fedpolicy.catalog import Catalog
    from fedpolicy.language.reading import Document

_STYLES = ("pass", "pass", "low", "medium", "critical")
_MOST_CHANGES = 8


def facts_text(document: Document, facts: Study, look: Style) -> str:
    """Write the facts as two tables, the most revealing disclosure first."""
    parts = [
        [look.paint("bold", f"{clean(document.deployment.name)} ({clean(document.file)})"), _size(facts)],
        [look.paint("bold", "models"), *_model_lines(facts.models, look)],
        [look.paint("bold", "who can learn what"), *_all_disclosures(facts.disclosures, document, look)],
        *_notes(facts, look),
        [f"fedpolicy why {clean(document.file)} PARTY DATASET explains one of them"],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _notes(facts: Study, look: Style) -> Iterator[list[str]]:
    """What is said in vain, where anything is."""
    found = [
        line for element, why in idle_elements(facts) for line in wrap(why, look, f"  {clean(element)}: ", " " * 4)
    ]
    if found:
        yield [look.paint("bold", "said in vain: it changes no level"), *found]


def _size(facts: Study) -> str:
    graph = facts.graph
    places = sum(vertex.kind == "place" for vertex in graph.vertices.values())
    sizes = (
        amount(sum(not principal.implied for principal in graph.principals.values()), "party", "parties"),
        amount(places, "place"),
        amount(len(graph.data), "dataset instance"),
        amount(len(graph.flows), "flow"),
    )
    return ", ".join(sizes)


def _model_lines(models: Sequence[ModelFacts], look: Style) -> Iterator[str]:
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


def _all_disclosures(disclosures: Sequence[Disclosure], document: Document, look: Style) -> Iterator[str]:
    if not disclosures:
        yield "  nobody learns anything about data that are not its own"
    for one in disclosures:
        yield from _disclosure_lines(one, document, look)


def _disclosure_lines(one: Disclosure, document: Document, look: Style) -> Iterator[str]:
    level = wide(one.low, one.high)
    start = f"  {level}: "
    what = f"{listing(one.parties)}, as {one.role}, of {listing(one.datasets)}"
    first, *rest = wrap(what, look, start, "    ")
    yield look.paint(_STYLES[one.high], first[: len(start) - 2]) + first[len(start) - 2 :]
    yield from rest
    for remark in _remarks(one):
        yield from wrap(remark, look, "    ", "      ")
    for path in one.paths[:1]:
        yield from (f"    {look.paint('frame', '|')} {line}" for line in hop_lines(hops_of(path, document)))
    if len(one.paths) > 1:
        yield f"    and {amount(len(one.paths) - 1, 'more way')} in"


def _on_release(one: Disclosure) -> Iterator[str]:
    """Say where somebody learns more than the owners allow."""
    if one.allowed is not None and one.high > one.allowed:
        whom = listing(one.parties)
        what = f"no more than {LEVELS[one.allowed]}" if one.allowed else "nothing"
        yield f"The owners release {what} to {whom} as {one.role}."


def _spent_on(one: Disclosure) -> Iterator[str]:
    """Say what the privacy loss is where noise bounds what can be learned."""
    if one.spent:
        delta = f", at δ = {one.spent.delta:g}" if one.spent.delta is not None else ""
        yield f"ε is {shown(one.spent)}{delta}."


def _remarks(one: Disclosure) -> Iterator[str]:
    if one.guaranteed != one.high:
        words = sorted({party for reason in one.not_counted for party in reason.rests_on})
        rests = f"; the rest is the word of {listing(words)}" if words else ""
        yield f"Guaranteed is only {wide(one.vouched, one.guaranteed)}{rests}."
    yield from _on_release(one)
    yield from _spent_on(one)
    if one.claims:
        yield f"It rests on the ε that {listing(one.claims)} claims."
    if one.missing:
        yield f"Not stated: {listing(one.missing)}."


def why_text(explanation: Explanation, document: Document, facts: Study, catalog: Catalog, look: Style) -> str:
    """Write an explanation; where nothing reaches the party, say that plainly."""
    if not explanation.entries:
        return "\n".join(_nothing(explanation, facts, look)) + "\n"
    parts = ["\n".join(_explained(entry, document, catalog, look)) for entry in explanation.entries]
    return "\n\n".join(parts) + "\n"


def _nothing(explanation: Explanation, facts: Study, look: Style) -> list[str]:
    party, dataset = explanation.party, explanation.dataset
    owned = [
        item.id
        for item in facts.graph.data
        if dataset in {item.id, item.family} and party in {item.owner, facts.graph.principals[item.owner].party}
    ]
    lines = wrap(f"Nothing of {dataset} reaches {party}.", look)
    if owned:
        belongs = "belongs" if len(owned) == 1 else "belong"
        own = f"{listing(owned)} {belongs} to {party}: what it knows of its own data is not listed."
        lines += wrap(own, look)
    return lines


def _explained(entry: Explained, document: Document, catalog: Catalog, look: Style) -> Iterator[str]:
    yield from _level(entry.disclosure, catalog, look)
    for number, way in enumerate(entry.ways, start=1):
        head = f"way {number} of {len(entry.ways)}" if len(entry.ways) > 1 else "the way"
        yield f"\n  {look.paint('bold', head)}"
        yield from _way(way, document, look)
    for level, head in (("declared", "what did not count"), ("guaranteed", "what does not count as guaranteed")):
        reasons = [reason for reason in entry.disclosure.not_counted if reason.level == level]
        if reasons:
            yield f"\n  {look.paint('bold', head)}"
        for one in reasons:
            yield from wrap(f"{one.safeguard} ({one.kind}): {one.why}", look, "    ", "      ")
    yield f"\n  {look.paint('bold', 'what would lower it')}"
    yield from _counterfactuals(entry.counterfactuals, entry.disclosure, look)


def _level(one: Disclosure, catalog: Catalog, look: Style) -> Iterator[str]:
    level = wide(one.low, one.high)
    start = f"{level}: "
    first, *rest = wrap(f"{listing(one.parties)}, as {one.role}, of {listing(one.datasets)}", look, start, "  ")
    yield look.paint(_STYLES[one.high], first[: len(start) - 2]) + look.paint("bold", first[len(start) - 2 :])
    yield from rest
    yield from wrap(catalog.levels[LEVELS[one.high]].aloud, look, "  ", "  ")
    if one.guaranteed != one.high:
        yield from wrap(f"The owner can rely on no more than {wide(one.vouched, one.guaranteed)}.", look, "  ", "  ")
    for remark in (*_on_release(one), *_hangs_on(one)):
        yield from wrap(remark, look, "  ", "  ")


def _hangs_on(one: Disclosure) -> Iterator[str]:
    yield from _spent_on(one)
    if one.spent:
        yield f"By: {one.spent.theorem}."
        yield from (f"Assuming: {assumption}." for assumption in one.spent.assumptions)
    if one.claims:
        yield f"It rests on the ε that {listing(one.claims)} claims; nobody can compute it from the file."
    if one.missing:
        yield f"Not stated, and it would decide: {listing(one.missing)}."


def _way(way: Sequence[HopLevel], document: Document, look: Style) -> Iterator[str]:
    """The level that each hop leaves its target with, and the hop."""
    lines = hop_lines(hops_of([hop.step for hop in way], document), most=len(way))
    levels = [LEVELS[hop.high] + (f" ({LEVELS[hop.guaranteed]})" if hop.guaranteed != hop.high else "") for hop in way]
    width = max(map(len, levels), default=0)
    for line, level, hop in zip(lines, levels, way, strict=True):
        yield f"    {look.paint(_STYLES[hop.high], level)}{' ' * (width - len(level))}  {line}"
    if any(hop.guaranteed != hop.high for hop in way):
        yield "    (in brackets: what is guaranteed)"


def _counterfactuals(changes: Sequence[Counterfactual], one: Disclosure, look: Style) -> Iterator[str]:
    lowering = [change for change in changes if change.lowers]
    if not lowering:
        yield "    no single change that was tried"
    for change in lowering[:_MOST_CHANGES]:
        yield from wrap(f"{clean(change.change)}: {_becomes(change, one)}", look, "    + ", "      ")
    for change in [change for change in changes if not change.lowers][:_MOST_CHANGES]:
        yield from wrap(f"{clean(change.change)}: no change", look, "    - ", "      ")


def _becomes(change: Counterfactual, one: Disclosure) -> str:
    level = wide(change.low, change.high)
    parts = [level if (change.low, change.high) != (one.low, one.high) else f"still {level}"]
    if change.guaranteed != change.high or one.guaranteed != one.high:
        parts.append(f"guaranteed {LEVELS[change.guaranteed]}")
    return ", ".join(parts)
