"""The continuity matrix turned round: each cause of a dependency once, with all whom it concerns and in what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fedpolicy.analysis.control.capabilities import CAPABILITIES
from fedpolicy.graph.places import is_unknown
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.control.removal import Hold
    from fedpolicy.graph.lookup import Lookup

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """
    What some parties have only as long as others let them (`given`), or were never given; one cause each.

    `controllers` each have it in hand alone (together where a `jurisdiction` is said, or are each other's, where
    `mutual`), by `how`. `by_member` is None where nobody says who they are. `missing` are the facts that decide whether
    there is such a dependency; none: there is.
    """

    participants: tuple[str, ...]
    uses: tuple[str, ...]
    capabilities: tuple[str, ...]
    cause: str
    how: str
    given: bool
    controllers: tuple[str, ...] = ()
    by_member: bool | None = False
    jurisdiction: str = ""
    mutual: bool = False
    through: tuple[str, ...] = ()
    detail: tuple[tuple[str, float], ...] = ()
    missing: tuple[str, ...] = ()


class _Fact(NamedTuple):
    """What holds of somebody through one cause, whatever it concerns."""

    cause: str
    how: str
    given: bool
    parties: tuple[str, ...] = ()
    by_member: bool | None = False
    jurisdiction: str = ""
    mutual: bool = False
    detail: tuple[tuple[str, float], ...] = ()
    missing: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Those who need each other may be thousands."""
        return hash((self.cause, self.how, self.given, self.parties[:1], self.missing))


@dataclass(slots=True, kw_only=True)
class _Extent:
    """What a fact concerns: which capabilities in which uses of whom, and by which elements."""

    capabilities: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    through: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)

    def add(self, other: _Extent) -> None:
        """Take in what another one concerns."""
        self.capabilities |= other.capabilities
        self.uses |= other.uses
        self.through |= other.through
        self.parties |= other.parties
        self.participants |= other.participants


_Found = dict[_Fact, dict[str, _Extent]]
_Facts = tuple[tuple[_Fact, tuple[str, ...]], ...]  # each with the elements through which it holds
_Said = tuple[str, str, _Facts]  # of a capability in a use


def dependencies_of(lookup: Lookup, matrix: Iterable[Continuity]) -> tuple[Dependency, ...]:
    """Every dependency that a matrix shows, those with the same cause together, in the order of causes."""
    members, entries = set(lookup.members), list(matrix)
    found: dict[tuple[_Fact, frozenset[str], frozenset[str]], _Extent] = {}
    # What others have in hand is the same for thousands, each of whom may lack something of its own.
    held = partial(_held, members=members, known={})
    for parties, said in (*_together(entries, held), *_together(entries, _lacking)):
        for fact, extent in _merged(_in_all(said)):
            # Thousands of clients that make a call each depend on the same party in the same way, and so does whoever
            # can lose more than that.
            key = (fact, _alike(extent.capabilities), frozenset(extent.parties))
            extent.participants.update(parties)
            _note(found, key, extent)
    return tuple(sorted((_dependency(fact, extent) for (fact, _, _), extent in found.items()), key=_dependency_order))


def _alike(capabilities: set[str]) -> frozenset[str]:
    return frozenset({"run"} if "run" in capabilities else capabilities)


def _together(
    entries: Sequence[Continuity], facts_of: Callable[[Continuity], _Facts]
) -> Iterator[tuple[list[str], list[_Said]]]:
    """The participants of whom exactly the same is said, and what it is."""
    said: dict[_Said, int] = {}
    numbers: dict[str, list[int]] = {}
    for entry in entries:
        facts = facts_of(entry)
        if facts:
            number = said.setdefault((entry.use, entry.capability, facts), len(said))
            for party in entry.participants:
                numbers.setdefault(party, []).append(number)
    alike: dict[tuple[int, ...], list[str]] = {}
    for party, some in numbers.items():
        alike.setdefault(tuple(some), []).append(party)
    every = list(said)
    yield from ((parties, [every[number] for number in some]) for some, parties in alike.items())


