"""Run an open-weight model where it is called, in place of one that somebody else runs."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.flow import Task
from fedpolicy.language.rewriting import Edit, Put, Remove, plain_tree
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext, callers
from fedpolicy.repair.changes import StandIn, stand_in
from fedpolicy.report import listing

_NAME = "self_host"


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    name = element.name
    uses = context.uses.get(name, [])
    if element.section != "models" or name not in context.remote or name not in context.deployment.models or not uses:
        return
    places = _places(context, name)
    other = stand_in(context, name, places)
    trained = tuple(
        Remove(path=("api_calls", use.name, "trains_on_inputs"))
        for use, call in uses
        if not isinstance(call, Task) and call.trains_on_inputs
    )
    yield Change(
        id=f"self-host models.{name}",
        kind=_NAME,
        text=f"run {other.words} on {listing(places)}" + (f" in place of models.{name}" if other.entry else ""),
        edits=(*_edits(context, name, other, places), *trained),
        acts=tuple(Act(origin=use.id, roles=_ROLES) for use, _ in uses),
        blanks=other.blanks,
    )


def _edits(context: RepairContext, name: str, other: StandIn, places: list[str]) -> list[Edit]:
    path = ("models", name)
    at = places if len(places) > 1 else places[0]
    model = plain_tree(context.deployment.models[name])
    if other.entry:
        kept = {key: model[key] for key in _OF_ANY if key in model}
        return [Put(path=path, value={**other.entry, **kept, "weights_at": at})]
    gone = (Remove(path=(*path, key)) for key in _OF_A_RUNNER if key in model)
    # Weights that are loaded from now on can be taken in a format that runs no code.
    form = [Put(path=(*path, "format"), value="safetensors")] if "ref" in model and "format" not in model else []
    return [Put(path=(*path, "weights_at"), value=at), *form, *gone]


# What a file may say of any model, and what it says of one that somebody else runs.
_OF_ANY = ("copies", "documentation", "fallback")
_OF_A_RUNNER = ("via", "account", "terms", "provider")
_ROLES = frozenset({"call", "fallback", "hosted-training", "training-on-inputs", "judged-outputs", "activations"})


def _places(context: RepairContext, name: str) -> list[str]:
    """Where it is called, and who adds up what is trained from it."""
    found: dict[str, None] = {}
    for _, use in context.uses[name]:
        found |= dict.fromkeys(callers(use))
        if isinstance(use, Task) and context.method(use).needs == "weights":
            found |= dict.fromkeys(context.aggregators(use))
    return list(found)


KIND = ChangeKind(
    name=_NAME, cost=5, about="run an open-weight model of the same work on the nodes that call", changes=_changes
)
