"""Aliases that name no anchor: one mistake, at the anchor that was misspelt or else at the first of the aliases."""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.language.reading.mistakes import Notes
from fedpolicy.suggest import did_you_mean, nearest

__all__ = ["tell_missing"]


def tell_missing(missing: Mapping[str, list[int]], anchors: Mapping[str, int], used: set[str], notes: Notes) -> None:
    """
    Note what is wrong with the aliases of one document.

    `missing` are the offsets of those that name nothing, `anchors` those of all anchors, and `used` the anchors that
    some alias names.
    """
    idle = [name for name in anchors if name not in used]
    for name, starts in missing.items():
        notes.silent.extend(notes.text.span(start, start) for start in starts)
        misspelt = nearest(name, idle)
        if misspelt is not None:
            many = "an alias names" if len(starts) == 1 else f"{len(starts)} aliases name"
            message = f"nothing uses the anchor `&{misspelt}`, and {many} `*{name}`"
            notes.add(message, anchors[misspelt], f"did you mean `&{name}`?")
            continue
        again = f" (nor before {len(starts) - 1} more of it)" if len(starts) > 1 else ""
        advice = did_you_mean(name, anchors, mark="*")
        message = f"no anchor `&{name}` stands before this alias{again}"
        notes.add(message, starts[0], advice or f"write `&{name}` before the value that it should repeat")
