"""Software: on whose code it rests that what leaves is what its name says, and where nobody says whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from operator import or_

from fedpolicy.analysis.exposure import VERBATIM, Reading, Trust
from fedpolicy.analysis.exposure.effects import suppliers_of
from fedpolicy.analysis.exposure.views import Viewer, seen_at
from fedpolicy.graph import Flow, FlowGraph, Mask, Vertex, bits
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.masks import common, grouped, lacking, united
from fedpolicy.language.model.does import Cap
from fedpolicy.policy.elements.shared import data_fields, open_field, texts, words
from fedpolicy.policy.elements.subject_matter import is_private
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

_UNSAID = {None, "unknown"}
_MOST = 50  # nodes that one question names


@dataclass(frozen=True, slots=True)
class SoftwareView:
    """
    What one element sends by the code of one supplier, or all that is sent by code of which nobody says whose.

    `families` are the datasets of which something is sent.
    """

    world: World
    supplier: str
    doubters: Sequence[str]
    unsaid: tuple[str, ...]
    flows: tuple[Flow, ...]
    families: tuple[str, ...]


def _supplier(view: SoftwareView) -> Presence:
    return Missing(view.unsaid) if view.unsaid else view.supplier


def _doubters(view: SoftwareView) -> Presence:
    return Missing(view.unsaid) if view.unsaid else list(view.doubters)


def _is_released(view: SoftwareView) -> Presence:
    # Where nobody says whose code it is, what is guaranteed does not yet count it.
    return not view.unsaid and view.world.releases.all_permit(
        ordered(flow.origin for flow in view.flows), guaranteed=True
    )


_FIELDS = (
    open_field("supplier", Type.TEXT, "the party that wrote it", _supplier, key="code_from"),
    open_field("untrusted_by", Type.LIST, "owners of the data that do not rely on it", _doubters, key="code_from"),
    texts("origins", "the elements that send", lambda view: ordered(flow.origin for flow in view.flows)),
    texts("payloads", "what is sent", lambda view: ordered(flow.payload for flow in view.flows)),
    texts("datasets", "datasets of which something is sent", lambda view: view.families),
    words("of", "the nodes on which it runs (for messages)", lambda view: ", ".join(ordered(_places(view)))),
    open_field(
        "guarantee_permitted", Type.BOOL, "the owners release the guaranteed level to all who get it", _is_released
    ),
    *data_fields(of="the data of which something is sent"),
)


def _places(view: SoftwareView) -> Iterator[str]:
    vertices = view.world.graph.vertices
    return (vertices[flow.source].family or vertices[flow.source].name for flow in view.flows)


def _computed(world: World) -> Iterator[Flow]:
    """What somebody computes and sends to others, and that says less than the records that it is computed from."""
    graph, levels = world.graph, world.catalog.levels
    rows = {payload: world.catalog.payloads[payload] for payload in {flow.payload for flow in graph.flows}}
    says = {name for name, row in rows.items() if levels[row.level].rank < VERBATIM}
    for flow in graph.flows:
        computed = flow.payload in says and not flow.echo and not flow.passed_on
        if computed and graph.vertices[flow.source].kind == "place":
            yield flow


def _lowered(world: World) -> Iterator[Flow]:
    """
    Records from which code takes something out before they leave; what that is worth, is the word of its author.

    Where the file says whose code it is, the safeguard itself rests on that one.
    """
    graph, levels, payloads = world.graph, world.catalog.levels, world.catalog.payloads
    for flow in (one for one in graph.flows if one.guards and not (one.echo or one.passed_on)):
        takes_out = any(isinstance(one.does, Cap) and not one.ignored for one in flow.guards)
        whole = levels[payloads[flow.payload].level].rank == VERBATIM
        if takes_out and whole and graph.vertices[flow.source].kind == "place":
            yield flow


def _subjects(world: World) -> Sequence[Subject]:
    graph, trust = world.graph, Trust(graph=world.graph)
    said: dict[tuple[str, str], list[Flow]] = {}
    unsaid: list[Flow] = []
    known: dict[tuple[str, str], frozenset[str] | None] = {}
    matter = _mattering(world, trust)
    for flow in _computed(world):
        key = (flow.origin, flow.source)
        if key not in known:
            known[key] = suppliers_of(graph, flow) or (
                frozenset() if _is_unsaid(world, flow) and matter(flow) else None
            )
        suppliers = known[key]
        for supplier in suppliers or ():
            said.setdefault((flow.origin, world.lookup.party(supplier)), []).append(flow)
        if suppliers is not None and not suppliers and _is_received(world, flow):
            unsaid.append(flow)
    unsaid += [one for one in _lowered(world) if _is_unsaid(world, one) and matter(one) and _is_received(world, one)]
    stated = [_stated(world, trust, origin, supplier, flows) for (origin, supplier), flows in sorted(said.items())]
    return [*_each_once(stated), *([_asked(world, unsaid)] if unsaid else [])]


def _each_once(stated: Sequence[Subject]) -> Iterator[Subject]:
    """
    Of what else a supplier's code sends of the data of a task, only the task speaks; of other data, one element.

    Unless somebody doubts that code of whose data the task has none.
    """
    known: dict[str, set[tuple[str, str]]] = {}
    for one in sorted(stated, key=lambda one: not one.id.startswith("tasks.")):
        said = set(product(one.data.families, one.data.doubters or [""]))
        if one.id.startswith("tasks.") or not said <= known.get(one.data.supplier, set()):
            yield one
        known.setdefault(one.data.supplier, set()).update(said)


def _is_received(world: World, flow: Flow) -> bool:
    target, source = world.graph.vertices[flow.target], world.graph.vertices[flow.source]
    return target.kind != "place" or not _receiving(target) <= {*source.operators, source.host}


def _is_unsaid(world: World, flow: Flow) -> bool:
    """Whether nobody says whose code a node runs, or a task ships."""
    node = world.deployment.nodes.get(world.graph.vertices[flow.source].family)
    section, _, name = flow.origin.partition(".")
    task = world.deployment.tasks.get(name) if section == "tasks" else None
    return node is not None and node.code_from in _UNSAID and (task is None or task.code_from in _UNSAID)


def _mattering(world: World, trust: Trust) -> Callable[[Flow], bool]:
    """Whether it matters whose code reads records at a place: who runs it could send them anyway."""
    graph, readable = world.graph, _readable(world)
    whole: dict[str, bool] = {}  # by place: of the same data, it sends in several ways

    def matters(flow: Flow) -> bool:
        here = readable.get(flow.source, 0)
        read = common(world.carried(flow), here)
        if read != here:
            return _can_send(graph, trust, flow.source, read)
        if flow.source not in whole:
            whole[flow.source] = _can_send(graph, trust, flow.source, here)
        return whole[flow.source]

    return matters


def _can_send(graph: FlowGraph, trust: Trust, source: str, read: Mask) -> bool:
    """Whether an owner of what is read at a place relies on those who run it, and on no enclave there."""
    place = graph.vertices[source]
    operators = frozenset(place.operators)
    for index in graph.numbers(read):  # the first mostly decides
        owner = graph.data[index].owner
        if trust.accepts(owner, operators) and not trust.vouched(owner, place):
            return True
    return False


def _readable(world: World) -> Mapping[str, Mask]:
    """The instances that rest at each place, or whose records are brought there."""
    found = grouped((item.place, item.bit) for item in world.graph.data)
    for flow in world.graph.flows:
        if flow.payload == "records":
            found[flow.target] = found.get(flow.target, 0) | world.carried(flow)
    return found


def _stated(world: World, trust: Trust, origin: str, supplier: str, flows: Sequence[Flow]) -> Subject:
    doubted = _doubted(world, trust, supplier, flows)
    doubters = ordered(world.lookup.party(world.graph.data[index].owner) for index in bits(doubted))
    families = world.lookup.families_in(doubted) or _families(world, flows)
    view = SoftwareView(world, supplier, doubters, (), tuple(flows), families)
    parties = dict.fromkeys((supplier, *doubters))  # whose code, and whose data: another supplier is another finding
    elements = (origin, *(f"parties.{name}" for name in parties))
    return Subject(id=origin, path=tuple(origin.split(".", 1)), data=view, elements=elements)


def _doubted(world: World, trust: Trust, supplier: str, flows: Sequence[Flow]) -> Mask:
    """The secrets that code could send to others; of whose data nobody knows what they are, where that is all."""
    found, data = _doubting(world, trust, supplier, flows), world.graph.data
    families = {data[index].family for index in bits(found)}
    known = {name: is_private(world, (name,)) for name in families}
    surely = [name for name in families if known[name] is True]
    kept = surely or [name for name in families if known[name] is not False]
    return common(found, reduce(or_, (world.lookup.instances[name] for name in kept), 0))


def _doubting(world: World, trust: Trust, supplier: str, flows: Iterable[Flow]) -> Mask:
    """
    What is sent of owners that rely neither on a supplier nor on the enclave in which its code runs.

    Code that has no more than it is to send can send no more; what goes back to the owner alone tells nobody else.
    """
    graph, found = world.graph, 0
    receivers: dict[tuple[str, str, Mask], set[frozenset[str]]] = {}
    for flow in flows:
        got = receivers.setdefault((flow.source, flow.payload, world.carried(flow)), set())
        got.add(_receiving(graph.vertices[flow.target]))
    for (place, payload, sent), who in receivers.items():
        vertex, own = graph.vertices[place], world.study.exposure.own
        left = 0
        for owner in {graph.data[index].owner for index in bits(lacking(sent, found))}:
            relies = trust.accepts(owner, frozenset({supplier})) or trust.vouched(owner, vertex)
            if not relies and who != {frozenset({owner})}:
                left = united(left, own.get(owner, 0))
        found = united(found, common(common(sent, left), _known_beyond(world, vertex, payload))) if left else found
    return found


def _receiving(target: Vertex) -> frozenset[str]:
    """Who reads what comes to a place; of a model or an exchange, nobody says who."""
    return frozenset({*target.operators, target.host} - {""})


def _known_beyond(world: World, place: Vertex, payload: str) -> Mask:
    """The instances of which a place has more than a payload says, without what owners do not rely on."""
    exposure, said = world.study.exposure, world.catalog.levels[world.catalog.payloads[payload].level].rank
    holdings, openers = exposure.holdings(Reading.GUARANTEED), exposure.openers(Reading.GUARANTEED)
    viewer = Viewer(party=place.operators[0], role="operator", places=(place.id,))
    state = holdings.states.get(place.id, {})
    return reduce(
        or_, (seen_at(holdings, viewer, place, form, mask, said + 1, openers) for form, mask in state.items()), 0
    )


def _families(world: World, flows: Sequence[Flow]) -> tuple[str, ...]:
    """The datasets of which something is sent; of a place that sends thousands of times, what it may hold once."""
    reach = world.lookup.reach
    whole = {flow.source for flow in flows if flow.data is None}
    sent = reduce(or_, (reach[place] for place in whole), 0)
    return world.lookup.families_in(
        reduce(or_, (world.carried(flow) for flow in flows if flow.data is not None and flow.source not in whole), sent)
    )


def _asked(world: World, flows: Sequence[Flow]) -> Subject:
    nodes = ordered(world.graph.vertices[flow.source].family for flow in flows)[:_MOST]
    view = SoftwareView(
        world, "", (), tuple(f"nodes.{name}.code_from" for name in nodes), tuple(flows), _families(world, flows)
    )
    return Subject(id="deployment", path=(), data=view)


KIND = Kind(
    name="software",
    about="what an element sends that the code of one supplier computes from records; all that is sent by code"
    " without a stated author is one element",
    fields=_FIELDS,
    subjects=_subjects,
)
