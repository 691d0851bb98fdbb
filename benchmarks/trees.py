"""What the nodes of a tree of sums say of one unit, by adding it up: for tests, and for the true ε of trees."""

from __future__ import annotations

from collections.abc import Sequence


def square(pattern: Sequence[int], steps: int, restart: int) -> int:
    """Give what a unit that takes part in these steps adds to all complete nodes of all trees, squared."""
    total = 0
    for begin in range(0, steps, restart):
        length = min(restart, steps - begin)
        for level in range(length.bit_length()):
            for node in range(length >> level):
                first = begin + (node << level)
                total += sum(first <= one < first + (1 << level) for one in pattern) ** 2
    return total