def _in_all(said: Iterable[_Said]) -> _Found:
    """What holds of somebody by all that is said of it."""
    found: _Found = {}
    for use, capability, facts in said:
        for fact, through in facts:
            uses = found.setdefault(fact, {})
            extent = uses[use] if use in uses else uses.setdefault(use, _Extent())
            extent.capabilities.add(capability)
            extent.uses.add(use)
            extent.through.update(through)
    return found


def _lacking(entry: Continuity) -> _Facts:
    """What nobody has given to whom an entry speaks of, or may not have given."""
    return tuple(
        (
            _Fact(cause=gap.cause, how=gap.kind, given=False, detail=gap.detail, missing=gap.missing),
            (gap.element,) if gap.element else (),
        )
        for gap in (*entry.gaps, *entry.doubts)
    )


def _held(entry: Continuity, members: set[str], known: dict[int, tuple[_Fact, tuple[str, ...]]]) -> _Facts:
    """What others have in hand; many entries share much of it."""
    for hold in entry.holds:
        if id(hold) not in known:
            known[id(hold)] = (_in_hand(hold, members), hold.through)
    return tuple([known[id(hold)] for hold in entry.holds])


def _in_hand(hold: Hold, members: set[str]) -> _Fact:
    unsaid = all(map(is_unknown, hold.parties)) and bool(hold.missing)
    return _Fact(
        cause=hold.cause,
        how=hold.how,
        given=True,
        parties=hold.parties,
        by_member=None if unsaid else members.issuperset(hold.parties),
        jurisdiction=hold.jurisdiction,
        mutual=hold.mutual,
        missing=hold.missing,
    )


def _merged(facts: _Found) -> Iterator[tuple[_Fact, _Extent]]:
    """Parties that have the same in hand in the same way are one dependency; what is certain need not be asked."""
    sure = {_about(fact): extents for fact, extents in facts.items() if not fact.missing}
    by_loss: dict[tuple[_Fact, frozenset[str]], _Extent] = {}
    for fact, extents in facts.items():
        known = sure.get(_about(fact), {}) if fact.missing else {}
        for use, extent in extents.items():
            extent.capabilities -= known[use].capabilities if use in known else set()
            if extent.capabilities:
                _note(by_loss, (fact, _alike(extent.capabilities)), extent)
    together: dict[tuple[_Fact, frozenset[str]], _Extent] = {}
    for (fact, _), extent in by_loss.items():
        whoever = fact
        if not fact.mutual:
            extent.parties.update(fact.parties)
            whoever = fact._replace(parties=())
        _note(together, (whoever, frozenset(extent.capabilities)), extent)
    yield from ((fact, extent) for (fact, _), extent in together.items())


def _about(fact: _Fact) -> tuple[object, ...]:
    return fact.cause, fact.how, () if fact.mutual else fact.parties


def _note(found: dict[_Key, _Extent], key: _Key, extent: _Extent) -> None:
    """Add an extent to what is known under a key; the first one is kept as it is."""
    known = found.setdefault(key, extent)
    if known is not extent:
        known.add(extent)


def _dependency(fact: _Fact, extent: _Extent) -> Dependency:
    return Dependency(
        participants=tuple(sorted(extent.participants)),
        uses=tuple(sorted(extent.uses)),
        capabilities=tuple(sorted(extent.capabilities, key=CAPABILITIES.index)),
        cause=fact.cause,
        how=fact.how,
        given=fact.given,
        controllers=tuple(sorted(extent.parties or fact.parties)),
        by_member=fact.by_member,
        jurisdiction=fact.jurisdiction,
        mutual=fact.mutual,
        through=tuple(sorted(extent.through)),
        detail=fact.detail,
        missing=fact.missing,
    )


def _dependency_order(one: Dependency) -> tuple[object, ...]:
    return (one.cause, one.given, one.how, one.controllers, one.jurisdiction, one.capabilities, one.participants)
