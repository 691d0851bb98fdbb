"""The smallest sets of parties that together learn as much as a level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.views import viewers_of
from fedpolicy.analysis.whatif import members, pooled
from fedpolicy.graph import DataItem

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.exposure.state import Exposure

_MOST_SETS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Parties of whom none can be left out, and the instances that they reach together."""

    parties: tuple[str, ...]
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoalitionSearch:
    """What was found; `complete` up to `size` parties, `stopped` where there were too many sets to try."""

    level: int
    coalitions: tuple[Coalition, ...]
    size: int
    stopped: bool


def smallest_coalitions(study: Study, dataset: str, level: int, *, size: int = 3) -> CoalitionSearch:
    """
    Search every set of at most `size` parties, smallest first; supersets of what is found are not asked.

    The owner of an instance is never counted among those who reach it.
    """
    graph = study.graph
    items = [item for item in graph.data if dataset in {item.id, item.family}]
    readers = {reader for seal in graph.seals for reader in seal.readers} & graph.principals.keys()
    seeing = {viewer.party for viewer in viewers_of(graph)} | readers
    parties = sorted({graph.principals[name].party for name in seeing} - {"public"})
    found: dict[frozenset[str], list[str]] = {}
    tried = 0
    for count in range(1, size + 1):
        for some in combinations(parties, count):
            group = frozenset(some)
            left = [item for item in items if not _known(found, group, item.id)]
            if not left:
                continue
            tried += 1
            if tried > _MOST_SETS:
                return CoalitionSearch(level=level, coalitions=_listed(found), size=count - 1, stopped=True)
            reached = [item.id for item in _reached(study, group, left, level)]
            if reached:
                found[group] = reached
    return CoalitionSearch(level=level, coalitions=_listed(found), size=size, stopped=False)


def _known(found: dict[frozenset[str], list[str]], group: frozenset[str], item: str) -> bool:
    return any(smaller <= group and item in items for smaller, items in found.items())


def _reached(study: Study, group: frozenset[str], items: Sequence[DataItem], level: int) -> Iterator[DataItem]:
    exposure = (study.with_graph(pooled(study.graph, group)) if len(group) > 1 else study).exposure
    names = members(study.graph, group)
    for item in items:
        if item.owner not in names and _level(exposure, names, item) >= level:
            yield item


def _level(exposure: Exposure, names: Iterable[str], item: DataItem) -> int:
    # As disclosures tell it: whoever may learn anything knows what everybody knows.
    theirs = (viewer for (party, _), viewer in exposure.viewers.items() if party in names)
    return max((exposure.views(viewer)[Reading.HIGH].level(item.index) for viewer in theirs), default=0)


def _listed(found: dict[frozenset[str], list[str]]) -> tuple[Coalition, ...]:
    rows = [Coalition(parties=tuple(sorted(group)), datasets=tuple(sorted(items))) for group, items in found.items()]
    return tuple(sorted(rows, key=lambda row: (len(row.parties), row.parties)))
