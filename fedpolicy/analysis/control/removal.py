"""A condition -> who can take it away: everybody is removed in turn, then all parties of one jurisdiction together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import AtLeast, Atom, Formula, Gap, Loss, ends, holds, leaves
from fedpolicy.graph.lookup import listed_by
from fedpolicy.graph.places import is_unknown
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.control.access import Means

_ORDER = ("operates", "account", "licence", "hosts", "part", "unstated")
# Beyond this many doubts, only single ones and all of them together are tried.
_MOST_DOUBTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """
    Parties without whom a capability is gone: each of them alone, or all those of one `jurisdiction` together.

    `how` they have it in hand, `cause` the element at which that could be changed, `through` everything by which they
    have it. `missing` are the facts that decide whether they have it; none: they have. `mutual`: they are the very
    parties that need each other.
    """

    parties: tuple[str, ...]
    how: str
    cause: str
    through: tuple[str, ...]
    missing: tuple[str, ...] = ()
    jurisdiction: str = ""
    mutual: bool = False

    def __hash__(self) -> int:
        """Those who need each other may be thousands."""
        return hash((self.parties[:1], self.how, self.paths))

    @property
    def paths(self) -> tuple[str, ...]:
        """All that it names beside parties."""
        return (self.cause, *self.through, *self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    What is known of one capability.

    `gaps` say why nobody has it where it is not `attainable` at all. `doubts` are facts whose absence leaves open
    whether it is.
    """

    attainable: bool
    gaps: tuple[Gap, ...] = ()
    doubts: tuple[Gap, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """Where parties are that are not where participants are; `unstated` are those of whom nobody says."""

    parties: Mapping[str, frozenset[str]]
    unstated: frozenset[str]


def abroad_of(means: Means) -> Abroad:
    """
    Parties by the one foreign jurisdiction that they are in.

    A participant's jurisdiction is not foreign to the federation, nor is any of the European Economic Area where a
    participant is in it: there is no border between them that data or services could be stopped at.
    """
    principals = {one.party: one for one in means.graph.principals.values()}
    home = {code for one in principals.values() if "participant" in one.roles for code in one.jurisdictions or ()}
    # Only the countries that are named are looked up: to read all of them takes as long as to read a small deployment.
    inside = any(_in_eea(means, code) for code in home)
    found: dict[str, set[str]] = {}
    for name, one in principals.items():
        if one.jurisdictions and len(one.jurisdictions) == 1 and one.jurisdictions[0] not in home:
            code = one.jurisdictions[0]
            if not (inside and _in_eea(means, code)):
                found.setdefault(code, set()).add(name)
    unstated = {
        name
        for name, one in principals.items()
        if one.jurisdictions is None and name != "public" and not is_unknown(name) and "participant" not in one.roles
    }
    return Abroad(parties={code: frozenset(who) for code, who in sorted(found.items())}, unstated=frozenset(unstated))


def _in_eea(means: Means, code: str) -> bool:
    row = means.catalog.countries.get(code)
    return row is not None and row.eea


def standing(formula: Formula, abroad: Abroad) -> Standing:
    """Decide what is known of a condition."""
    every = tuple(dict.fromkeys(leaves(formula)))
    gaps = tuple(leaf for leaf in every if isinstance(leaf, Gap))
    if not holds(formula):
        return Standing(attainable=False, gaps=tuple(gap for gap in gaps if not gap.missing))
    asked = tuple(gap for gap in gaps if gap.missing)
    ways, open_ = frozenset(gap for gap in asked if gap.kind == "way"), [gap for gap in asked if gap.kind != "way"]
    works = {way: holds(formula, Loss(doubted=ways - {way})) for way in ways}
    readings = [ways - {way} for way, works_so in works.items() if works_so] or [ways]
    doubts = tuple(gap for gap in open_ if not _in_all(formula, readings, gap))
    doubts += tuple(gap for gap in asked if not works.get(gap, True))
    if not doubts and not _in_all(formula, readings, *open_):
        doubts = asked
    atoms = tuple(leaf for leaf in every if isinstance(leaf, Atom))
    single = [*_singles(formula, atoms, asked), *_mutual(formula, every, asked)]
    return Standing(attainable=True, doubts=doubts, holds=(*single, *_together(formula, atoms, abroad, single)))


def _in_all(formula: Formula, readings: Iterable[frozenset[Gap]], *doubted: Gap) -> bool:
    """Whether it holds in each way that is possible, of which one is the one, although some things are not there."""
    return all(holds(formula, Loss(doubted=reading.union(doubted))) for reading in readings)


def _singles(formula: Formula, atoms: tuple[Atom, ...], gaps: tuple[Gap, ...]) -> Iterator[Hold]:
    theirs = listed_by((party, atom) for atom in atoms for party in atom.controllers)
    sure = ends(formula) or frozenset()
    perhaps = () if sure >= theirs.keys() else tuple(_perhaps(formula, gaps))
    for party, own in sorted(theirs.items()):
        whom = frozenset({party})
        if party not in sure:
            missing = next((facts for facts, some in perhaps if party in some), ())
            if missing:
                yield _hold(party, own, missing)
            continue
        # Nobody names the licensor, nor somebody else: they are not one.
        hows = dict.fromkeys(atom.how for atom in own) if len({bool(atom.missing) for atom in own}) > 1 else ()
        apart = [how for how in hows if not holds(formula, Loss(parties=whom, how=how))]
        for how in apart:
            yield _hold(party, [atom for atom in own if atom.how == how])
        if apart:
            continue
        causes = dict.fromkeys(atom.cause for atom in own)
        some = causes if len(causes) > 1 else ()
        alone = [cause for cause in some if not holds(formula, Loss(parties=whom, cause=cause))]
        for cause in alone:
            yield _hold(party, [atom for atom in own if atom.cause == cause])
        if not alone:
            yield _hold(party, own)


def _hold(party: str, atoms: list[Atom], missing: tuple[str, ...] = ()) -> Hold:
    first = min(atoms, key=lambda atom: _ORDER.index(atom.how))
    # The main cause is that of the first atom: a task's own model comes before what stands in for it.
    return Hold(
        parties=(party,),
        how=first.how,
        cause=atoms[0].cause,
        through=tuple(sorted({atom.element for atom in atoms})),
        missing=tuple(sorted({*missing, *(fact for atom in atoms for fact in atom.missing)})),
    )


def _perhaps(formula: Formula, gaps: tuple[Gap, ...]) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """
    Facts that leave open whether somebody has a hold, each with the parties that have one if they are so.

    Memory that nobody states is no such fact: a file that places a runnable copy somewhere says that it runs there.
    """
    for doubted in _readings(gaps):
        some = ends(formula, doubted)
        if some is not None:
            yield tuple(sorted({fact for gap in doubted for fact in gap.missing})), some


def _readings(gaps: tuple[Gap, ...]) -> Iterator[frozenset[Gap]]:
    """What may not be there, the fewest first; of several ways of an exchange, one is the one."""
    ways = frozenset(gap for gap in gaps if gap.kind == "way")
    asked = [gap for gap in gaps if gap.kind != "memory" and gap not in ways]
    sizes = range(len(asked) + 1) if len(asked) <= _MOST_DOUBTS else (0, 1, len(asked))
    for size in sizes:
        for some in combinations(asked, size):
            for others in (frozenset[Gap](), *(ways - {way} for way in gaps if way in ways)):
                yield others.union(some)


def _mutual(formula: Formula, every: tuple[object, ...], gaps: tuple[Gap, ...]) -> Iterator[Hold]:
    for leaf in every:
        if not isinstance(leaf, AtLeast) or not leaf.each:
            continue
        loss = Loss(parties=frozenset(leaf.each[:1]), cause=leaf.cause)
        missing = _left_open(formula, loss, gaps) if holds(formula, loss) else ()
        if missing or not holds(formula, loss):
            through = (leaf.element,)
            yield Hold(parties=leaf.each, how=leaf.how, cause=leaf.cause, through=through, missing=missing, mutual=True)


def _left_open(formula: Formula, loss: Loss, gaps: tuple[Gap, ...]) -> tuple[str, ...]:
    """The facts that leave open whether it ends with a loss; none where it certainly does not."""
    for doubted in _readings(gaps):
        if holds(formula, Loss(doubted=doubted)) and not holds(formula, replace(loss, doubted=doubted)):
            return tuple(sorted({fact for gap in doubted for fact in gap.missing}))
    return ()


def _together(formula: Formula, atoms: tuple[Atom, ...], abroad: Abroad, single: list[Hold]) -> Iterator[Hold]:
    """All parties of one foreign jurisdiction, where no one of them has a hold of its own."""
    named = {who for atom in atoms for who in atom.controllers}
    alone = {who for hold in single if not hold.missing for who in hold.parties}
    maybe = frozenset((named & abroad.unstated) - alone)
    unstated = tuple(f"parties.{who}.jurisdiction" for who in sorted(maybe))
    found = False
    for code, there in abroad.parties.items():
        some = frozenset(named & there)
        if some and not some & alone:
            certain = len(some) > 1 and not holds(formula, Loss(parties=some))
            if certain or (maybe and not holds(formula, Loss(parties=some | maybe))):
                found = True
                yield _joint(code, some, atoms) if certain else _joint(code, some | maybe, atoms, unstated)
    if not found and len(maybe) > 1 and not holds(formula, Loss(parties=maybe)):
        yield _joint("", maybe, atoms, unstated)


def _joint(code: str, parties: frozenset[str], atoms: tuple[Atom, ...], missing: tuple[str, ...] = ()) -> Hold:
    theirs = [atom for atom in atoms if not parties.isdisjoint(atom.controllers)]
    return Hold(
        parties=tuple(sorted(parties)),
        how="jurisdiction",
        cause=theirs[0].cause,
        through=tuple(sorted({atom.element for atom in theirs})),
        missing=missing,
        jurisdiction=code,
    )
