"""One disclosure explained: the ways in with the level after each hop, what did not count, what would lower it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.facts.rows import hops_of, wide
from fedpolicy.report.facts.text import STYLES, on_release, spent_on
from fedpolicy.report.hops import hop_lines
from fedpolicy.report.words import Look, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.counterfactual import Counterfactual
    from fedpolicy.analysis.explain import Explained, Explanation, HopLevel
    from fedpolicy.analysis.facts import Disclosure, Facts, NotCounted
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.spec.load import Document

__all__ = ["why_text"]

_MOST_CHANGES = 8


def why_text(explanation: Explanation, document: Document, facts: Facts, catalog: Catalog, look: Look) -> str:
    """Write an explanation; where nothing reaches the party, say that plainly."""
    if not explanation.entries:
        return "\n".join(_nothing(explanation, facts, look)) + "\n"
    parts = ["\n".join(_entry(entry, document, catalog, look)) for entry in explanation.entries]
    return "\n\n".join(parts) + "\n"


def _nothing(explanation: Explanation, facts: Facts, look: Look) -> list[str]:
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


def _entry(entry: Explained, document: Document, catalog: Catalog, look: Look) -> Iterator[str]:
    yield from _level(entry.disclosure, catalog, look)
    for number, way in enumerate(entry.ways, start=1):
        head = f"way {number} of {len(entry.ways)}" if len(entry.ways) > 1 else "the way"
        yield f"\n  {look.paint('bold', head)}"
        yield from _way(way, document, look)
    for level, head in (("declared", "what did not count"), ("guaranteed", "what does not count as guaranteed")):
        reasons = [reason for reason in entry.disclosure.not_counted if reason.level == level]
        if reasons:
            yield f"\n  {look.paint('bold', head)}"
            yield from (line for reason in reasons for line in _reason(reason, look))
    yield f"\n  {look.paint('bold', 'what would lower it')}"
    yield from _changes(entry.counterfactuals, entry.disclosure, look)


def _level(one: Disclosure, catalog: Catalog, look: Look) -> Iterator[str]:
    level = wide(one.low, one.high)
    start = f"{level}: "
    first, *rest = wrap(f"{listing(one.parties)}, as {one.role}, of {listing(one.datasets)}", look, start, "  ")
    yield look.paint(STYLES[one.high], first[: len(start) - 2]) + look.paint("bold", first[len(start) - 2 :])
    yield from rest
    yield from wrap(catalog.levels[LEVELS[one.high]].aloud, look, "  ", "  ")
    if one.guaranteed != one.high:
        yield from wrap(f"The owner can rely on no more than {LEVELS[one.guaranteed]}.", look, "  ", "  ")
    for remark in (*on_release(one), *_hangs_on(one)):
        yield from wrap(remark, look, "  ", "  ")


def _hangs_on(one: Disclosure) -> Iterator[str]:
    yield from spent_on(one)
    if one.spent:
        yield f"By: {one.spent.theorem}."
        yield from (f"Assuming: {assumption}." for assumption in one.spent.assumptions)
    if one.claims:
        yield f"It rests on the ε that {listing(one.claims)} claims; nobody can compute it from the file."
    if one.missing:
        yield f"Not stated, and it would decide: {listing(one.missing)}."


def _way(way: Sequence[HopLevel], document: Document, look: Look) -> Iterator[str]:
    """The level that each hop leaves its target with, and the hop."""
    lines = hop_lines(hops_of([hop.step for hop in way], document), most=len(way))
    levels = [LEVELS[hop.high] + (f" ({LEVELS[hop.guaranteed]})" if hop.guaranteed != hop.high else "") for hop in way]
    width = max(map(len, levels), default=0)
    for line, level, hop in zip(lines, levels, way, strict=True):
        yield f"    {look.paint(STYLES[hop.high], level)}{' ' * (width - len(level))}  {line}"
    if any(hop.guaranteed != hop.high for hop in way):
        yield "    (in brackets: what is guaranteed)"


def _reason(reason: NotCounted, look: Look) -> list[str]:
    return wrap(f"{reason.safeguard} ({reason.kind}): {reason.why}", look, "    ", "      ")


def _changes(changes: Sequence[Counterfactual], one: Disclosure, look: Look) -> Iterator[str]:
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
