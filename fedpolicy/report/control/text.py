"""For people: the continuity matrix, task by task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from fedpolicy.report.words import PLAIN, Look, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.control.matrix import Continuity, Hold

__all__ = ["render"]

_MEANS = {
    "run": "compute with its models",
    "join": "take part in its rounds",
    "keep": "leave with a working copy of what it makes",
    "inspect": "look into the weights",
}


def render(name: str, found: Sequence[Continuity], look: Look = PLAIN) -> str:
    """Write who has which capability, and who can take it away through what."""
    lines = [look.paint("bold", f"{clean(name)}: who can take what away from whom"), ""]
    for task, entries in groupby(found, key=lambda entry: entry.task):
        lines.append(look.paint("bold", f"tasks.{clean(task)}"))
        for entry in entries:
            lines += _entry(entry, look)
        lines.append("")
    if not found:
        lines += ["no task runs on anybody's node", ""]
    return "\n".join(lines[:-1]) + "\n"


def _entry(entry: Continuity, look: Look) -> Iterator[str]:
    start = f"  {entry.capability:<8}"
    who = listing(entry.participants)
    means = _MEANS[entry.capability]
    if not entry.attainable:
        yield from wrap(f"{who}: nobody has given it to them ({means})", look, start, " " * 10)
    elif not entry.holds:
        yield from wrap(f"{who}: nobody else can take it away ({means})", look, start, " " * 10)
    else:
        yield from wrap(f"{who}: ends without {listing([hold.party for hold in entry.holds])}", look, start, " " * 10)
        for hold in entry.holds:
            yield from wrap(_through(hold), look, " " * 10, " " * 12)


def _through(hold: Hold) -> str:
    names = [element.removeprefix("nodes.").removeprefix("parties.") for element in hold.through]
    return f"{hold.party} through {listing(names)}"
