"""Add calibrated noise."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.rewriting import Append, Edit, Put
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext
from fedpolicy.repair.changes import gaussian_noise

_NAME = "differential_privacy"
_BOUNDED = 1
_WHERE = {
    "client": "each client adds to what it sends",
    "distributed": "the clients add together",
    "aggregator": "the aggregator adds to the sum",
}
# What noise at one place can lower: the clients' own is in everything, the aggregator's in what leaves it.
_LOWERED = {
    "client": frozenset({"uplink", "exchange", "downlink", "produces"}),
    "distributed": frozenset({"uplink", "downlink", "produces"}),
    "aggregator": frozenset({"downlink", "produces"}),
}


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    task = context.deployment.tasks.get(element.name) if element.section == "tasks" else None
    if task is None:
        return
    row = context.catalog.payloads.get(context.method(task).up or "")
    if row is None or not row.summable:
        return
    kinds = {safeguard.kind for safeguard in task.safeguards}
    present = {
        guard.where: index for index, guard in enumerate(task.safeguards) if isinstance(guard, DifferentialPrivacy)
    }
    for where in ("distributed", "aggregator", "client"):
        if where != "distributed" or "secure_aggregation" in kinds:
            yield from _at(context, element, task, where, present.get(where))


def _at(context: RepairContext, element: Element, task: Task, where: str, present: int | None) -> Iterator[Change]:
    noise = gaussian_noise(context, task, where)
    if noise is None:
        return
    path = ("tasks", element.name, "safeguards")
    edit: Edit = Append(path=path, value=noise) if present is None else Put(path=(*path, present), value=noise)
    yield Change(
        id=f"add noise to {element.id} ({where})",
        kind=_NAME,
        text=f"put differential privacy on {element.id}: noise of {noise['noise_multiplier']:g} times the clipping "
        f"norm in each round, which {_WHERE[where]}"
        + ("" if present is None else f", in place of safeguards.{present}"),
        edits=(edit,),
        acts=(Act(origin=element.id, roles=_LOWERED[where], level=_BOUNDED),),
    )


KIND = ChangeKind(
    name=_NAME, cost=4, about="put differential privacy on a task; noise costs accuracy", changes=_changes
)
