"""The continuity matrix: for each participant and use, which capability hangs on whom, and through what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.capabilities import CAPABILITIES, uses
from fedpolicy.analysis.control.means import Means
from fedpolicy.analysis.control.removal import Hold, Standing, abroad_of, standing
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.control.formula import Formula, Gap
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.graph.lookup import Lookup

__all__ = ["EACH_OTHER", "Continuity", "continuity_of"]

EACH_OTHER = "any other participant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """
    One capability of the parties that have it in the same way, in one task or call (`use`).

    Where it is not `attainable`, `gaps` say what is not there: nobody has given it to them. `holds` are the parties
    that can take it away; `doubts` what would have to be there, and nobody says whether it is.
    """

    participants: tuple[str, ...]
    use: str
    capability: str
    attainable: bool
    gaps: tuple[Gap, ...] = ()
    doubts: tuple[Gap, ...] = ()
    holds: tuple[Hold, ...] = ()

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
    means = Means(lookup, catalog)
    abroad = abroad_of(means)
    known: dict[Formula, Standing] = {}
    found: dict[tuple[int, str, str, Standing], list[str]] = {}
    for number, use in enumerate(uses(means)):
        for party in use.parties():
            for name in CAPABILITIES:
                formula = use.capability(name, party)
                if formula is None:
                    continue
                if formula not in known:
                    known[formula] = standing(formula, abroad)
                found.setdefault((number, use.id, name, _for(party, known[formula])), []).append(party)
    return tuple(_entry(key, parties) for key, parties in sorted(found.items(), key=_order))


def _for(party: str, found: Standing) -> Standing:
    """Nobody takes anything away from itself."""
    if all(hold.parties != (party,) for hold in found.holds):
        return found
    return replace(found, holds=tuple(hold for hold in found.holds if hold.parties != (party,)))


def _entry(key: tuple[int, str, str, Standing], parties: list[str]) -> Continuity:
    _, use, name, found = key
    return Continuity(
        participants=tuple(sorted(parties)),
        use=use,
        capability=name,
        attainable=found.attainable,
        gaps=found.gaps,
        doubts=found.doubts,
        holds=found.holds,
    )


def _order(entry: tuple[tuple[int, str, str, Standing], list[str]]) -> tuple[object, ...]:
    (number, _, name, found), parties = entry
    return (
        number,
        CAPABILITIES.index(name),
        not found.attainable,
        [hold.parties for hold in found.holds],
        sorted(parties),
    )
