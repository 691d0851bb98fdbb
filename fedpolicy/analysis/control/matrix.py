"""
The continuity matrix: for each participant and use, which capability hangs on whom, and through what.

Participants may differ in nothing but names: ten thousand clients may each write a party and nodes of their own.
Whoever runs its places by itself, and of whom nothing else speaks, has what the others of its kind have. So it is
worked out for the first of them; only what is said of the place where it computes bears its name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import Formula, Gap
from fedpolicy.analysis.control.access import Means
from fedpolicy.analysis.control.capabilities import CAPABILITIES, ModelCall
from fedpolicy.analysis.control.removal import Hold, Standing, abroad_of, standing
from fedpolicy.analysis.control.tasks import uses
from fedpolicy.records import dataclass, replace
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.graph import Vertex
    from fedpolicy.graph.lookup import Lookup
    from fedpolicy.limits import Bounds


class _Own(NamedTuple):
    """What a party has by itself: the words that speak of it, with its places, and which copies on whose machines."""

    words: frozenset[str]
    copies: Sequence[tuple[str, str]]


def _host(place: Vertex) -> str:
    return place.host if place.host != place.party else ""


class Likeness:
    """Who is like whom in a use, and what one of them has in the names of another."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._renamed: dict[tuple[object, ...], Standing] = {}
        self._named_in: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

    def kind(self, use: ModelCall, party: str) -> Hashable | None:
        """All that what a party has depends on, without its names; None where more than that is said of it."""
        own, here = self._plain.get(party), use.places.get(party, ())
        if own is None or self._means.supplied or len(here) != 1:
            return None
        place = here[0]
        who, deployment = self._means.graph.principals[party], self._means.graph.deployment
        hardware = deployment.nodes[place.family].hardware if place.family in deployment.nodes else None
        return (
            who.roles,
            who.jurisdictions,
            place.weight,
            hardware and hardware.gpu_memory_gib,
            _host(place),
            self._is_told_of(use, party),
            tuple(self._means.held.get(place.id, ())),
            tuple(own.copies),
            use.surroundings(place, own.words),
        )

    def _is_told_of(self, use: ModelCall, party: str) -> bool:
        """Whether its place is one of those that stand for many."""
        return bool(use.told) and any(f"nodes.{place.family}" in use.told for place in use.places.get(party, ()))

    def speaks_of_others(
        self, use: ModelCall, standings: Sequence[Standing], party: str, others: Iterable[str]
    ) -> bool:
        """Whether what one has hangs on any who may be like it, or on more of its own than where it computes."""
        told = self._is_told_of(use, party)
        like = (one for one in others if one in self._plain and self._is_told_of(use, one) is told)
        alike = set[str]().union(*(self._plain[other].words for other in like))
        said = {word for one in standings for hold in one.holds if not hold.mutual for word in hold.parties}
        said = said.union(*(_elements(one)[0] for one in standings))
        return not alike.isdisjoint(said.difference(self._names(use, party)))

    def names(self, use: ModelCall, party: str, other: str) -> Mapping[str, str]:
        """What another is called, by what one is called, where these differ."""
        both = zip(self._names(use, party), self._names(use, other), strict=True)
        return {old: new for old, new in both if old != new}

    def renamed(self, standing: Standing, names: Mapping[str, str]) -> Standing:
        """What another has, of whom the same is to be said: this very object, where it bears no name of its own."""
        # By the very object, as below: whoever compares them keeps them all.
        if (said := self._named_in.get(id(standing))) is None:
            said = self._named_in[id(standing)] = _elements(standing)
        if said[0].isdisjoint(names):
            return standing
        key = (id(standing), *names.values())
        if key not in self._renamed:
            gaps, doubts = (tuple(_with(gap, names) for gap in some) for some in (standing.gaps, standing.doubts))
            theirs = said[1] & names.keys()
            holds = tuple([_renamed(hold, names) for hold in standing.holds] if theirs else standing.holds)
            self._renamed[key] = replace(standing, gaps=gaps, doubts=doubts, holds=holds)
        return self._renamed[key]

    def _names(self, use: ModelCall, party: str) -> tuple[str, str]:
        return f"nodes.{use.places[party][0].family}", f"parties.{party}"

    @cached_property
    def _plain(self) -> Mapping[str, _Own]:
        """The parties that run their places by themselves, wherever these are hosted, and are named by nothing else."""
        lookup, named = self._means.lookup, self._named
        theirs: dict[str, list[Vertex]] = {}
        shared: set[str] = set()
        for place in lookup.places.values():
            shut = any(self._means.is_shut(model, place) for model in self._means.held.get(place.id, ()))
            plain = place.operators == (place.party,) and place.enclave is None and not shut
            if plain and named.isdisjoint((place.party, place.id, place.name, place.family)):
                theirs.setdefault(place.party, []).append(place)
                shared |= {place.host} - {place.party}
            else:
                shared |= {place.party, place.host, *place.operators}
        return {
            party: _Own(
                frozenset({party, f"parties.{party}"}.union(*((one.id, f"nodes.{one.family}") for one in places))),
                sorted((model, _host(one)) for one in places for model in self._means.held.get(one.id, ())),
            )
            for party, places in theirs.items()
            if party not in shared and lookup.party(party) == party
        }

    @property
    def _named(self) -> set[str | None]:
        """Who stands behind models, and who can open what is sealed."""
        found: set[str | None] = {reader for seal in self._means.graph.seals for reader in seal.readers}
        for name, model in self._means.graph.deployment.models.items():
            row = self._means.row(name)
            found |= {model.provider, model.account, *(model.via or ())}
            found |= {row.provider, row.developer} if row else set()
        return found


