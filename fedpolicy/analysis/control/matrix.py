"""The continuity matrix: for each participant and use, which capability hangs on whom, and through what."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.access import Means
from fedpolicy.analysis.control.capabilities import CAPABILITIES
from fedpolicy.analysis.control.likeness import Likeness
from fedpolicy.analysis.control.removal import Hold, Standing, abroad_of, standing
from fedpolicy.analysis.control.tasks import uses
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.control import Formula, Gap
    from fedpolicy.analysis.control.capabilities import Use
    from fedpolicy.analysis.control.removal import Hold
    from fedpolicy.catalog import Catalog
    from fedpolicy.graph.lookup import Lookup

__all__ = ["EACH_OTHER", "Continuity", "continuity_of"]

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

    def standings(self, use: Use) -> Iterator[tuple[str, _Standings]]:
        """By participant, how it stands with each capability that a use is about."""
        likeness, parties = self._likeness, use.parties()
        first: dict[Hashable, tuple[str, _Standings] | None] = {}
        for party in parties:
            kind = likeness.kind(use, party) if len(parties) > 1 else None
            known = first.get(kind) if kind is not None else None
            if known is not None:
                yield party, [(name, self._one(likeness.renamed(one, known[0], party))) for name, one in known[1]]
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

    def _one(self, found: Standing) -> Standing:
        return self._same.setdefault(found, found)


def _formulas(use: Use, party: str) -> Iterator[tuple[str, Formula]]:
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
