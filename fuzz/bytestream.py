"""
Inputs from bytes that somebody else chooses: whole files, or the choices by which one is drawn.

The first byte says which. A mutation of the rest then changes a letter of a file, or one choice of a drawing, so that
what is learned of one input serves the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from fuzz.inputs import Input, Source
from fuzz.target import targets


class Choices(Random):
    """Random numbers that are read from bytes, and drawn as usual behind their end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        super().__init__(0)

    def getrandbits(self, k: int, /) -> int:
        """So many bits, of as many bytes as they need."""
        size = (k + 7) // 8
        if self._at + size > len(self._data):
            return super().getrandbits(k)
        found = int.from_bytes(self._data[self._at : self._at + size], "big")
        self._at += size
        return found & ((1 << k) - 1)

    def random(self) -> float:
        """From 0 to 1 in steps that two bytes tell apart."""
        return self.getrandbits(16) / 65536


def input_of(source: Source, name: str, data: bytes) -> Input | None:
    """The input that these bytes are; None where they are too few."""
    kind = targets()[name].input
    if kind == "bytes":
        return Input(kind, data)
    if not data:
        return None
    if data[0] % 2:
        return source.draw(kind, Choices(data[1:]))
    if not kind.startswith("foreign"):
        return Input(kind, data[1:])
    names = sorted({one.name for one in source.seeds(kind)})
    return Input(kind, data[2:], names[data[1] % len(names)]) if len(data) > 1 else None


def first_inputs(source: Source, name: str) -> Iterator[bytes]:
    """The files that there are, as bytes that `input_of` reads them from."""
    found = source.seeds(targets()[name].input)
    names = sorted({one.name for one in found})
    for one in found:
        yield (bytes([0, names.index(one.name) % 256]) if one.name else b"\0") + one.text
