"""Sets that clear single findings -> sets that clear all that can be cleared, cheapest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import count

from fedpolicy.repairing.options import Options
from fedpolicy.repairing.pool import compatible

__all__ = ["complete_sets"]

_MOST = 4_000  # sets that are looked at; none of them is checked for that


def complete_sets(options: Options, places: Sequence[int], most: int = _MOST) -> Iterator[frozenset[str]]:
    """
    Sets of changes that contain, for every finding, one that clears it; by cost, none with another inside.

    A best-first search over the findings in order: at the first that is not cleared yet, each of its options is tried.
    """
    choices = [options.of(place) for place in places]
    distinct = list({tuple(one): one for one in choices if one}.values())
    found: list[frozenset[str]] = []
    seen: set[frozenset[str]] = set()
    number = count()
    heap: list[tuple[float, int, frozenset[str]]] = [(0.0, next(number), frozenset())]
    for _ in range(most):
        if not heap:
            return
        _, _, chosen = heapq.heappop(heap)
        if any(known <= chosen for known in found):
            continue
        left = next((some for some in distinct if not any(option <= chosen for option in some)), None)
        if left is None:
            found.append(chosen)
            yield chosen
            continue
        for more in _grown(options, chosen, left, seen):
            heapq.heappush(heap, (options.price(more), next(number), more))


def _grown(
    options: Options, chosen: frozenset[str], some: Sequence[frozenset[str]], seen: set[frozenset[str]]
) -> Iterator[frozenset[str]]:
    for option in some:
        more = chosen | option
        if more not in seen and compatible(options.members(more)):
            seen.add(more)
            yield more
