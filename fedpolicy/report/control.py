"""What `fedpolicy control` says: who can take what away from whom, use by use, and what nobody states about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fedpolicy.records import dataclass, field
from fedpolicy.report import PLAIN, Style, clean, listing, wrap
from fedpolicy.report.rows import json_text, row_of

if TYPE_CHECKING:
    from fedpolicy.analysis.control import Gap
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.control.removal import Hold
    from fedpolicy.graph import Principal

_MEANS = {
    "run": "compute with the models",
    "join": "take part in the rounds",
    "keep": "leave with a working copy of the result",
    "inspect": "look into the weights",
}
_INDENT = " " * 11
_TOO_FEW = "its rounds wait for more clients than there are"


def as_text(name: str, matrix: Sequence[Continuity], people: Mapping[str, Principal], look: Style = PLAIN) -> str:
    """Write who has which capability, who can take it away, and through what; `people` tell where parties are."""
    lines = [look.paint("bold", f"{clean(name)}: who can take what away from whom"), ""]
    for participants, entries in _blocks(matrix):
        lines += [
            *wrap(f"{entries[0].use}: {listing(participants)}", look, "", "    "),
            *_block(entries, people, look),
            "",
        ]
    if not matrix:
        return "\n".join([*lines, "no task runs on anybody's node, and nobody calls a model"]) + "\n"
    meanings = "; ".join(f"{word}: {means}" for word, means in _MEANS.items())
    return "\n".join([*lines, *wrap(meanings, look)]) + "\n"


def _blocks(matrix: Sequence[Continuity]) -> Iterator[tuple[list[str], list[Continuity]]]:
    """For each use, the participants of whom the same is certain, with all that is said of them."""
    for _, group in groupby(matrix, key=lambda entry: entry.use):
        rows: dict[str, list[Continuity]] = {}
        for entry in group:
            for party in entry.participants:
                rows.setdefault(party, []).append(entry)
        alike: dict[tuple[object, ...], list[str]] = {}
        for party in sorted(rows):
            alike.setdefault(tuple(_certain(entry) for entry in rows[party]), []).append(party)
        for parties in alike.values():
            yield parties, list(dict.fromkeys(entry for party in parties for entry in rows[party]))


def _certain(entry: Continuity) -> tuple[object, ...]:
    return (entry.capability, entry.attainable, _is_open(entry), entry.holds, entry.gaps, entry.software)


def _block(entries: Sequence[Continuity], people: Mapping[str, Principal], look: Style) -> Iterator[str]:
    for _, entry in sorted({entry.capability: entry for entry in reversed(entries)}.items(), key=_by_capability):
        said = list(_said(entry, people)) or ["not known" if _is_open(entry) else "nobody else can end it"]
        for number, line in enumerate(said):
            yield from wrap(line, look, _INDENT if number else f"  {entry.capability:<9}", _INDENT + "  ")
    for number, (party, named) in enumerate(_software(entries)):
        line = f"{_located(party, people)} wrote what {listing(named)} runs, and can change it with a new version"
        yield from wrap(line, look, _INDENT if number else f"  {'code':<9}", _INDENT + "  ")
    for question in _questions(entries, people):
        yield from wrap(f"not stated: {question}", look, "  ", "    ")


def _software(entries: Sequence[Continuity]) -> list[tuple[str, list[str]]]:
    """Whose code computes, and on what."""
    found: dict[str, dict[str, None]] = {}
    for party, element in sorted({one for entry in entries for one in entry.software}):
        found.setdefault(party, {})[_short(element) if element.startswith("nodes.") else element] = None
    return [(party, list(named)) for party, named in found.items()]


def _by_capability(one: tuple[str, Continuity]) -> int:
    return list(_MEANS).index(one[0])


def _is_open(entry: Continuity) -> bool:
    """Whether it may never have been given; a file that places a copy somewhere says that it runs there."""
    return any(gap.kind != "memory" for gap in entry.doubts)


def _said(entry: Continuity, people: Mapping[str, Principal]) -> Iterator[str]:
    """What is certain."""
    if not entry.attainable:
        yield f"never: {listing([_lack(gap) for gap in entry.gaps]) or _TOO_FEW}"
    for hold in entry.holds:
        if hold.how == "unstated":
            yield f"the party that runs {_short(hold.cause)} can end it, and the file does not name that party"
        elif not hold.missing:
            yield _hold_text(hold, entry, people)


def _hold_text(hold: Hold, entry: Continuity, people: Mapping[str, Principal]) -> str:
    if hold.mutual:
        why = "the rounds wait for all of them" if hold.how == "number" else "each holds a part"
        return f"any one of {listing(hold.parties)} can end it for the others: {why}"
    who = listing([_located(party, people) for party in hold.parties])
    if hold.how == "jurisdiction":
        return f"{who} can end it together: nobody outside {hold.jurisdiction} is left"
    if hold.how == "licence":
        licensor = "its licensor" if hold.parties == ("unknown",) else who
        return f"{licensor} can end it: may end the licence of {_short(hold.cause)} at will"
    return f"{who} can end it: {_VERBS[hold.how]} {_object(hold)}{_expected(hold, entry, people)}"


_VERBS = {"operates": "runs", "hosts": "hosts", "account": "has the account for", "part": "holds a part of"}


def _object(hold: Hold) -> str:
    """What a party has in hand: a model by its name, and the nodes through which it runs it."""
    places = [_short(one) for one in hold.through if one.startswith("nodes.")]
    if hold.how == "account" or not places:
        return _short(hold.cause)
    return listing(places) if hold.cause.startswith("nodes.") else f"{_short(hold.cause)} on {listing(places)}"


def _expected(hold: Hold, entry: Continuity, people: Mapping[str, Principal]) -> str:
    roles = [people[party].roles if party in people else () for party in hold.parties]
    rounds = hold.how == "operates" and hold.cause.startswith("nodes.") and entry.capability == "join"
    return " (as coordinators do)" if rounds and all("coordinator" in one for one in roles) else ""


def _lack(gap: Gap) -> str:
    what, figures = _short(gap.cause), dict(gap.detail)
    if gap.kind == "memory":
        has, needs = figures["gpu_memory_gib"], figures["needed_gib"]
        return f"{_short(gap.element)} has {has:g} GiB, and {what} takes at least {needs:.3g} GiB"
    if gap.kind == "copy":
        return f"they hold no copy of {what}"
    if gap.kind == "licence":
        return f"the licence of {what} grants no rights where they are"
    return f"the weights of {what} are closed"


@dataclass(slots=True, kw_only=True)
class _Open:
    """One question: its words, the machines that it is about, the facts that answer it, and what these decide."""

    words: str
    elements: dict[str, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    capabilities: dict[str, None] = field(default_factory=dict)


def _questions(entries: Sequence[Continuity], people: Mapping[str, Principal]) -> Iterator[str]:
    """Each thing that nobody states once, with the facts that would state it and the capabilities that hang on it."""
    questions: dict[object, _Open] = {}
    for entry in entries:
        for gap in entry.doubts:
            # Many machines of which the same is not known are one question.
            key = (gap.cause, gap.detail) if gap.kind == "memory" else gap.missing
            _note(questions, key, _doubt(gap), entry, gap.missing, _short(gap.element))
        for hold in entry.holds:
            if hold.missing:
                _note(questions, hold.missing, _question(hold, people), entry, hold.missing)
    for question in questions.values():
        words = question.words.replace("{}", listing(list(question.elements)))
        yield f"{words} ({listing(list(question.facts))}); it decides {listing(list(question.capabilities))}"


def _located(party: str, people: Mapping[str, Principal]) -> str:
    """A party with the country that it is in."""
    known = people.get(party)
    where = known.jurisdictions if known else None
    return f"{party} ({', '.join(where)})" if where and len(where) == 1 else party


def _short(element: str) -> str:
    """An element without its section."""
    return element.partition(".")[2]


def _note(
    questions: dict[object, _Open], key: object, words: str, entry: Continuity, facts: Sequence[str], element: str = ""
) -> None:
    question = questions.setdefault(key, _Open(words=words))
    question.facts |= dict.fromkeys(facts)
    question.elements |= dict.fromkeys([element])
    question.capabilities[entry.capability] = None


def _question(hold: Hold, people: Mapping[str, Principal]) -> str:
    what = _short(hold.cause)
    if hold.how == "account":
        return f"whose account it is that opens {what}"
    if hold.how == "jurisdiction":
        return f"whether {listing(hold.parties)} are all in {hold.jurisdiction or 'one country'}"
    if hold.how == "unstated":
        return f"who runs {what}"
    if hold.mutual:
        goes_on = f"rounds of {what} go on" if hold.how == "number" else f"the result of {what} is whole"
        return f"whether {goes_on} without any of {listing(hold.parties)}"
    return f"whether {what} can be had without {listing([_located(party, people) for party in hold.parties])}"


def _doubt(gap: Gap) -> str:
    what, figures = _short(gap.cause), dict(gap.detail)
    if gap.kind == "memory":
        return f"the memory of {{}}, of which {what} takes at least {figures['needed_gib']:.3g} GiB"
    if gap.kind == "copy":
        return f"whether {_short(gap.element)} keeps them out"
    if gap.kind == "licence":
        return f"where they are, and the licence of {what} leaves out some countries"
    if gap.kind == "way":
        return f"who exchanges with whom in {what}"
    if gap.kind == "operator":
        return f"whether anybody else runs {_short(gap.element)}"
    return f"whether the weights of {what} can be had"


def as_json(name: str, matrix: Sequence[Continuity]) -> str:
    """Write the matrix as JSON."""
    return json_text({"version": 1, "name": name, "continuity": [_entry_row(entry) for entry in matrix]})


def _entry_row(entry: Continuity) -> dict[str, Any]:
    return {
        **row_of(entry, "use", "capability", "participants", "attainable"),
        "holds": [_hold_row(hold) for hold in entry.holds],
        "lacking": [_gap_row(gap) for gap in entry.gaps],
        "not_stated": [_gap_row(gap) for gap in entry.doubts],
        "software": [{"party": party, "on": element} for party, element in entry.software],
    }


def _hold_row(hold: Hold) -> dict[str, Any]:
    return {
        **row_of(hold, "parties", "how", "cause", "through"),
        "together": hold.how == "jurisdiction",
        "jurisdiction": hold.jurisdiction or None,
        "missing": hold.missing,
    }


def _gap_row(gap: Gap) -> dict[str, Any]:
    return {**row_of(gap, "kind", "cause", "missing"), **dict(gap.detail)}
