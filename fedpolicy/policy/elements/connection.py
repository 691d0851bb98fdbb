"""Connections between parties: how what travels is protected on its way, and which element says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import get_args

from fedpolicy.graph import Flow, Mask
from fedpolicy.graph.computation import is_computation
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model import flow as declared
from fedpolicy.language.model.flow import ApiCall, Task
from fedpolicy.language.model.types import Transport
from fedpolicy.policy.elements.shared import data_fields, open_field, texts, words
from fedpolicy.policy.elements.subject_matter import is_private
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type
from fedpolicy.policy.texts import value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """Flows of which one element says how they are protected, or none does; `families` are the datasets in them."""

    world: World
    flows: tuple[Flow, ...]
    stated: str | None
    origins: tuple[str, ...]
    families: tuple[str, ...]


def _parties(view: ConnectionView, ends: Iterable[str]) -> list[str]:
    return list(view.world.lookup.parties_at(set(ends)))


def _way(view: ConnectionView) -> str:
    """`from a to hub`, or `between a, b and hub` where it goes both ways."""
    senders = _parties(view, (flow.source for flow in view.flows))
    recipients = _parties(view, (flow.target for flow in view.flows))
    if senders and recipients and set(senders).isdisjoint(recipients):
        return f"from {value_words(Type.LIST, [senders])} to {value_words(Type.LIST, [recipients])}"
    return f"between {value_words(Type.LIST, [ordered([*senders, *recipients])])}"


def _transport(view: ConnectionView) -> Presence:
    if view.stated is not None:
        return view.stated
    # Where the deployment states it, these elements alone say that they do not know.
    known = view.world.deployment.transport is not None
    return Missing(tuple(f"{origin}.transport" for origin in view.origins) if known else ("transport",))


_FIELDS = (
    texts("origins", "the elements whose flows these are", lambda view: view.origins),
    open_field(
        "transport",
        Type.TEXT,
        "how they are protected: as the flow says, or the task or call and the model that it asks (the weaker"
        " word counts), else as the deployment says",
        _transport,
        choices=get_args(Transport),
    ),
    texts("payloads", "what travels", lambda view: ordered(flow.payload for flow in view.flows)),
    texts("datasets", "datasets that it may carry", lambda view: view.families),
    texts("from_parties", "parties that send", lambda view: _parties(view, (flow.source for flow in view.flows))),
    texts("to_parties", "parties that receive", lambda view: _parties(view, (flow.target for flow in view.flows))),
    words("way", "from whom to whom, or between whom, in words (for messages)", _way),
    *data_fields(of="the data that it may carry"),
)


def _crossing(world: World) -> Iterator[tuple[Flow, Mask]]:
    """
    The flows on which somebody gets unsealed what another party sends, and that say something of private data.

    With each one go the instances that it may carry.
    """
    lookup = world.lookup
    models = {name for name, vertex in world.graph.vertices.items() if vertex.kind == "model"}
    inside = {name for name, vertex in world.graph.vertices.items() if is_computation(vertex)}
    unsealed = (flow for flow in world.graph.flows if flow.data != 0 and not flow.seals and flow.target not in inside)
    moves = [flow for flow in unsealed if flow.source not in models and flow.target not in models]
    meeting = _meeting(world, moves) if lookup.meets else {}
    says = {payload: _says_something(world, payload) for payload in {flow.payload for flow in moves}}
    private = lookup.instances_of(name for name in world.every_family if is_private(world, (name,)))
    for flow in moves:
        if says[flow.payload] and _crosses(world, flow, meeting):
            carried = world.carried(flow)
            if carried & private:
                yield flow, carried


def _crosses(world: World, flow: Flow, meeting: Mapping[str, set[str]]) -> bool:
    """
    Whether somebody gets what another one sends; at an exchange, all who meet there.

    Of a cohort, each member is somebody of its own, though one party stands for all.
    """
    at = next((meeting[end] for end in (flow.source, flow.target) if end in meeting), None) if meeting else None
    if at is not None:
        return len(at) > 1
    senders = world.graph.vertices[flow.source].operators
    return any(who not in senders for who in world.graph.vertices[flow.target].operators)


def _meeting(world: World, moves: Iterable[Flow]) -> dict[str, set[str]]:
    """Whose clients meet at each exchange."""
    vertices, found = world.graph.vertices, dict[str, set[str]]()
    for flow in moves:
        for here, there in ((flow.source, flow.target), (flow.target, flow.source)):
            if vertices[here].kind == "exchange" and not is_computation(vertices[here]):
                found.setdefault(here, set()).update(vertices[there].operators)
    return found


def _says_something(world: World, payload: str) -> bool:
    row = world.catalog.payloads.get(payload)
    return row is None or row.level != "none"


def _subjects(world: World) -> Sequence[Subject]:
    found: dict[tuple[str, str | None], tuple[list[Flow], dict[int, Mask]]] = {}
    known: dict[tuple[str, str], tuple[str, str | None]] = {}
    for flow, sent in _crossing(world):
        # What an element's own words settle, they settle for thousands of its flows.
        at = (flow.origin, flow.role)
        said = known.get(at) or transport_of(world, flow)
        if flow.role in _EXCHANGED:
            known[at] = said
        flows, carried = found.setdefault(said, ([], {}))
        flows.append(flow)
        carried[id(sent)] = sent  # the same instances are one object, for thousands of flows
    return [
        _subject(world, element, stated, flows, carried.values())
        for (element, stated), (flows, carried) in sorted(found.items(), key=lambda one: one[0])
    ]


def _subject(world: World, element: str, stated: str | None, flows: Sequence[Flow], carried: Iterable[Mask]) -> Subject:
    origins = tuple(ordered(flow.origin for flow in flows))
    path = () if element == "deployment" else tuple(element.split(".", 1))
    families = world.lookup.families_in(reduce(or_, carried))
    view = ConnectionView(world, tuple(flows), stated, origins, families)
    if any(flow.certain for flow in flows):
        return Subject(id=element, path=path, data=view)
    # Perhaps nothing travels: what would decide that decides here, too.
    missing = tuple(sorted({fact for flow in flows for fact in flow.missing}))
    return Subject(id=element, path=path, data=view, variants=(None, {}), missing=missing)


KIND = Kind(
    name="connection",
    about="what tells something about private data and travels from party to party unsealed, grouped by the key"
    " that says how it is protected; all without such a key are one element",
    fields=_FIELDS,
    subjects=_subjects,
)
# What is not known may be as weak as `none`, which alone is certain to be weaker.
_WEAKEST: tuple[str | None, ...] = ("none", None, *(word for word in get_args(Transport) if word != "none"))
_SPEAKING = frozenset({"flows", "api_calls"})
# What those who take part in a task send each other, and not to whoever runs its model.
_EXCHANGED = frozenset({"uplink", "downlink", "exchange", "activations", "labels", "gradients", "records", "revealed"})


def transport_of(world: World, flow: Flow) -> tuple[str, str | None]:
    """
    The element that says how a flow is protected, and what it says; None where nobody does.

    A task or call and the model that it asks speak of one connection: the weaker word counts, and `unknown` may be as
    weak as can be. Where neither says anything, the deployment does. Records that a declared flow or call implies come
    by a connection of their own.
    """
    said = min(_stated(world, flow), key=lambda one: _WEAKEST.index(one[1]), default=None)
    if said is None or (said[1] is None and world.deployment.transport is None):
        return "deployment", world.deployment.transport
    return said


def _stated(world: World, flow: Flow) -> Iterator[tuple[str, str | None]]:
    section, _, name = flow.origin.partition(".")
    deployment = world.deployment
    speaks = section == "tasks" or (section in _SPEAKING and flow.role != "records")
    entries: Mapping[str, Task | ApiCall | declared.Flow] = getattr(deployment, section) if speaks else {}
    entry = entries.get(name)
    if entry is not None and "transport" in entry.stated:
        yield flow.origin, entry.transport
    if section == "flows" or flow.role in _EXCHANGED:
        return
    for access in world.lookup.access_of.get(flow.origin, ()):
        asked = deployment.models[access.model]
        if "transport" in asked.stated and not {flow.source, flow.target}.isdisjoint(access.hops):
            yield f"models.{access.model}", asked.transport
