"""
Tree aggregation (DP-FTRL): how far one unit can move all nodes of a binary tree over the steps.

Gaussian noise is added once per node, so the whole tree is one Gaussian mechanism whose sensitivity is the Euclidean
length of what the unit adds to all nodes (Kairouz et al. 2021, appendix D; for contributions chosen adaptively:
Denisov et al. 2022). Only complete nodes count, as in dp-accounting's SingleEpochTreeAggregationDpEvent: of a tree
over `steps` leaves no node is released before its last leaf. A unit that takes part once is in one node of each
level.
"""

from __future__ import annotations

from functools import cache

__all__ = ["largest_square", "reached_square"]

# More participations than this are no longer counted one by one.
_COUNTED = 4096


def largest_square(steps: int, participations: int, separation: int) -> int:
    """
    Return an upper bound on the squared sensitivity, in squared clipping norms.

    At each level a node over 2^level steps holds at most ceil(2^level / separation) participations, and the sum of
    squares is largest when nodes are filled one after the other. Levels are bounded one by one; with a single
    participation that is exact.
    """
    total = _possible(steps, participations, separation)
    square = 0
    for level in range(steps.bit_length()):
        each = min(total, ((1 << level) - 1) // separation + 1)
        full, rest = divmod(total, each)
        square += min(full * each * each + rest * rest, (steps >> level) * each * each)
    return square


@cache
def reached_square(steps: int, participations: int, separation: int) -> int:
    """Return the squared sensitivity that a unit reaches that takes part as early and as often as it may."""
    total = min(_possible(steps, participations, separation), _COUNTED)
    return sum(_reached(level, steps, total, separation) for level in range(steps.bit_length()))


def _reached(level: int, steps: int, total: int, separation: int) -> int:
    if (total - 1) * separation >> level == 0:
        return total * total
    counts: dict[int, int] = {}
    for one in range(total):
        node = one * separation >> level
        if node < steps >> level:  # an incomplete node is never released
            counts[node] = counts.get(node, 0) + 1
    return sum(count * count for count in counts.values())


def _possible(steps: int, participations: int, separation: int) -> int:
    return min(participations, (steps - 1) // separation + 1)
