"""What nobody states, and what it would decide about control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass
from fedpolicy.report.words import listing

if TYPE_CHECKING:
    from fedpolicy.analysis.control.formula import Gap
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.control.removal import Hold
    from fedpolicy.graph.model import Principal

__all__ = ["located", "questions", "short"]


@dataclass(slots=True, kw_only=True)
class _Open:
    """One question: its words, the machines that it is about, the facts that answer it, and what these decide."""

    words: str
    elements: dict[str, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    capabilities: dict[str, None] = field(default_factory=dict)


def questions(entries: Sequence[Continuity], people: Mapping[str, Principal]) -> Iterator[str]:
    """Each thing that nobody states once, with the facts that would state it and the capabilities that hang on it."""
    found: dict[object, _Open] = {}
    for entry in entries:
        for gap in entry.doubts:
            # Many machines of which the same is not known are one question.
            key = (gap.cause, gap.detail) if gap.kind == "memory" else gap.missing
            _note(found, key, _doubt(gap), entry, gap.missing, short(gap.element))
        for hold in entry.holds:
            if hold.missing:
                _note(found, hold.missing, _question(hold, people), entry, hold.missing)
    for one in found.values():
        words = one.words.replace("{}", listing(list(one.elements)))
        yield f"{words} ({listing(list(one.facts))}); it decides {listing(list(one.capabilities))}"


def located(party: str, people: Mapping[str, Principal]) -> str:
    """A party with the country that it is in."""
    known = people.get(party)
    where = known.jurisdictions if known else None
    return f"{party} ({', '.join(where)})" if where and len(where) == 1 else party


def short(element: str) -> str:
    """An element without its section."""
    return element.partition(".")[2]


def _note(
    found: dict[object, _Open], key: object, words: str, entry: Continuity, facts: Sequence[str], element: str = ""
) -> None:
    one = found.setdefault(key, _Open(words=words))
    one.facts |= dict.fromkeys(facts)
    one.elements |= dict.fromkeys([element])
    one.capabilities[entry.capability] = None


def _question(hold: Hold, people: Mapping[str, Principal]) -> str:
    what = short(hold.cause)
    if hold.how == "account":
        return f"whose account it is that opens {what}"
    if hold.how == "jurisdiction":
        return f"whether {listing(hold.parties)} are all in {hold.jurisdiction or 'one country'}"
    if hold.how == "unstated":
        return f"who runs {what}"
    return f"whether {what} can be had without {listing([located(party, people) for party in hold.parties])}"


def _doubt(gap: Gap) -> str:
    what, figures = short(gap.cause), dict(gap.detail)
    if gap.kind == "memory":
        return f"the memory of {{}}, of which {what} takes at least {figures['needed_gib']:.3g} GiB"
    if gap.kind == "licence":
        return f"where they are, and the licence of {what} leaves out some countries"
    return f"whether the weights of {what} can be had"
