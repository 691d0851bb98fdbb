"""
Movements between places: one element per family of flows, not per pair of members.

What models contain and where they rest is asked of models; who learns what, of disclosures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fedpolicy.graph.model import Flow, bits
from fedpolicy.policy.elements.shared import (
    boolean,
    data_fields,
    number,
    open_field,
    purposes_of,
    safeguard_kinds,
    texts,
    words,
)
from fedpolicy.policy.fields import Field, Kind, Presence, Subject, Type
from fedpolicy.policy.world import World, ordered
from fedpolicy.spec import models as spec

__all__ = ["KIND"]

_MOVES = {"place", "exchange"}


@dataclass(frozen=True, slots=True)
class FlowView:
    """The flows of one origin with one role, payload, and family of senders and recipients."""

    world: World
    flows: tuple[Flow, ...]
    senders: tuple[str, ...]
    recipients: tuple[str, ...]

    @property
    def first(self) -> Flow:
        """A member."""
        return self.flows[0]

    @property
    def declared(self) -> spec.Flow | None:
        """The entry of `flows`, if it is one."""
        section, _, name = self.first.origin.partition(".")
        return self.world.deployment.flows.get(name) if section == "flows" else None

    @property
    def call(self) -> spec.ApiCall | None:
        """The entry of `api_calls` that implies it, if one does."""
        section, _, name = self.first.origin.partition(".")
        return self.world.deployment.api_calls.get(name) if section == "api_calls" else None

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it may carry."""
        graph = self.world.facts.graph
        mask = 0
        for flow in self.flows:
            held = self.world.held[flow.source]
            mask |= held if flow.data is None else held & flow.data
        return tuple(ordered(graph.data[index].family for index in bits(mask)))

    @property
    def from_parties(self) -> tuple[str, ...]:
        """Who sends."""
        return self.world.parties_at(self.senders)

    @property
    def to_parties(self) -> tuple[str, ...]:
        """Who receives."""
        return self.world.parties_at(self.recipients)


def _level(view: FlowView) -> int:
    row = view.world.catalog.payloads.get(view.first.payload)
    return view.world.catalog.levels[row.level].rank if row else 4


def _said(view: FlowView, key: str) -> Presence:
    element = view.declared or view.call
    found: Presence = getattr(element, key, None)
    return found


def _transport(view: FlowView) -> Presence:
    return view.declared.transport if view.declared else ""


def _purposes(view: FlowView) -> Presence:
    return purposes_of(view.world, view.families)


def _roles(world: World, parties: Iterable[str]) -> list[str]:
    return ordered(role for party in parties for role in world.roles(party))


def _third(view: FlowView) -> list[str]:
    return [party for party in view.to_parties if not view.world.is_member(party)]


def _families(view: FlowView, vertices: Iterable[str]) -> list[str]:
    graph = view.world.facts.graph
    return ordered(graph.vertices[name].family or graph.vertices[name].name for name in vertices)


