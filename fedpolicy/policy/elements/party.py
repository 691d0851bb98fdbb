"""Parties, those that are declared and those that flows imply; and nodes, one element per entry of `nodes`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.graph import Vertex
from fedpolicy.graph.lookup import listed_by, ordered
from fedpolicy.language.model.party import Agreement, Node, Party
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.agreement import firm_answer
from fedpolicy.policy.elements.deployment import financial_entities
from fedpolicy.policy.elements.shared import boolean, data_fields, in_eea, integer, open_field, texts, words
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import BUILT_IN, World
from fedpolicy.records import dataclass

ROLES = words_of(Party, "role")


@dataclass(frozen=True, slots=True)
class PartyView:
    """One party."""

    world: World
    id: str


def _entry(party: PartyView) -> Party | None:
    return party.world.deployment.parties.get(party.id)


def _agreements(party: PartyView) -> Presence:
    return firm_answer(party.world, lambda world: ordered(one.kind for one in world.agreements_of.get(party.id, ())))


def _on_file(party: PartyView) -> Presence:
    """Whether a contract that can be found binds it to a financial entity, or to the coordinator who stands between."""

    def on_file(contracts: Iterable[Agreement]) -> Presence:
        signed = {who for one in contracts for who in one.between} - {party.id}
        if not signed:
            return False
        entities, unsaid = financial_entities(party.world)
        perhaps = {name: paths for name, paths in unsaid.items() if name != party.id}
        if signed & {*entities, *party.world.coordinators} or (perhaps and signed >= {*entities, *perhaps}):
            return True
        missing = {path for paths in perhaps.values() for path in paths}
        return Missing(tuple(sorted(missing))) if signed & perhaps.keys() else False

    contracts = [one for one in party.world.agreements_of.get(party.id, ()) if one.reference]
    found = on_file(contracts)
    firm = on_file(one for one in contracts if not one.says_unknown("expires"))
    return found if firm == found else Missing(tuple(one for one in party.world.doubts if one.endswith(".expires")))


def _runs(party: PartyView) -> Iterable[str]:
    return (name for name, model in party.world.models.items() if party.id in model.runners)


def _active(world: World) -> frozenset[str]:
    """Who does anything here: the provider of a model that nobody uses does nothing."""
    lookup, graph = world.lookup, world.graph
    used = {end for flow in graph.flows for end in (flow.source, flow.target)}
    declared = world.deployment.nodes
    places = [one for one in lookup.places.values() if one.id in used or one.family in declared]
    hosts = {lookup.party(place.host) for place in places if place.host}
    return frozenset(hosts.union(*(lookup.operators(place.id) for place in places)))


_FIELDS = (
    words("id", "its id", lambda party: party.id),
    texts("roles", "its roles", lambda party: party.world.lookup.roles(party.id), choices=ROLES),
    boolean("implied", "it is not declared; a flow implies it", lambda p: p.id not in p.world.deployment.parties),
    open_field("jurisdictions", Type.LIST, "where it is", lambda party: party.world.jurisdictions([party.id])),
    open_field("eea", Type.BOOL, "it is in the European Economic Area", lambda party: in_eea(party.world, [party.id])),
    *fields_of(Party, _entry),
    texts("operates", "nodes that it operates", lambda party: party.world.lookup.operated.get(party.id, ())),
    texts("hosts", "nodes of others on its machines", lambda party: party.world.lookup.hosted.get(party.id, ())),
    boolean(
        "active",
        "it operates or hosts a node, or a flow goes to it or comes from it",
        lambda party: party.id in party.world.once("active", (), lambda _: _active(party.world)),
    ),
    texts("owns", "datasets of which it owns an instance", lambda party: party.world.lookup.owned.get(party.id, ())),
    texts("runs_models", "models that it runs for anybody", _runs),
    open_field("agreements", Type.LIST, "kinds of the agreements that it has", _agreements),
    open_field(
        "contract_on_file",
        Type.BOOL,
        "it has an agreement with a reference, with a participant that is a financial entity or with a coordinator",
        _on_file,
    ),
)


def _subjects(world: World) -> Sequence[Subject]:
    return [
        Subject(id=f"parties.{name}", path=("parties", name), data=PartyView(world, name))
        for name in world.lookup.parties
        if name not in BUILT_IN
    ]


KIND = Kind(name="party", about="a party, declared or implied", fields=_FIELDS, subjects=_subjects)


@dataclass(frozen=True, slots=True)
class NodeView:
    """One entry of `nodes` and the places that it makes."""

    world: World
    id: str
    node: Node
    places: tuple[Vertex, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that are stored here."""
        return tuple(ordered(family for place in self.places for family in self.world.lookup.stored.get(place.id, ())))

    def named(self, principals: Iterable[str]) -> list[str]:
        """These principals as parties."""
        return ordered(self.world.lookup.party(who) for who in principals)


