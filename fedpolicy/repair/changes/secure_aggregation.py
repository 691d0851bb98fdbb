"""Add contributions up so that nobody sees a single one."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.flow import Task
from fedpolicy.language.rewriting import Append, Edit, Put
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext
from fedpolicy.repair.changes import LEAST_HIDDEN, enough, hidden_among

_NAME = "secure_aggregation"
_INFERABLE = 2


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    task = context.deployment.tasks.get(element.name) if element.section == "tasks" else None
    if task is None or any(safeguard.kind == _NAME for safeguard in task.safeguards):
        return
    row = context.catalog.payloads.get(context.method(task).up or "")
    total = context.population(task)
    if row is None or not row.summable or total < LEAST_HIDDEN:
        return
    yield _change(element, task, total)


def _change(element: Element, task: Task, total: int) -> Change:
    per_round, edits = task.clients_per_round, list[Edit]()
    text, weight = "", 1.0
    if per_round is not None and per_round < LEAST_HIDDEN:
        per_round = enough(total)
        edits.append(Put(path=("tasks", element.name, "clients_per_round"), value=per_round))
        text, weight = f" and {per_round} clients a round", 1.5
    least = hidden_among(per_round or total)
    edits.append(Append(path=("tasks", element.name, "safeguards"), value={"kind": _NAME, "min_clients": least}))
    return Change(
        id=f"aggregate {element.id} securely",
        kind=_NAME,
        text=f"put secure aggregation over at least {least} clients on {element.id}{text}",
        edits=tuple(edits),
        weight=weight,
        acts=(Act(origin=element.id, roles=frozenset({"uplink", "exchange"}), level=_INFERABLE),),
    )


KIND = ChangeKind(name=_NAME, cost=3, about="put secure aggregation on a task", changes=_changes)
