"""Witness paths as lines: hop by hop, with the place and what implies each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.style import cells, clean

if TYPE_CHECKING:
    from fedpolicy.findings import Hop

__all__ = ["hop_lines", "ways_in"]

_MOST_WAYS = 4
_MOST_HOPS = 12


def ways_in(paths: Sequence[Sequence[Hop]]) -> list[tuple[str, list[str]]]:
    """Give each separate way in a heading and its hops; beyond a few, say how many more there are."""
    shown = paths[:_MOST_WAYS]
    columns = _columns([hop for path in shown for hop in path])
    many = len(paths) > 1
    ways = [
        (f"way {number} of {len(paths)}" if many else "path", hop_lines(path, columns))
        for number, path in enumerate(shown, start=1)
        if path
    ]
    if len(paths) > _MOST_WAYS:
        ways.append((f"and {len(paths) - _MOST_WAYS:,} more ways in", []))
    return ways


def hop_lines(path: Sequence[Hop], columns: tuple[int, int] | None = None, *, most: int = _MOST_HOPS) -> list[str]:
    """One line a hop, in columns: from -> to, payload, file:line, what implies it."""
    wide, payload = columns or _columns(path)
    cut = len(path) - most
    shown = [*path[: most // 2], *path[-(most // 2) :]] if cut > 0 else path
    lines = [_line(hop, wide, payload) for hop in shown]
    if cut > 0:
        lines.insert(most // 2, f"... {cut:,} more hops ...")
    return lines


def _columns(hops: Sequence[Hop]) -> tuple[int, int]:
    wide = max((cells(_ends(hop)) for hop in hops), default=0)
    return wide, max((cells(hop.payload) for hop in hops), default=0)


def _ends(hop: Hop) -> str:
    return clean(f"{hop.source} -> {hop.target}")


def _line(hop: Hop, wide: int, payload: int) -> str:
    ends = _ends(hop)
    origin = f" (implied by {clean(hop.implied_by)})" if hop.implied_by else f" ({clean(hop.flow)})"
    gap = " " * (wide - cells(ends))
    word = f"{clean(hop.payload)}{' ' * (payload - cells(hop.payload))}"
    return f"{ends}{gap}  {word}  {clean(hop.span.file)}:{hop.span.line}{origin}"
