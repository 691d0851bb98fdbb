"""Do less: drop a task, a call, a flow, a copy of a model, or its publication."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.language.rewriting import Put, Remove
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext
from fedpolicy.repair.changes import unused

_NAME = "drop"


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    if element.section in {"api_calls", "flows"} and element.name in getattr(context.deployment, element.section):
        yield _dropped(element)
    elif element.section == "tasks" and element.name in context.deployment.tasks:
        yield _without_task(context, element)
    elif element.section == "models" and element.name in context.deployment.models:
        yield from _of_model(context, element)


def _bundles(context: RepairContext, element: Element) -> Iterator[tuple[Change, ...]]:
    """Everything that uses a model, and the model."""
    uses = context.uses.get(element.name, []) if element.section == "models" else []
    if uses:
        drops = tuple(change for use, _ in uses for change in _changes(context, use))
        yield drops
        yield (*drops, unused(element.name))


def _dropped(element: Element) -> Change:
    return Change(
        id=f"drop {element.id}",
        kind=_NAME,
        text=f"drop {element.id}",
        edits=(Remove(path=(element.section, element.name)),),
        acts=(Act(origin=element.id),),
    )


def _without_task(context: RepairContext, element: Element) -> Change:
    change = _dropped(element)
    made = context.deployment.tasks[element.name].produces
    if made not in context.deployment.models or context.naming[made] != {element.id}:
        return change
    return Change(
        id=change.id,
        kind=_NAME,
        text=f"{change.text} and models.{made}, which nothing else makes or uses",
        edits=(*change.edits, Remove(path=("models", made))),
        acts=(*change.acts, Act(origin=f"models.{made}")),
    )


def _of_model(context: RepairContext, element: Element) -> Iterator[Change]:
    model = context.deployment.models[element.name]
    if element.name not in context.naming:
        yield unused(element.name)
    if model.published:
        yield Change(
            id=f"keep {element.id} from the public",
            kind=_NAME,
            text=f"do not publish {element.id}",
            edits=(Remove(path=("models", element.name, "published")),),
            acts=(Act(origin=element.id, roles=frozenset({"published"})),),
        )
    places = model.weights_at or ()
    yield from _copies(element, places) if len(places) > 1 else ()


def _copies(element: Element, places: Sequence[str]) -> Iterator[Change]:
    for place in places:
        kept = [other for other in places if other != place]
        yield Change(
            id=f"keep {element.id} from {place}",
            kind=_NAME,
            text=f"do not place {element.id} on {place}",
            edits=(Put(path=("models", element.name, "weights_at"), value=kept),),
            acts=(Act(origin=element.id, roles=frozenset({"placement"}), to=place),),
        )


KIND = ChangeKind(
    name=_NAME, cost=10, about="do without a task, a call, a flow or a copy", changes=_changes, bundles=_bundles
)
