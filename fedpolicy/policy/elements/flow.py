"""
Movements between places: one element per family of flows, not per pair of members.

What models contain and where they rest is asked of models; who learns what, of disclosures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from fedpolicy.graph import Flow
from fedpolicy.graph.computation import computing, is_computation
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.masks import united
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model import flow as declared
from fedpolicy.language.model.flow import ApiCall
from fedpolicy.policy.elements.connection import transport_of
from fedpolicy.policy.elements.shared import (
    boolean,
    data_fields,
    integer,
    open_field,
    purposes_of,
    safeguard_kinds,
    texts,
    words,
)
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import World

_MOVES = {"place", "exchange"}


class FlowView:
    """
    The flows of one origin with one role and payload; each answer is worked out once, and only if it is asked for.

    `declared` is the entry of `flows`, if it is one, `call` the entry of `api_calls` that implies it, if one does.
    """

    def __init__(self, world: World, identity: str, flows: tuple[Flow, ...]) -> None:
        self.world = world
        self.id = identity
        self.flows = flows
        section, _, entry = flows[0].origin.partition(".")
        self.declared: declared.Flow | None = world.deployment.flows.get(entry) if section == "flows" else None
        self.call: ApiCall | None = world.deployment.api_calls.get(entry) if section == "api_calls" else None

    @cached_property
    def ends(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The places that send and receive together."""
        return tuple(dict.fromkeys(_ends(self.world, self.flows)))

    @property
    def senders(self) -> frozenset[str]:
        """The places that send."""
        return frozenset().union(*{senders for senders, _ in self.ends})

    @property
    def recipients(self) -> frozenset[str]:
        """The places that receive."""
        return frozenset().union(*{recipients for _, recipients in self.ends})

    @property
    def first(self) -> Flow:
        """A member."""
        return self.flows[0]

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The datasets that it may carry."""
        row = self.world.catalog.payloads.get(self.first.payload)
        if row is not None and row.carries == "nothing":
            return ()
        mask = 0
        for flow in self.flows:
            mask = united(mask, self.world.carried(flow))
        return self.world.lookup.families_in(mask)

    @property
    def owners(self) -> list[str]:
        """Whose the data are that it may carry to somebody else; where it carries them to their owners only, whose at all."""
        mask = others = 0
        for flow in self.flows if self.families else ():
            carried = self.world.carried(flow)
            mask = united(mask, carried)
            for party in self.world.lookup.operators(flow.target):
                others = united(others, carried & ~self.world.own.get(party, 0))
        return self.world.owners_in(others or mask)

    @property
    def from_parties(self) -> tuple[str, ...]:
        """Who sends."""
        return self.world.lookup.parties_at(self.senders)

    @property
    def to_parties(self) -> tuple[str, ...]:
        """Who receives."""
        return self.world.lookup.parties_at(self.recipients)

    @property
    def others(self) -> list[str]:
        """Who receives something that another party sends."""
        everybody: dict[frozenset[str], frozenset[str]] = {}
        for senders, recipients in self.ends:
            for sender in senders:
                operators = self.world.lookup.operators(sender)
                everybody[recipients] = everybody.get(recipients, operators) & operators
        # Whoever sends all of it receives nothing of another party's.
        return ordered(
            who for to, own in everybody.items() for name in to for who in self.world.lookup.operators(name) - own
        )


def _safeguards(view: FlowView) -> Presence:
    kinds = (guard.spec for flow in view.flows for guard in flow.guards)
    return safeguard_kinds(kinds, f"{view.first.origin}.safeguards")


def _sealed(view: FlowView) -> Presence:
    if all(flow.seals for flow in view.flows):
        return True
    unsaid = _safeguards(view)
    return unsaid if isinstance(unsaid, Missing) else False


def _of_others(view: FlowView) -> bool:
    """Whether some recipient gets data that are not its own, whoever sends them."""
    lookup = view.world.lookup
    for flow in view.flows:
        carried = view.world.carried(flow)
        if any(carried & ~view.world.own.get(party, 0) for party in lookup.operators(flow.target)):
            return True
    return False


def _readable(view: FlowView) -> Presence:
    """Whether some recipient can open what it gets of others; where the safeguards are not known, it may be sealed."""
    graph, lookup = view.world.graph, view.world.lookup
    seals = graph.seals
    for flow in view.flows:
        target = graph.vertices[flow.target]
        others = (view.world.carried(flow) & ~view.world.own.get(who, 0) for who in lookup.operators(flow.target))
        if any(others) and all(target.opens(seals[one].readers, seals[one].threshold) for one in flow.seals):
            unsaid = _safeguards(view)
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
    boolean("of_others", "some recipient gets data that are not its own", _of_others),
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
    open_field("safeguards", Type.LIST, "kinds of the safeguards on it", _safeguards),
    open_field(
        "readable",
        Type.BOOL,
        "some recipient can open what it gets of data that are not its own",
        _readable,
        key="safeguards",
    ),
    open_field("sealed", Type.BOOL, "what travels is sealed for named readers", _sealed, key="safeguards"),
    boolean(
        "permitted",
        "the owners release all that anybody learns by its origin",
        lambda v: v.world.permits(v.flows[0].origin),
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


def _ends(world: World, flows: Sequence[Flow]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Who sends and who receives, flow by flow; what is sent to an exchange is received by all who take part."""
    vertices = world.graph.vertices
    names = (name for flow in flows for name in (flow.source, flow.target)) if world.lookup.meets else ()
    met = {name for name in names if vertices[name].kind == "exchange"}
    if not met:
        yield from ((frozenset({flow.source}), frozenset({flow.target})) for flow in flows)
        return
    peers = world.lookup.flows_of[flows[0].origin]
    into = {name: frozenset(peer.source for peer in peers if peer.target == name) for name in met}
    out = {name: frozenset(peer.target for peer in peers if peer.source == name) for name in met}
    for name in (one for one in met if is_computation(vertices[one])):
        # What is computed on is sealed for those who compute, who together send what comes of it.
        into[name] = out[name] = computing(peers)
    for flow in flows:
        yield into.get(flow.source, frozenset({flow.source})), out.get(flow.target, frozenset({flow.target}))


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
