"""
The continuity matrix: for each participant and use, which capability hangs on whom, and through what.

Participants may differ in nothing but names: ten thousand clients may each write a party and a node of their own.
Whoever runs one place by itself, and of whom nothing else speaks, has what the others of its kind have. So it is worked
out for the first of them; only gaps at its own place bear its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.control import Formula, Gap
from fedpolicy.analysis.control.access import Means
from fedpolicy.analysis.control.capabilities import CAPABILITIES, ModelCall
from fedpolicy.analysis.control.removal import Hold, Standing, abroad_of, standing
from fedpolicy.analysis.control.tasks import uses
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.graph import Vertex
    from fedpolicy.graph.lookup import Lookup


class Likeness:
    """Who is like whom in a use, and what one of them has in the names of another."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._renamed: dict[tuple[object, ...], Standing] = {}
        self._lacking: dict[int, frozenset[str]] = {}

    def kind(self, use: ModelCall, party: str) -> Hashable | None:
        """All that what a party has depends on, without its names; None where more than that is said of it."""
        place = self._plain.get(party)
        if place is None or self._means.supplied or use.places.get(party) != [place]:
            return None
        who, deployment = self._means.graph.principals[party], self._means.graph.deployment
        hardware = deployment.nodes[place.family].hardware if place.family in deployment.nodes else None
        return (
            who.roles,
            who.jurisdictions,
            place.weight,
            hardware and hardware.gpu_memory_gib,
            tuple(self._means.lookup.placed.get(place.id, ())),
            use.surroundings(place),
        )

    def speaks_of_others(self, standings: Sequence[Standing], party: str, others: Iterable[str]) -> bool:
        """Whether what one has hangs on any of the others who may be like it, or in their hands on its own names."""
        alike = {word for other in others if other in self._plain for word in self._words(other)}
        own, holds = self._words(party), [hold for one in standings for hold in one.holds]
        said = {word for one in holds if not one.mutual for word in (*one.parties, one.cause, *one.through)}
        said |= {_element(path) for one in holds for path in one.missing}
        gaps = {_element(path) for one in standings for gap in _gaps(one) for path in (gap.element, *gap.missing)}
        return not alike.isdisjoint(said) or not alike.isdisjoint(gaps - own)

    def names(self, party: str, other: str) -> Mapping[str, str]:
        """What another is called, by what one is called, where these differ."""
        both = zip(self._names(party), self._names(other), strict=True)
        return {old: new for old, new in both if old != new}

    def renamed(self, standing: Standing, names: Mapping[str, str]) -> Standing:
        """What another has, of whom the same is to be said: this very object, where it bears no name of its own."""
        # By the very object, as below: whoever compares them keeps them all.
        said = self._lacking.get(id(standing))
        if said is None:
            paths = (path for gap in _gaps(standing) for path in (gap.element, *gap.missing))
            said = self._lacking[id(standing)] = frozenset(map(_element, paths))
        if said.isdisjoint(names):
            return standing
        key = (id(standing), *names.values())
        if key not in self._renamed:
            gaps, doubts = (tuple(_with(gap, names) for gap in some) for some in (standing.gaps, standing.doubts))
            self._renamed[key] = replace(standing, gaps=gaps, doubts=doubts)
        return self._renamed[key]

    def _names(self, party: str) -> tuple[str, str]:
        return f"nodes.{self._plain[party].family}", f"parties.{party}"

    def _words(self, party: str) -> set[str]:
        return {*self._names(party), party, self._plain[party].id}

    @cached_property
    def _plain(self) -> Mapping[str, Vertex]:
        """The parties that run one place by themselves and are named by nothing else, each with its place."""
        places = list(self._means.lookup.places.values())
        known = Counter(who for place in places for who in {place.party, place.host, *place.operators})
        named = self._named
        return {
            place.party: place
            for place in places
            if known[place.party] == 1
            and place.operators == (place.party,)
            and place.host == place.party
            and place.enclave is None
            and self._means.lookup.party(place.party) == place.party
            and named.isdisjoint((place.party, place.id, place.name, place.family))
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


def _gaps(standing: Standing) -> Sequence[Gap]:
    return (*standing.gaps, *standing.doubts)


def _element(path: str) -> str:
    """`nodes.client` for `nodes.client.hardware`."""
    return ".".join(path.split(".", 2)[:2])


def _with(gap: Gap, names: Mapping[str, str]) -> Gap:
    """The same gap at another place."""
    missing = tuple([_at(path, names) for path in gap.missing])
    return Gap(gap.kind, gap.cause, missing, _at(gap.element, names), gap.detail)


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


def continuity_of(lookup: Lookup, catalog: Catalog) -> tuple[Continuity, ...]:
    """Every capability of every participant in every use, identical ones together, in the order of the uses."""
    judge = _Judge(Means(lookup, catalog))
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
        self._same: dict[Standing, Standing] = {}

    def standings(self, use: ModelCall) -> Iterator[tuple[str, _Standings]]:
        """By participant, how it stands with each capability that a use is about."""
        likeness, parties = self._likeness, use.parties()
        first: dict[Hashable, tuple[str, _Standings] | None] = {}
        for party in parties:
            kind = likeness.kind(use, party) if len(parties) > 1 else None
            known = first.get(kind) if kind is not None else None
            if known is not None:
                names = likeness.names(known[0], party)
                yield party, [(name, self._renamed(one, names)) for name, one in known[1]]
                continue
            found = [(name, self._standing(formula, party)) for name, formula in _formulas(use, party)]
            if kind is not None and kind not in first:
                shared = not likeness.speaks_of_others([one for _, one in found], party, parties)
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
        return one if found is one else self._one(found)

    def _one(self, found: Standing) -> Standing:
        return self._same.setdefault(found, found)


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
