"""Send things elsewhere: to a model that is at hand already, or to a node of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.rewriting import Edit, Put, Remove
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext, callers
from fedpolicy.repair.changes import at_hand, unused
from fedpolicy.report import listing

_NAME = "redirect"


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    if element.section in {"tasks", "api_calls"}:
        yield from _to_other_models(context, element)
    elif element.section == "flows" and element.name in context.deployment.flows:
        yield from _to_own_nodes(context, element)
    elif element.section == "models" and element.name in context.remote:
        yield from _fallbacks(context, element.name)


def _bundles(context: RepairContext, element: Element) -> Iterator[tuple[Change, ...]]:
    """All uses of a model go to another one that all of them have at hand."""
    uses = context.uses.get(element.name, []) if element.section == "models" else []
    places = [caller for _, use in uses for caller in callers(use)]
    for other in at_hand(context, element.name, places) if uses else ():
        moved = tuple(_use(context, use, element.name, other) for use, _ in uses)
        yield moved
        yield (*moved, unused(element.name))


def _to_other_models(context: RepairContext, element: Element) -> Iterator[Change]:
    entry = getattr(context.deployment, element.section).get(element.name)
    if entry is not None and entry.model in context.remote:
        for other in at_hand(context, entry.model, callers(entry)):
            yield _use(context, element, entry.model, other)


def _use(context: RepairContext, element: Element, model: str, other: str) -> Change:
    edits: list[Edit] = [Put(path=(element.section, element.name, "model"), value=other)]
    call = context.deployment.api_calls.get(element.name) if element.section == "api_calls" else None
    if call is not None and call.trains_on_inputs:
        edits.append(Remove(path=("api_calls", element.name, "trains_on_inputs")))
    return Change(
        id=f"let {element.id} use models.{other}",
        kind=_NAME,
        text=f"let {element.id} use models.{other}, which is at hand, instead of models.{model}",
        edits=tuple(edits),
        acts=(Act(origin=element.id),),
    )


def _to_own_nodes(context: RepairContext, element: Element) -> Iterator[Change]:
    """Another node of the same kind that those operate who send."""
    flow = context.deployment.flows[element.name]
    target = flow.to[0] if len(flow.to) == 1 else ""
    if target not in context.deployment.nodes:
        return
    senders = tuple(sorted({party for source in flow.from_ for party in context.parties_of(source)}))
    for name in context.operated.get((context.deployment.nodes[target].kind, senders), ()):
        if name not in {target, *flow.from_}:
            yield Change(
                id=f"send {element.id} to {name}",
                kind=_NAME,
                text=f"send {element.id} to {name}, which {listing(senders)} operates, instead of {target}",
                edits=(Put(path=("flows", element.name, "to"), value=name),),
                acts=(Act(origin=element.id),),
            )


def _fallbacks(context: RepairContext, model: str) -> Iterator[Change]:
    """A model that is at hand stands in should the other go."""
    places = [caller for _, use in context.uses.get(model, ()) for caller in callers(use)]
    for other in at_hand(context, model, places):
        if other not in context.deployment.models[model].fallback:
            yield Change(
                id=f"let models.{other} stand in for models.{model}",
                kind=_NAME,
                text=f"let models.{other} stand in, should models.{model} go",
                edits=(
                    Put(path=("models", model, "fallback"), value=[*context.deployment.models[model].fallback, other]),
                ),
                asks=frozenset({"model.fallback_elsewhere"}),
            )


KIND = ChangeKind(
    name=_NAME,
    cost=4,
    about="call a model, or send to a node, that is there already",
    changes=_changes,
    bundles=_bundles,
)
