"""Send things elsewhere: to a model that is at hand already, or to a node of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.analysis.repair.case import Case, Element, callers
from fedpolicy.analysis.repair.change import Act, Change, Kind, said
from fedpolicy.analysis.repair.kinds.drop import unused
from fedpolicy.analysis.repair.models import at_hand
from fedpolicy.spec.rewrite.edits import Edit, Put, Remove

__all__ = ["KIND"]

_NAME = "redirect"


def _changes(case: Case, element: Element) -> Iterator[Change]:
    if element.section in {"tasks", "api_calls"}:
        yield from _to_other_models(case, element)
    elif element.section == "flows" and element.name in case.deployment.flows:
        yield from _to_own_nodes(case, element)
    elif element.section == "models" and element.name in case.remote:
        yield from _fallbacks(case, element.name)


def _bundles(case: Case, element: Element) -> Iterator[tuple[Change, ...]]:
    """All uses of a model go to another one that all of them have at hand."""
    uses = case.uses.get(element.name, []) if element.section == "models" else []
    places = [caller for _, use in uses for caller in callers(use)]
    for other in at_hand(case, element.name, places) if uses else ():
        moved = tuple(_use(case, use, element.name, other) for use, _ in uses)
        yield moved
        yield (*moved, unused(element.name))


def _to_other_models(case: Case, element: Element) -> Iterator[Change]:
    entry = getattr(case.deployment, element.section).get(element.name)
    if entry is not None and entry.model in case.remote:
        for other in at_hand(case, entry.model, callers(entry)):
            yield _use(case, element, entry.model, other)


def _use(case: Case, element: Element, model: str, other: str) -> Change:
    edits: list[Edit] = [Put(path=(element.section, element.name, "model"), value=other)]
    call = case.deployment.api_calls.get(element.name) if element.section == "api_calls" else None
    if call is not None and call.trains_on_inputs:
        edits.append(Remove(path=("api_calls", element.name, "trains_on_inputs")))
    return Change(
        id=f"let {element.id} use models.{other}",
        kind=_NAME,
        text=f"let {element.id} use models.{other}, which is at hand, instead of models.{model}",
        edits=tuple(edits),
        acts=(Act(origin=element.id),),
    )


def _to_own_nodes(case: Case, element: Element) -> Iterator[Change]:
    """Another node of the same kind that those operate who send."""
    flow = case.deployment.flows[element.name]
    if len(flow.to) != 1 or flow.to[0] not in case.deployment.nodes:
        return
    target = flow.to[0]
    senders = tuple(sorted({party for source in flow.from_ for party in case.parties_of(source)}))
    for name in case.operated.get((case.deployment.nodes[target].kind, senders), ()):
        if name not in {target, *flow.from_}:
            yield Change(
                id=f"send {element.id} to {name}",
                kind=_NAME,
                text=f"send {element.id} to {name}, which {said(senders)} operates, instead of {target}",
                edits=(Put(path=("flows", element.name, "to"), value=name),),
                acts=(Act(origin=element.id),),
            )


def _fallbacks(case: Case, model: str) -> Iterator[Change]:
    """A model that is at hand stands in should the other go."""
    places = [caller for _, use in case.uses.get(model, ()) for caller in callers(use)]
    for other in at_hand(case, model, places):
        if other not in case.deployment.models[model].fallback:
            yield Change(
                id=f"let models.{other} stand in for models.{model}",
                kind=_NAME,
                text=f"let models.{other} stand in, should models.{model} go",
                edits=(
                    Put(path=("models", model, "fallback"), value=[*case.deployment.models[model].fallback, other]),
                ),
                asks=frozenset({"model.fallback_elsewhere"}),
            )


KIND = Kind(
    name=_NAME,
    cost=4,
    about="call a model, or send to a node, that is there already",
    changes=_changes,
    bundles=_bundles,
)
