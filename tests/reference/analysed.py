"""What the analyses computed, as judges of findings take it; of each there is another model beside this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fedpolicy.analysis import Study
from fedpolicy.analysis.exposure import VERBATIM, Reading
from fedpolicy.analysis.exposure.effects import suppliers_of
from fedpolicy.analysis.exposure.views import shielded
from fedpolicy.graph import bits
from fedpolicy.records import replace

STRANGER = "stranger"


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


def carried(study: Any, flow: Any) -> list[Any]:
    """The instances that a movement may tell of."""
    row = study.catalog.payloads[flow.payload]
    mask = study.graph.carried(flow) & study.lookup.reach.get(flow.source, 0)
    return [] if row.carries == "nothing" else [study.graph.data[index] for index in bits(mask)]


def coded(study: Any, by: Callable[[Any], set[str]]) -> Study:
    """The same if what each movement carries were made by the code of somebody else."""
    graph = study.graph
    # All movements are named here, so that what the places say counts no more.
    vertices = {name: replace(one, supplier=STRANGER) for name, one in graph.vertices.items()}
    shipped = {flow.index: frozenset(by(flow)) for flow in graph.flows}
    return Study.with_graph(study, replace(graph, vertices=vertices, shipped=shipped))


def suppliers(study: Any, flow: Any) -> frozenset[str]:
    """Whose code is said to make what a movement carries."""
    return suppliers_of(study.graph, flow)


def believed(study: Any, all_but: str | None) -> Study:
    """The same without doubts about code and plain sums; `all_but` one, if given, everybody relies on everybody."""
    plain = coded(study, lambda _: set()).graph
    sums = tuple(replace(one, rests_on=frozenset()) for one in plain.aggregates)
    names = {*plain.principals, *(word for flow in plain.flows for one in flow.guards for word in one.rests_on)}
    trusted = frozenset(name for name in names if all_but is not None and study.lookup.party(name) != all_but)
    principals = {
        name: one if all_but is None else replace(one, trusts=trusted) for name, one in plain.principals.items()
    }
    return Study.with_graph(study, replace(plain, aggregates=sums, principals=principals))


def guaranteed(study: Any) -> dict[tuple[str, str, str], tuple[int, int]]:
    """What is guaranteed of each pair: at best and at worst, where nobody says whether enclaves vouch."""
    return {(one.parties[0], one.role, one.datasets[0]): (one.vouched, one.guaranteed) for one in study.pairs()}