def _elements(standing: Standing) -> tuple[frozenset[str], frozenset[str]]:
    """What is said to be missing or in hand (of those who need each other, the use), and what is in hand alone."""
    gaps = (path for gap in (*standing.gaps, *standing.doubts) for path in (gap.element, *gap.missing))
    held = frozenset(_element(path) for hold in standing.holds for path in hold.paths)
    return held.union(map(_element, gaps)), held


def _element(path: str) -> str:
    """`nodes.client` for `nodes.client.hardware`."""
    return ".".join(path.split(".", 2)[:2])


def _with(gap: Gap, names: Mapping[str, str]) -> Gap:
    """The same gap at another place."""
    return Gap(gap.kind, gap.cause, tuple([_at(p, names) for p in gap.missing]), _at(gap.element, names), gap.detail)


def _renamed(hold: Hold, names: Mapping[str, str]) -> Hold:
    """The same of another; this very object, where it bears no name of one's own."""
    if names.keys().isdisjoint(map(_element, hold.paths)):
        return hold
    through, missing = (tuple(sorted(_at(path, names) for path in some)) for some in (hold.through, hold.missing))
    return replace(hold, cause=_at(hold.cause, names), through=through, missing=missing)


def _at(path: str, names: Mapping[str, str]) -> str:
    element = _element(path)
    return names[element] + path[len(element) :] if element in names else path


EACH_OTHER = "any other participant"
_Key = tuple[int, str, int, int, tuple[tuple[str, str], ...]]  # a use and its number, a capability, a standing, code


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """
    One capability of the parties that have it in the same way, in one task or call (`use`).

    Where it is not `attainable`, `gaps` say what is not there: nobody has given it to them. `holds` are the parties
    that can take it away; `doubts` what would have to be there, and nobody says whether it is. `software` names the
    others whose code computes, each with the node or task that it is for: they can change what is done.
    """

    participants: tuple[str, ...]
    use: str
    capability: str
    attainable: bool
    gaps: tuple[Gap, ...] = ()
    doubts: tuple[Gap, ...] = ()
    holds: tuple[Hold, ...] = ()
    software: tuple[tuple[str, str], ...] = ()

    @property
    def holders(self) -> tuple[str, ...]:
        """Who certainly can take it away, each of them alone; parties that need each other are called so."""
        sure = [hold for hold in self.holds if not hold.missing and not hold.jurisdiction]
        named = {party for hold in sure if not hold.mutual for party in hold.parties}
        return (*sorted(named), *([EACH_OTHER] if any(hold.mutual for hold in sure) else []))

    def ends_without(self, party: str) -> bool:
        """Whether a party certainly can take it away."""
        return any(party in hold.parties for hold in self.holds if not hold.missing and not hold.jurisdiction)


