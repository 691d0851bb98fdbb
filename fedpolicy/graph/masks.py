"""
Sets of dataset instances as numbers: bit `i` stands for `graph.data[i]`.

With a hundred thousand instances one such number takes twelve kilobytes, so equal ones should be one object. Where two
are equal, `a ^ b` is 0: Python joins many digits at once, but compares one after another, which takes five times as
long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import compress
from operator import or_
from typing import TypeVar

Item = TypeVar("Item")
Mask = int
FEW = 16  # instances that are taken one by one
_FLAGS = bytes.maketrans(b"01", b"\0\1")
_SPREAD = 1_000_003  # a prime of which the first million powers of two leave rests of their own


def bits(mask: Mask) -> Iterator[int]:
    """The positions of the bits that are set, lowest first."""
    # The highest bit is at hand, and no other operation reads a long number as fast as `^` does.
    top = mask.bit_length() - 1
    if mask and not mask ^ 1 << top:
        yield top
        return
    if mask.bit_count() <= FEW:
        found: list[int] = []
        while mask:
            found.append(top := mask.bit_length() - 1)
            mask ^= 1 << top
        yield from reversed(found)
        return
    # Clearing one bit copies the whole number, so a crowded one is read byte by byte.
    for place, byte in enumerate(mask.to_bytes((mask.bit_length() + 7) // 8, "little")):
        if byte:
            yield from (place * 8 + bit for bit in range(8) if byte >> bit & 1)


def chosen(mask: Mask, every: Iterable[Item]) -> tuple[Item, ...]:
    """Of things that are numbered like instances, those whose bits are set; for thousands of bits at once."""
    return tuple(compress(every, f"{mask:b}"[::-1].encode().translate(_FLAGS)))


def keyed(mask: Mask) -> tuple[int, Mask]:
    """
    A set as a key of a dict.

    Python hashes numbers modulo 2**61 - 1. By themselves, all sets of one instance each would share 61 hashes.
    """
    return mask % _SPREAD, mask


def common(one: Mask, other: Mask) -> Mask:
    """The instances in both sets: one of these very objects, where the other adds no limit."""
    if one is other:
        return one
    both = one & other
    if not both ^ one:
        return one
    return both if both ^ other else other


def united(one: Mask, other: Mask) -> Mask:
    """The instances in any of two sets: one of these very objects, where the other adds nothing."""
    # What is common to both is as short as the shorter one, and most that is added to a set is there or is short.
    if one is other or not (one & other) ^ other:
        return one
    both = one | other
    return both if both ^ other else other


def lacking(one: Mask, other: Mask) -> Mask:
    """The instances of a set that are not in another; nothing longer than the first of them is made."""
    return 0 if one is other else one ^ (one & other)


def without(one: Mask, other: Mask) -> Mask:
    """The instances of a set that are not in another: this very object, where that takes nothing from it."""
    both = one & other
    return one ^ both if both else one


def numbered(numbers: Sequence[int]) -> Mask:
    """The set of the instances with these numbers; of many, none is copied once for each."""
    if len(numbers) <= FEW:
        return reduce(or_, (1 << number for number in numbers), 0)
    found = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


def grouped(pairs: Iterable[tuple[str, Mask]]) -> dict[str, Mask]:
    """The union of all sets of one name; a set that is alone stays the object that it is."""
    found: dict[str, Mask] = {}
    for name, mask in pairs:
        before = found.get(name)
        found[name] = mask if before is None else before | mask
    return found
