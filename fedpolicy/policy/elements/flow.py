"""
Movements between places: one element per family of flows, not per pair of members.

What models contain and where they rest is asked of models; who learns what, of disclosures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fedpolicy.graph import Flow
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model import flow as declared
from fedpolicy.policy.elements.connection import transport_of
from fedpolicy.policy.elements.flow_view import FlowView
from fedpolicy.policy.elements.readers import flow_safeguards, is_unreleased
from fedpolicy.policy.elements.shared import boolean, data_fields, integer, open_field, texts, words
from fedpolicy.policy.elements.subject_matter import purposes_of
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import World

_MOVES = {"place", "exchange"}


def _sealed(view: FlowView) -> Presence:
    if all(flow.seals for flow in view.flows):
        return True
    unsaid = flow_safeguards(view)
    return unsaid if isinstance(unsaid, Missing) else False


def _readable(view: FlowView) -> Presence:
    """Whether some recipient can open what it gets of others; where the safeguards are not known, it may be sealed."""
    graph, lookup = view.world.graph, view.world.lookup
    seals = graph.seals
    for flow in view.flows:
        target = graph.vertices[flow.target]
        others = (view.world.carried(flow) & ~view.world.own.get(who, 0) for who in lookup.operators(flow.target))
        if any(others) and all(target.opens(seals[one].readers, seals[one].threshold) for one in flow.seals):
            unsaid = flow_safeguards(view)
            return unsaid if isinstance(unsaid, Missing) else True
    return False


def _level(view: FlowView) -> int:
    row = view.world.catalog.payloads.get(view.first.payload)
    return view.world.catalog.levels[row.level].rank if row else 4


def _transport(view: FlowView) -> Presence:
    return transport_of(view.world, view.first)[1]


def _purposes(view: FlowView) -> Presence:
    return purposes_of(view.world, view.families)


def _roles(world: World, parties: Iterable[str]) -> list[str]:
    return ordered(role for party in parties for role in world.lookup.roles(party))


def _third(view: FlowView) -> list[str]:
    return [party for party in view.others if not view.world.lookup.is_member(party)]


def _families(view: FlowView, vertices: Iterable[str]) -> list[str]:
    graph = view.world.graph
    return ordered(graph.vertices[name].family or graph.vertices[name].name for name in vertices)


_FIELDS = (
    words("id", "its name in findings", lambda view: view.id),
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
    *fields_of(
        declared.Flow,
        lambda view: view.declared or view.call,
        read={"payload": lambda view: view.first.payload, "transport": _transport},
        notes={"transport": "as its element, the model that it asks or the deployment says"},
    ),
    Field(name="payload_level", type=Type.LEVEL, about="what the payload reveals on its own", read=_level),
    integer("count", "how many single flows it stands for", lambda view: len(view.flows)),
    boolean(
        "of_model",
        "it carries what a model has, not what a place has",
        lambda v: v.world.graph.vertices[v.first.source].kind == "model",
    ),
    texts("from_nodes", "nodes that send", lambda view: _families(view, view.senders)),
    texts("to_nodes", "nodes (or parties without nodes) that receive", lambda view: _families(view, view.recipients)),
    texts("from_parties", "parties that send", lambda view: view.from_parties),
    texts("to_parties", "parties that receive", lambda view: view.to_parties),
    texts("to_roles", "roles of the recipients", lambda view: _roles(view.world, view.to_parties)),
    boolean("crosses_parties", "some recipient gets what another party sends", lambda view: bool(view.others)),
    boolean(
        "of_others",
        "some recipient gets personal data that are not its own; where it carries none, any data",
        lambda view: bool(view.of_others),
    ),
    boolean(
        "to_third_party",
        "some recipient is neither sender, participant nor coordinator",
        lambda view: bool(_third(view)),
    ),
    texts("third_parties", "recipients that are neither sender, participant nor coordinator", _third),
    boolean("to_public", "everybody receives it", lambda view: "public" in view.to_parties),
    boolean("to_unknown", "the file does not say who receives it", lambda view: any(map(is_unknown, view.to_parties))),
    open_field(
        "to_jurisdictions", Type.LIST, "where the recipients are", lambda v: v.world.jurisdictions(v.to_parties)
    ),
    open_field(
        "from_jurisdictions", Type.LIST, "where the senders are", lambda v: v.world.jurisdictions(v.from_parties)
    ),
    open_field("safeguards", Type.LIST, "kinds of the safeguards on it", flow_safeguards),
    open_field(
        "readable",
        Type.BOOL,
        "some recipient can open what it gets of data that are not its own",
        _readable,
        key="safeguards",
    ),
    open_field(
        "unreleased",
        Type.BOOL,
        "some recipient can open what it gets of private data that are not its own, and learns more than is released",
        is_unreleased,
        key="safeguards",
    ),
    open_field("sealed", Type.BOOL, "what travels is sealed for named readers", _sealed, key="safeguards"),
    open_field(
        "permitted",
        Type.BOOL,
        "the owners release all that anybody learns by its origin",
        lambda v: v.world.releases.permits(v.flows[0].origin),
    ),
    texts("datasets", "datasets that it may carry", lambda view: view.families),
    open_field("dataset_purposes", Type.LIST, "purposes of these datasets", _purposes),
    texts(
        "said_purposes",
        "the purposes of those among them that state one",
        lambda v: ordered(one.purpose for one in v.world.datasets(v.families) if one.purpose),
    ),
    *data_fields(of="the data that it may carry"),
)


def _groups(world: World) -> dict[tuple[str, str, str, bool], list[Flow]]:
    """The flows by origin, role, payload, and whether they exist for certain."""
    graph = world.graph
    found: dict[tuple[str, str, str, bool], list[Flow]] = {}
    for flow in graph.flows:
        source, target = graph.vertices[flow.source].kind, graph.vertices[flow.target].kind
        told = flow.role == "declared" and source == "model"  # what is told of a model
        if flow.data != 0 and (source in _MOVES or told) and target in _MOVES:
            found.setdefault((flow.origin, flow.role, flow.payload, not flow.certain), []).append(flow)
    return dict(sorted(found.items()))


def _names(groups: Iterable[tuple[str, str, str, bool]]) -> list[str]:
    """A name for each group that no other has: `tasks.adapt.uplink`, with the payload only where it takes one."""
    found = list(groups)
    alike = Counter((origin, role) for origin, role, _, _ in found)
    twins = Counter(key[:3] for key in found)
    names = []
    for origin, role, payload, possible in found:
        name = origin if role == "declared" else f"{origin}.{role}"
        several = alike[origin, role] > twins[origin, role, payload]
        name += f".{payload}" if several else ""
        names.append(f"{name}.possible" if possible and twins[origin, role, payload] > 1 else name)
    return names


def _subject(world: World, name: str, flows: Sequence[Flow]) -> Subject:
    first = flows[0]
    return Subject(
        id=name,
        path=first.path,
        data=FlowView(world, name, tuple(flows)),
        variants=() if first.certain else (None, {}),
        missing=() if first.certain else tuple(sorted({fact for flow in flows for fact in flow.missing})),
    )


def _subjects(world: World) -> Sequence[Subject]:
    groups = _groups(world)
    return [_subject(world, name, flows) for name, flows in zip(_names(groups), groups.values(), strict=True)]


KIND = Kind(
    name="flow",
    about="a family of movements between places, declared or implied",
    fields=_FIELDS,
    subjects=_subjects,
    telling=("implied", "payload"),
)
