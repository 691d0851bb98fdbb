"""What the analyses computed, as judges of findings take it; of each there is another model beside this one."""

from __future__ import annotations

from typing import Any

from fedpolicy.analysis.exposure import VERBATIM, Reading
from fedpolicy.analysis.exposure.openers import shielded
from fedpolicy.analysis.openness import contents
from fedpolicy.graph import bits


def trails(study: Any, one: Any, *, surely: bool) -> list[Any]:
    """
    The movements by which a pair learns as much as it may, or as much as it surely does.

    An empty one stands for what rests with it.
    """
    level, reading = (one.low, Reading.LOW) if surely else (one.high, Reading.HIGH)
    exposure = study.exposure
    viewer, item = exposure.viewers[one.parties[0], one.role], exposure.items[one.datasets[0]]
    found = list(exposure.ways(viewer, item.index, reading, level)[0]) if level else []
    home = study.graph.vertices[item.place]
    kept = item.place in viewer.places and not shielded(exposure.holdings(reading), home, viewer.party) & item.bit
    return [*([()] if kept and level == VERBATIM else []), *found]


def surely_in(study: Any, name: str) -> frozenset[str]:
    """The instances that a model has certainly learned from."""
    return frozenset(contents(study.graph, study.exposure, name, Reading.LOW))


def carried(study: Any, flow: Any) -> list[Any]:
    """The instances that a movement may tell of."""
    row = study.catalog.payloads[flow.payload]
    mask = study.graph.carried(flow) & study.lookup.reach.get(flow.source, 0)
    return [] if row.carries == "nothing" else [study.graph.data[index] for index in bits(mask)]
