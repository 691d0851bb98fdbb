"""
What a file may hold at most, in one place; docs/limits.md tells all of it.

A gate reads what people write whom it does not trust. Without bounds, a few hundred bytes take all the memory or all
the time there is. Each bound is far above what a deployment needs, and a message names it.
"""

from __future__ import annotations

__all__ = [
    "MAX_DIGITS",
    "MAX_QUANTITY",
]

MAX_DIGITS = 300
"""Digits of a number in any file. No quantity needs more, and Python refuses to read some thousands of them."""

MAX_QUANTITY = 10**12
"""
The largest quantity: clients, subjects, days, rounds, steps, GiB, multiples of noise.

Sums over a million of them still fit into the 64 bits of CEL and are exact as JSON numbers in every program.
"""
