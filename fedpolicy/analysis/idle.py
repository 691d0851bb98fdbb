"""What a file says in vain: elements that nothing passes, so that no level hangs on what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.graph.routes import near, stand_ins

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.graph import Flow, FlowGraph
    from fedpolicy.language.model import Deployment

_CALLED = ("via", "fallback", "terms", "account", "transport")  # what is said of calls


def idle_elements(study: Study) -> Iterator[tuple[str, str]]:
    """Each element, and why what is said of it changes no level; sorted."""
    live = [flow for flow in study.graph.flows if _carries(study, flow)]
    yield from _models(study, live)
    yield from _nodes(study, live)
    moved = {flow.origin for flow in live}
    for section in ("api_calls", "flows", "tasks"):
        for name in sorted(getattr(study.deployment, section)):
            if f"{section}.{name}" not in moved and not (section == "tasks" and _ships(study.graph, name)):
                yield f"{section}.{name}", "it moves no data"
    yield from _roundabout(study)


def _ships(graph: FlowGraph, name: str) -> bool:
    """Whether code that a task ships may have made what declared flows carry from where it runs."""
    task = graph.deployment.tasks[name]
    places = (graph.vertices[graph.flows[index].source] for index in graph.shipped)
    return task.code_from is not None and any({place.family, place.name} & {*task.runs_on} for place in places)


def _roundabout(study: Study) -> Iterator[tuple[str, str]]:
    """Ways that lead to where they begin."""
    for name in sorted(study.deployment.flows):
        flow = study.deployment.flows[name]
        for end in sorted({*flow.via} & {*flow.from_, *flow.to}):
            yield f"flows.{name}", f"{end} is one of its ends, so `via` does not change its way"
    for name, model in sorted(study.deployment.models.items()):
        if model.via and model.weights_at and _runs_on_the_way(study.graph, name, model.weights_at):
            yield f"models.{name}", "`via` names where it runs, which is the end of the way"
        if model.fallback and _are_asked_before(study.deployment, name):
            yield f"models.{name}", "`fallback` names only what is asked before it"
    nodes = study.deployment.nodes
    adding = tuple(name for name, node in nodes.items() if node.kind == "aggregator")
    for name in sorted(study.deployment.tasks):
        task = study.deployment.tasks[name]
        for key in ("aggregator", "via", "top_model_at", "labels_at"):
            # Where it runs elsewhere as well, whoever is there sends to this place.
            if task.runs_on and {*task.runs_on} <= {*(getattr(task, key) or ())}:
                place = ", ".join(sorted(task.runs_on))
                yield f"tasks.{name}", f"`{key}` names {place}, where it runs, so each of its members stays with itself"
        above = task.aggregator or (adding if len(adding) == 1 else ())
        above = task.hops[0].at if task.hops else above
        for place in sorted({*task.via} & {*above, *(task.top_model_at or ())}):
            yield f"tasks.{name}", f"{place} is the end of the way, so `via` does not change it"


def _are_asked_before(deployment: Deployment, model: str) -> bool:
    """Whether those who ask a model only in the place of others have asked its own fallbacks by then."""
    tasks, calls = deployment.tasks.values(), deployment.api_calls.values()
    named = {task.model for task in tasks} | {task.evaluates for task in tasks} | {call.model for call in calls}
    without = {**deployment.models, model: deployment.models[model].changed(fallback=())}
    fewer = deployment.changed(models=without)
    orders = [(stand_ins(deployment, one), stand_ins(fewer, one)) for one in sorted(deployment.models.keys() & named)]
    return model not in named and any(model in order for order, _ in orders) and all(a == b for a, b in orders)


def _runs_on_the_way(graph: FlowGraph, model: str, families: Sequence[str]) -> bool:
    """Whether everybody who asks a model asks the place where it runs, as if no way were said."""
    holders = [graph.vertices[place] for family in families for place in graph.members.get(family, ())]
    asked: dict[str, set[tuple[str, ...]]] = {}
    for access in graph.access:
        if access.model == model and access.how != "weights":
            for place in access.at:
                asked.setdefault(place, set()).add(access.hops)
    parts = graph.deployment.models[model].copies == "parts"
    return bool(asked) and all(
        (_begun(chains) if parts else chains)
        == {(other.id,) for other in near(graph.vertices[place], holders) or holders}
        for place, chains in asked.items()
    )


def _begun(chains: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The ways without those that go on, to whoever holds another part."""
    return {chain for chain in chains if chain[:-1] not in chains}


def _carries(study: Study, flow: Flow) -> bool:
    """Whether anything that is in the data can travel on a flow, as far as anybody knows."""
    holdings, held = study.exposure.holdings(Reading.GUARANTEED), 0
    effect = holdings.effects.of(flow)
    if not effect.scope and effect.beside is None:
        return False
    for mask in holdings.states.get(flow.source, {}).values():
        held |= mask
    return bool(held if flow.data is None else held & flow.data)


def _models(study: Study, live: list[Flow]) -> Iterator[tuple[str, str]]:
    graph = study.graph
    asked = {access.model for access in graph.access if access.how != "weights"}
    used = {access.model for access in graph.access}
    touched = {end for flow in live for end in (flow.source, flow.target) if graph.vertices[end].kind == "model"}
    used |= {graph.vertices[end].family for end in touched}
    for name in sorted(study.deployment.models):
        model = study.deployment.models[name]
        if name not in used:
            yield f"models.{name}", "nothing uses it, or reaches it"
        elif name not in asked and (said := [key for key in _CALLED if getattr(model, key)]):
            keys = " and ".join(f"`{key}`" for key in said)
            yield f"models.{name}", f"nobody asks it elsewhere, so nothing hangs on its {keys}"


def _nodes(study: Study, live: list[Flow]) -> Iterator[tuple[str, str]]:
    passed = {end for flow in live for end in (flow.source, flow.target)}
    stored = {item.place for item in study.graph.data}
    for name in sorted(study.deployment.nodes):
        if passed.isdisjoint(members := study.graph.members.get(name, ())) and stored.isdisjoint(members):
            yield f"nodes.{name}", "no data pass it"
