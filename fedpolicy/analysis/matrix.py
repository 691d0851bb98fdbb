"""Who can learn what, as a table of parties and datasets: the worst over instances, capacities and ways in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.overview import Cell

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.facts import Disclosure

__all__ = ["MOST_CELLS", "cells_of"]

MOST_CELLS = 5_000  # what a page can hold; a table of more is read by programs


def cells_of(study: Study, owner: str = "") -> tuple[tuple[Cell, ...], int]:
    """
    A cell for each party and dataset, the most revealing first, and how many disclosures had no room.

    With an `owner`, only what is learned about its own data.
    """
    found: dict[tuple[str, str], tuple[int, int, int, bool]] = {}
    hidden = 0
    families = {item.id: item.family for item in study.graph.data if not owner or _owned(study, item.owner, owner)}
    for disclosure in study.disclosures:
        names = sorted({families[name] for name in disclosure.datasets if name in families})
        if not names:
            continue
        parties = sorted(set(_parties(study, disclosure)) - {owner})
        if len(found) + len(parties) * len(names) > MOST_CELLS:
            hidden += 1
            continue
        for party in parties:
            for name in names:
                found[party, name] = _worse(found.get((party, name)), disclosure)
    cells = [
        Cell(party=party, dataset=name, low=LEVELS[low], high=LEVELS[high], guaranteed=LEVELS[sure], exceeds=exceeds)
        for (party, name), (low, high, sure, exceeds) in found.items()
    ]
    cells.sort(key=lambda one: (-LEVELS.index(one.high), not one.exceeds, one.party, one.dataset))
    return tuple(cells), hidden


def _owned(study: Study, owner: str, party: str) -> bool:
    principal = study.graph.principals.get(owner)
    return party in (owner, principal.party if principal else owner)


def _parties(study: Study, found: Disclosure) -> Iterator[str]:
    principals = study.graph.principals
    return (principals[name].party if name in principals else name for name in found.parties)


def _worse(known: tuple[int, int, int, bool] | None, found: Disclosure) -> tuple[int, int, int, bool]:
    low, high, sure, exceeds = known or (0, 0, 0, False)
    beyond = found.allowed is not None and found.low > found.allowed
    return max(low, found.low), max(high, found.high), max(sure, found.guaranteed), exceeds or beyond
