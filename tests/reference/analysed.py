"""What the analyses computed, as judges of findings take it; of each there is another model beside this one."""

from __future__ import annotations

from typing import Any

from fedpolicy.analysis.exposure import VERBATIM, Reading
from fedpolicy.analysis.exposure.openers import shielded
from fedpolicy.analysis.exposure.views import Viewer, seen_at
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


def opened(study: Any, one: Any) -> list[Any]:
    """The movements by which a pair learns as much as nobody guarantees that it does not."""
    exposure = study.exposure
    viewer, item = exposure.viewers[one.parties[0], one.role], exposure.items[one.datasets[0]]
    return [
        flow for trail in exposure.ways(viewer, item.index, Reading.GUARANTEED, one.guaranteed)[0] for flow in trail
    ]


def held(study: Any, place: str, item: Any) -> int:
    """How much of an instance is at a place, if everybody does as the file says."""
    return int(study.exposure.holdings(Reading.HIGH).level(place, item.index))


def hidden(study: Any, number: int, party: str, item: Any) -> bool:
    """Whether a sum hides an instance from somebody who knows its own part, if everybody does as the file says."""
    return bool(study.exposure.holdings(Reading.HIGH).hiding.hidden(number, (party,)) & item.bit)


def at_hand(study: Any, flow: Any) -> list[Any]:
    """The instances that code could send under a name, which may be one that carries nothing."""
    mask = study.graph.carried(flow) & study.lookup.reach.get(flow.source, 0)
    return [study.graph.data[index] for index in bits(mask)]


def seen_beyond(study: Any, place: Any, level: int) -> int:
    """The instances of which a place has more than a level, counting nothing on which their owners do not rely."""
    holdings, openers = (
        study.exposure.holdings(Reading.GUARANTEED),
        study.exposure.openers(Reading.GUARANTEED),
    )
    viewer = Viewer(party=place.operators[0], role="operator", places=(place.id,))
    found = 0
    for form, mask in holdings.states.get(place.id, {}).items():
        found |= seen_at(holdings, viewer, place, form, mask, level + 1, openers)
    return found
