"""
The graph of a deployment as few boxes and arrows: what every picture of it draws.

Parties that run the same places in the same role share a box, flows of one element between two boxes an arrow. Where
that leaves more than an eye takes in, parties of one role that run the same kinds of places share one, and flows of one
payload an arrow. The level of an arrow is the most that anybody learns by a way that passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.graph import Flow, Vertex
from fedpolicy.graph.computation import is_computation

_MOST_BOXES, _MOST_ARROWS = 40, 80  # that an eye takes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """
    Parties that look alike, what they run, and the datasets that rest with them.

    `side` is 0 (owners), 1 (whoever coordinates or hosts) or 2 (outside).
    """

    id: str
    parties: tuple[str, ...]
    role: str
    side: int
    holds: tuple[str, ...]
    data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """
    What goes from one box to another because of one element; `implied` where no flow of the file says so.

    `data` are the datasets of which somebody learns something by a way that passes it. Where `origins` are several
    elements, `origin` names the first and counts the others.
    """

    source: str
    target: str
    payloads: tuple[str, ...]
    origin: str
    level: int
    implied: bool
    flows: int
    data: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The payloads, the element, and the level that is reached."""
        level = f", {LEVELS[self.level]}" if self.level else ""
        return f"{', '.join(word.replace('_', ' ') for word in self.payloads)} ({self.origin}{level})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """All boxes, those of owners first, and all arrows between them."""

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a picture is limited to: a dataset, a party, an owner's data, the flows of a finding. Empty: everything.

    `flows` are ids, and stand for the ways of a finding.
    """

    dataset: str = ""
    party: str = ""
    owner: str = ""
    flows: frozenset[str] = frozenset()


def sketch_of(study: Study, wanted: Wanted | None = None) -> Sketch:
    """Fold the graph of a deployment."""
    wanted = wanted or Wanted()
    graph = study.graph
    passing = _passing(study, wanted)
    shown = [flow for flow in graph.flows if _is_wanted(study, flow, wanted, passing)]
    homes: dict[str, str] = {}
    for vertex in graph.vertices.values():
        homes[vertex.id] = _party(study, vertex) if vertex.kind == "place" else ""
        if is_computation(vertex):  # drawn with the first of those who compute
            known = (who for who in vertex.operators if who in graph.principals)
            homes[vertex.id] = next(map(study.lookup.party, known), "")
    ends = {end for flow in shown for end in (flow.source, flow.target)}
    hosts = {study.lookup.party(graph.vertices[end].host) for end in ends if graph.vertices[end].host}
    touched = ({homes[end] for end in ends} | hosts) - {""}
    limited = wanted != Wanted()
    parties = sorted(touched if limited else touched | set(study.deployment.parties))
    boxes = _boxes(study, parties, homes)
    box_of = {party: box.id for box in boxes for party in box.parties}
    arrows = _arrows(study, shown, homes, box_of, passing)
    arrows = arrows if len(arrows) <= _MOST_ARROWS else _together(arrows)
    return Sketch(name=study.deployment.name, boxes=boxes, arrows=arrows)


_Kind = tuple[str, str, str, str]


def _kind(study: Study, flow: Flow) -> _Kind:
    """What a flow has in common with those of other members of its family; one of them stands for all in a way."""
    source, target = (study.graph.vertices[end].family for end in (flow.source, flow.target))
    return source, target, flow.origin, flow.payload


@dataclass(slots=True, kw_only=True)
class _Passing:
    """The most that is learned by ways that pass flows of one kind, and of which datasets."""

    level: int = 0
    data: set[str] = field(default_factory=set)


def _passing(study: Study, wanted: Wanted) -> Mapping[_Kind, _Passing]:
    """What is learned by ways that pass a flow, by its kind."""
    found: dict[_Kind, _Passing] = {}
    flows = {flow.id: flow for flow in study.graph.flows}
    families = {item.id: item for item in study.graph.data}
    for one in study.disclosures:
        items = [families[name] for name in one.datasets if name in families]
        if wanted.dataset and not any(wanted.dataset in (item.id, item.family) for item in items):
            continue
        if wanted.owner and not any(study.lookup.party(item.owner) == wanted.owner for item in items):
            continue
        for step in (step for path in one.paths for step in path):
            passing = found.setdefault(_kind(study, flows[step.flow]), _Passing())
            passing.level = max(passing.level, one.high)
            passing.data.update(item.family for item in items)
    return found


def _is_wanted(study: Study, flow: Flow, wanted: Wanted, passing: Mapping[_Kind, _Passing]) -> bool:
    if wanted.flows and flow.id not in wanted.flows:
        return False
    if (wanted.dataset or wanted.owner) and _kind(study, flow) not in passing:
        return False
    ends = (study.graph.vertices[flow.source], study.graph.vertices[flow.target])
    return not wanted.party or any(_party(study, end) == wanted.party or end.host == wanted.party for end in ends)