_FIELDS = (
    words("id", "its name in findings", lambda view: _identity(view.first)),
    words("origin", "the element that declares or implies it, such as tasks.adapt", lambda view: view.first.origin),
    words(
        "origin_kind",
        "what implies it",
        lambda view: view.first.origin.partition(".")[0],
        choices=("flows", "tasks", "api_calls"),
    ),
    words(
        "role",
        "what it is for: declared, uplink, downlink, call, completion, records, hosted-training, ...",
        lambda v: v.first.role,
    ),
    boolean("implied", "it is not an entry of `flows`", lambda view: view.declared is None),
    words("payload", "what travels", lambda view: view.first.payload),
    Field(name="payload_level", type=Type.LEVEL, about="what the payload reveals on its own", read=_level),
    number("count", "how many single flows it stands for", lambda view: len(view.flows)),
    texts("from_nodes", "nodes that send", lambda view: _families(view, view.senders)),
    texts("to_nodes", "nodes (or parties without nodes) that receive", lambda view: _families(view, view.recipients)),
    texts("from_parties", "parties that send", lambda view: view.from_parties),
    texts("to_parties", "parties that receive", lambda view: view.to_parties),
    texts("to_roles", "roles of the recipients", lambda view: _roles(view.world, view.to_parties)),
    boolean("crosses_parties", "some recipient is not the sender", lambda v: len({*v.from_parties, *v.to_parties}) > 1),
    boolean("to_third_party", "some recipient is neither participant nor coordinator", lambda view: bool(_third(view))),
    texts("third_parties", "recipients that are neither participant nor coordinator", _third),
    boolean("to_public", "everybody receives it", lambda view: "public" in view.to_parties),
    boolean("to_unknown", "nobody is said to receive it", lambda view: "unknown" in view.to_parties),
    open_field(
        "to_jurisdictions", Type.LIST, "where the recipients are", lambda v: v.world.jurisdictions(v.to_parties)
    ),
    open_field(
        "from_jurisdictions", Type.LIST, "where the senders are", lambda v: v.world.jurisdictions(v.from_parties)
    ),
    open_field(
        "transport",
        Type.TEXT,
        "transport security (empty where the flow is implied: there is no key for it)",
        _transport,
        choices=("none", "tls", "mtls"),
    ),
    open_field("purpose", Type.TEXT, "purpose, as declared", lambda view: _said(view, "purpose")),
    open_field(
        "retention_days", Type.INT, "days for which the recipient keeps it", lambda view: _said(view, "retention_days")
    ),
    texts(
        "safeguards",
        "kinds of the safeguards on it",
        lambda v: safeguard_kinds(guard.spec for flow in v.flows for guard in flow.guards),
    ),
    boolean(
        "sealed",
        "what travels is sealed for named readers",
        lambda view: all(flow.seal is not None for flow in view.flows),
    ),
    texts("datasets", "datasets that it may carry", lambda view: view.families),
    open_field("dataset_purposes", Type.LIST, "purposes of these datasets", _purposes),
    *data_fields(of="the data that it may carry"),
)


def _identity(flow: Flow) -> str:
    return flow.origin if flow.role == "declared" else f"{flow.origin}.{flow.role}"


def _group(world: World) -> Iterable[tuple[Flow, ...]]:
    graph = world.facts.graph
    found: dict[tuple[str, ...], list[Flow]] = {}
    for flow in graph.flows:
        source, target = graph.vertices[flow.source], graph.vertices[flow.target]
        if source.kind in _MOVES and target.kind in _MOVES and flow.data != 0:
            key = (flow.origin, flow.role, flow.payload, source.family or source.name, target.family or target.name)
            found.setdefault((*key, "" if flow.certain else "uncertain"), []).append(flow)
    return (tuple(found[key]) for key in sorted(found))


def _subject(world: World, flows: tuple[Flow, ...]) -> Subject:
    graph = world.facts.graph
    first = flows[0]
    peers = world.flows_of[first.origin]
    senders = {flow.source for flow in flows}
    recipients = {flow.target for flow in flows}
    # Nobody operates an exchange: what is sent to it is received by all who take part.
    if graph.vertices[first.source].kind == "exchange":
        senders = {flow.source for flow in peers if flow.target in senders}
    if graph.vertices[first.target].kind == "exchange":
        recipients = {flow.target for flow in peers if flow.source in recipients}
    view = FlowView(world, flows, tuple(sorted(senders)), tuple(sorted(recipients)))
    return Subject(
        id=_identity(first),
        path=first.path,
        data=view,
        variants=() if first.certain else (None, {}),
        missing=tuple(sorted({fact for flow in flows for fact in flow.missing})),
    )


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, flows) for flows in _group(world)]


KIND = Kind(
    name="flow", about="a family of movements between places, declared or implied", fields=_FIELDS, subjects=_subjects
)
