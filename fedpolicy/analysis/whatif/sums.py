"""How many contributions a sum still hides somebody among, once parties pool what they know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.readings import Reading, Trust
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.analysis.whatif.turned import members
from fedpolicy.graph.model import bits

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.graph.model import Aggregate

__all__ = ["SmallerSum", "smaller_sums"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SmallerSum:
    """
    What is left of a sum of `origin` for `party`, once it subtracts what `others` put in.

    `before` and `after` count contributions per round in the least favourable reading; below two the sum is somebody's
    own contribution.
    """

    origin: str
    party: str
    others: tuple[str, ...]
    before: int
    after: int


def smaller_sums(study: Study, parties: Sequence[str]) -> tuple[SmallerSum, ...]:
    """Every sum that hides less from one of the parties when they pool what they know."""
    hiding = Hiding(graph=study.graph, trust=Trust(graph=study.graph), reading=Reading.HIGH)
    found = {one for aggregate in study.graph.aggregates for one in _of(study, hiding, aggregate, parties)}
    return tuple(sorted(found))


def _of(study: Study, hiding: Hiding, aggregate: Aggregate, parties: Sequence[str]) -> Iterator[SmallerSum]:
    everybody = tuple(sorted(members(study.graph, parties)))
    after = hiding.remaining(aggregate.index, everybody)
    for party in parties:
        before = hiding.remaining(aggregate.index, tuple(sorted(members(study.graph, [party]))))
        if after < before and _learns(study, aggregate, party):
            others = tuple(other for other in parties if other != party)
            yield SmallerSum(origin=aggregate.origin, party=party, others=others, before=before, after=after)


def _learns(study: Study, aggregate: Aggregate, party: str) -> bool:
    names = members(study.graph, [party])
    summed = {study.graph.data[index].id for index in bits(aggregate.data)}
    return any(names & set(one.parties) and summed & set(one.datasets) for one in study.disclosures)