def continuity_of(lookup: Lookup, catalog: Catalog, bounds: Bounds) -> tuple[Continuity, ...]:
    """Every capability of every participant in every use, identical ones together, in the order of the uses."""
    judge = _Judge(Means(lookup, catalog, bounds))
    found: dict[_Key, list[str]] = {}
    stands: dict[int, Standing] = {}
    for number, use in enumerate(uses(judge.means)):
        for party, standings in judge.standings(use):
            code = use.software(party)
            for name, one in standings:
                stands[id(one)] = one
                found.setdefault((number, use.id, CAPABILITIES.index(name), id(one), code), []).append(party)
    entries = [(key, stands[key[3]], sorted(parties)) for key, parties in found.items()]
    return tuple(_entry(*entry) for entry in sorted(entries, key=_order))


_Standings = list[tuple[str, Standing]]


class _Judge:
    """Says what each participant has; equal answers are one object, and those who differ in names alone are alike."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._likeness = Likeness(means)
        self._abroad = abroad_of(means)
        self._known: dict[Formula, Standing] = {}
        self._same: dict[tuple[object, ...], Standing] = {}
        self._holds: dict[tuple[Hold, ...], tuple[Hold, ...]] = {}

    def standings(self, use: ModelCall) -> Iterator[tuple[str, _Standings]]:
        """By participant, how it stands with each capability that a use is about."""
        likeness, parties = self._likeness, use.parties()
        first: dict[Hashable, tuple[str, _Standings] | None] = {}
        for party in parties:
            kind = likeness.kind(use, party) if len(parties) > 1 else None
            known = first.get(kind) if kind is not None else None
            if known is not None:
                names = likeness.names(use, known[0], party)
                yield party, [(name, self._renamed(one, names)) for name, one in known[1]]
                continue
            found = [(name, self._standing(formula, party)) for name, formula in _formulas(use, party)]
            if kind is not None and kind not in first:
                shared = not likeness.speaks_of_others(use, [one for _, one in found], party, parties)
                first[kind] = (party, found) if shared else None
            yield party, found

    def _standing(self, formula: Formula, party: str) -> Standing:
        known = self._known.get(formula)
        if known is None:
            found = standing(formula, self._abroad)
            known = self._known[formula] = self._one(found)
        # Nobody takes anything away from itself.
        if all(hold.parties != (party,) for hold in known.holds):
            return known
        left = replace(known, holds=tuple(hold for hold in known.holds if hold.parties != (party,)))
        return self._one(left)

    def _renamed(self, one: Standing, names: Mapping[str, str]) -> Standing:
        found = self._likeness.renamed(one, names)
        return one if found is one else self._told_once(found) if found.holds is one.holds else self._one(found)

    def _one(self, found: Standing) -> Standing:
        holds = self._holds.setdefault(found.holds, found.holds)
        return self._told_once(found if holds is found.holds else replace(found, holds=holds))

    def _told_once(self, found: Standing) -> Standing:
        """The one that is equal, by the very object that its holds are, which thousands share."""
        return self._same.setdefault((found.attainable, found.gaps, found.doubts, id(found.holds)), found)


def _formulas(use: ModelCall, party: str) -> Iterator[tuple[str, Formula]]:
    for name in CAPABILITIES:
        formula = use.capability(name, party)
        if formula is not None:
            yield name, formula


def _entry(key: _Key, found: Standing, parties: list[str]) -> Continuity:
    _, use, capability, _, software = key
    return Continuity(
        participants=tuple(parties),
        use=use,
        capability=CAPABILITIES[capability],
        attainable=found.attainable,
        gaps=found.gaps,
        doubts=found.doubts,
        holds=found.holds,
        software=software,
    )


def _order(entry: tuple[_Key, Standing, list[str]]) -> tuple[object, ...]:
    (number, _, capability, _, software), found, parties = entry
    return number, capability, not found.attainable, [hold.parties for hold in found.holds], software, parties