def _memory(view: NodeView) -> Presence:
    found = view.node.hardware.gpu_memory_gib if view.node.hardware else None
    return None if found is None else float(found)


def _tee(view: NodeView, *, attested: bool) -> Presence:
    if view.node.says_unknown("tee"):
        return None
    return view.node.tee is not None and (view.node.tee.attested or not attested)


def _hides_from(view: NodeView) -> Presence:
    """Whom the enclave of its members keeps out; of nodes without one: nobody."""
    enclaves = [place.enclave for place in view.places if place.enclave is not None]
    if not enclaves:
        return []
    found = {"host": enclaves[0].host, "operator": enclaves[0].operator}
    return None if None in found.values() else [who for who, hidden in found.items() if hidden]


def _holds(view: NodeView) -> Iterable[str]:
    return ordered(model for place in view.places for model in view.world.lookup.placed.get(place.id, ()))


_NODE_FIELDS = (
    words("id", "its id", lambda view: view.id),
    *fields_of(Node, lambda view: view.node),
    texts("parties", "who operates it", lambda v: v.named(who for place in v.places for who in place.operators)),
    texts(
        "hosts", "the parties whose machines it runs on", lambda view: view.named(place.host for place in view.places)
    ),
    boolean(
        "hosted_elsewhere",
        "some of it runs on machines of a party that does not operate it",
        lambda view: any(place.host not in place.operators for place in view.places),
    ),
    texts(
        "code_from",
        "the authors of the software that runs on it",
        lambda view: view.named(place.code_from for place in view.places),
    ),
    integer("count", "how many machines it stands for", lambda view: sum(place.weight for place in view.places)),
    open_field("tee", Type.BOOL, "it runs in a trusted execution environment", lambda view: _tee(view, attested=False)),
    open_field("attested", Type.BOOL, "its TEE is attested", lambda view: _tee(view, attested=True), key="tee"),
    texts("verified_by", "who verifies its attestation", lambda v: v.node.tee.verified_by if v.node.tee else ()),
    open_field(
        "hides_from", Type.LIST, "those whom its TEE keeps out: host, operator", _hides_from, key="tee.hides_from"
    ),
    open_field("gpu_memory_gib", Type.NUMBER, "memory of its GPUs in GiB", _memory, key="hardware.gpu_memory_gib"),
    texts("datasets", "datasets that are stored on it", lambda view: view.families),
    texts("models", "models whose weights are placed on it", _holds),
    *data_fields(of="the data that are stored on it"),
)


def _node_subjects(world: World) -> Sequence[Subject]:
    places = listed_by((place.family, place) for place in world.lookup.places.values())
    return [
        Subject(id=f"nodes.{name}", path=("nodes", name), data=NodeView(world, name, node, tuple(places.get(name, ()))))
        for name, node in sorted(world.deployment.nodes.items())
    ]


NODE = Kind(
    name="node", about="an entry of `nodes`, all its members together", fields=_NODE_FIELDS, subjects=_node_subjects
)