def _party(study: Study, vertex: Vertex) -> str:
    if vertex.party:
        return study.lookup.party(vertex.party)
    return vertex.name if vertex.id.startswith("parties.") else ""


def _boxes(study: Study, parties: Sequence[str], homes: Mapping[str, str]) -> tuple[Box, ...]:
    found = _alike(study, parties, homes, lambda vertex: vertex.family.removeprefix("nodes."))
    return found if len(found) <= _MOST_BOXES else _alike(study, parties, homes, lambda vertex: vertex.node_kind)


def _alike(
    study: Study, parties: Sequence[str], homes: Mapping[str, str], named: Callable[[Vertex], str]
) -> tuple[Box, ...]:
    """A box for parties of one role that run the same, as places are `named`."""
    places, hosted = _held(study, homes, named)
    kept: dict[str, set[str]] = {}
    for item in study.graph.data:
        kept.setdefault(homes.get(item.place, ""), set()).add(item.family)
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for party in parties:
        holds = (*sorted(places.get(party, ())), *sorted(hosted.get(party, ())))
        alike.setdefault((_role(study, party), holds), []).append(party)
    boxes = [
        Box(
            id=f"b{number}",
            parties=tuple(names),
            role=role,
            side=_side(role),
            holds=holds,
            data=tuple(sorted({family for name in names for family in kept.get(name, ())})),
        )
        for number, ((role, holds), names) in enumerate(sorted(alike.items(), key=_left_first))
    ]
    return tuple(boxes)


def _held(
    study: Study, homes: Mapping[str, str], named: Callable[[Vertex], str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """What each party runs, and what it hosts for others."""
    places: dict[str, set[str]] = {}
    hosted: dict[str, set[str]] = {}
    for vertex in study.graph.vertices.values():
        if vertex.kind == "place" and vertex.id.startswith("nodes."):
            family = named(vertex)
            places.setdefault(homes[vertex.id], set()).add(family)
            if vertex.host and vertex.host != vertex.party:
                hosted.setdefault(study.lookup.party(vertex.host), set()).add(f"hosts {family}")
    for model in study.models:
        for runner in model.runners:
            places.setdefault(study.lookup.party(runner), set()).add(f"runs {model.id}")
    return places, hosted


def _left_first(one: tuple[tuple[str, tuple[str, ...]], list[str]]) -> tuple[object, ...]:
    return _side(one[0][0]), "host" in one[0][0], one[1]


def _role(study: Study, party: str) -> str:
    entry = study.deployment.parties.get(party)
    roles = study.graph.principals[party].roles if party in study.graph.principals else ()
    return " and ".join(roles) or ("outsider" if entry is None else "party")


def _side(role: str) -> int:
    return 0 if "participant" in role else 1 if "coordinator" in role or "host" in role else 2


def _arrows(
    study: Study,
    flows: Iterable[Flow],
    homes: Mapping[str, str],
    box_of: Mapping[str, str],
    passing: Mapping[_Kind, _Passing],
) -> tuple[Arrow, ...]:
    found: dict[tuple[str, str, str, bool], list[Flow]] = {}
    for flow in flows:
        source, target = box_of.get(homes[flow.source], ""), box_of.get(homes[flow.target], "")
        if source and target and homes[flow.source] != homes[flow.target]:
            found.setdefault((source, target, flow.origin, bool(flow.implied_by)), []).append(flow)
    return tuple(_arrow(ends, some, _of(study, some, passing)) for ends, some in sorted(found.items()))


def _arrow(ends: tuple[str, str, str, bool], flows: Sequence[Flow], passing: Sequence[_Passing]) -> Arrow:
    source, target, origin, implied = ends
    return Arrow(
        source=source,
        target=target,
        payloads=tuple(sorted({flow.payload for flow in flows})),
        origin=origin,
        origins=(origin,),
        level=max((one.level for one in passing), default=0),
        implied=implied,
        flows=len(flows),
        data=tuple(sorted({name for one in passing for name in one.data})),
    )


def _of(study: Study, flows: Iterable[Flow], passing: Mapping[_Kind, _Passing]) -> list[_Passing]:
    return [passing[kind] for kind in {_kind(study, flow) for flow in flows} if kind in passing]


def _together(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """One arrow for those between the same boxes that carry the same with the same level."""
    alike: dict[tuple[object, ...], list[Arrow]] = {}
    for one in arrows:
        alike.setdefault((one.source, one.target, one.payloads, one.implied, one.level), []).append(one)
    return tuple(
        replace(
            some[0],
            origin=some[0].origin if len(some) == 1 else f"{some[0].origin} and {len(some) - 1:,} more",
            origins=tuple(origin for one in some for origin in one.origins),
            flows=sum(one.flows for one in some),
            data=tuple(sorted({name for one in some for name in one.data})),
        )
        for some in alike.values()
    )
