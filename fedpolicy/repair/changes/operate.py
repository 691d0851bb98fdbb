"""Have a node, its machines, its software or a safeguard in the hands of those whose data they concern."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.party import Node
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.rewriting import Edit, Put, Remove
from fedpolicy.repair import Change, ChangeKind, Element, HiddenView, RepairContext

_NAME = "operate"
_MEMBERS = frozenset({"participant", "coordinator"})
# Where clients add noise, by whether only a sum of theirs is opened.
_CLIENTS_ADD = {True: ("distributed", ", each a share of it"), False: ("client", "")}


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    if element.section == "nodes" and element.name in context.deployment.nodes:
        yield from _of_node(context, element.name, context.deployment.nodes[element.name])
    elif element.section in {"tasks", "flows"} and element.name in getattr(context.deployment, element.section):
        yield from _of_safeguards(context, element)
    elif element.section == "models" and element.name in context.deployment.models:
        yield from _copies(context, element.name)


def _of_node(context: RepairContext, name: str, node: Node) -> Iterator[Change]:
    whose, path = node.party if isinstance(node.party, str) else "each party", ("nodes", name)
    if node.host is not None:
        text = f"run nodes.{name} on machines of {whose}, not of {node.host}"
        view, edit = HiddenView(place=name, party=node.host), Remove(path=(*path, "host"))
        yield _change(f"run nodes.{name} on its operator's own machines", text, edit, view)
    if node.operators:
        text, edit = f"let only {whose} operate nodes.{name}", Remove(path=(*path, "operators"))
        views = [HiddenView(place=name, party=party) for party in node.operators]
        yield _change(f"let nobody else operate nodes.{name}", text, edit, *views)
    if node.code_from is not None and node.count == 1:
        text = f"let {whose} choose the software on nodes.{name}, not {node.code_from}"
        yield _change(f"run software of its operator's own on nodes.{name}", text, Remove(path=(*path, "code_from")))
    yield from _by_members(context, name, node)


def _by_members(context: RepairContext, name: str, node: Node) -> Iterator[Change]:
    if isinstance(node.party, str) and not _MEMBERS & set(context.roles(node.party)):
        for party in _members(context):
            yield _change(
                f"let {party} operate nodes.{name}",
                f"let {party} operate nodes.{name} instead of {node.party}",
                Put(path=("nodes", name, "party"), value=party),
                HiddenView(place=name, party=node.party),
            )


def _members(context: RepairContext) -> list[str]:
    """The coordinator first, then participants whose data they are, if there are few."""
    coordinators = [name for name, party in sorted(context.deployment.parties.items()) if "coordinator" in party.role]
    owners = [name for name in context.owners if "participant" in context.roles(name)]
    return [*coordinators, *(owners if len(owners) == 1 else ())]


def _of_safeguards(context: RepairContext, element: Element) -> Iterator[Change]:
    entry = getattr(context.deployment, element.section)[element.name]
    kinds = {safeguard.kind for safeguard in entry.safeguards}
    for index, safeguard in enumerate(entry.safeguards):
        path = (element.section, element.name, "safeguards", index)
        what = f"{safeguard.kind.replace('_', ' ')} on {element.id}"
        one = f"{element.id}.safeguards.{index}"
        if safeguard.operated_by is not None:
            text = f"let those who usually do it perform the {what}, not {safeguard.operated_by[0]}"
            yield _change(f"let its usual performer perform {one}", text, Remove(path=(*path, "operated_by")))
        noise = isinstance(safeguard, DifferentialPrivacy) and safeguard.where == "aggregator"
        if noise and element.section == "tasks":
            where, share = _CLIENTS_ADD["secure_aggregation" in kinds]
            text = f"let the clients add the noise of the {what}{share}"
            yield _change(f"let clients add the noise of {one}", text, Put(path=(*path, "where"), value=where))


def _copies(context: RepairContext, name: str) -> Iterator[Change]:
    """A copy for those whose data a model has learned from."""
    model = context.deployment.models[name]
    tasks = [task for task in context.deployment.tasks.values() if task.produces == name]
    places = sorted({place for task in tasks for place in task.runs_on} - set(model.weights_at or ()))
    if places and model.weights_at is not None:
        yield Change(
            id=f"place models.{name} on {', '.join(places)}",
            kind=_NAME,
            text=f"place a copy of models.{name} on {', '.join(places)}",
            edits=(Put(path=("models", name, "weights_at"), value=[*model.weights_at, *places]),),
            asks=frozenset({"model.without_copy", "dependency.given"}),
        )


def _change(identity: str, text: str, edit: Edit, *sights: HiddenView) -> Change:
    return Change(id=identity, kind=_NAME, text=text, edits=(edit,), sights=sights)


KIND = ChangeKind(
    name=_NAME,
    cost=4,
    about="have a member operate a node, its machines, its software or a safeguard",
    changes=_changes,
)
