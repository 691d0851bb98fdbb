"""Add contributions up so that nobody sees a single one."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.analysis.repair.case import Case, Element
from fedpolicy.analysis.repair.change import Act, Change, Kind
from fedpolicy.spec.model.task import Task
from fedpolicy.spec.rewrite.edits import Append, Edit, Put

__all__ = ["KIND", "enough", "hidden_among"]

_NAME = "secure_aggregation"
_INFERABLE = 2
# With three, nobody who contributes sees a single contribution; ten are the advice of secure-aggregation-threshold-low.
_LEAST, _GOOD = 3, 10


def _changes(case: Case, element: Element) -> Iterator[Change]:
    task = case.deployment.tasks.get(element.name) if element.section == "tasks" else None
    if task is None or any(safeguard.kind == _NAME for safeguard in task.safeguards):
        return
    row = case.catalog.payloads.get(case.method(task).up or "")
    total = case.population(task)
    if row is None or not row.summable or total < _LEAST:
        return
    yield _change(element, task, total)


def _change(element: Element, task: Task, total: int) -> Change:
    per_round, edits = task.clients_per_round, list[Edit]()
    text, weight = "", 1.0
    if per_round is not None and per_round < _LEAST:
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


def enough(total: int) -> int:
    """How many clients should take part in a round: ten, or all if there are fewer."""
    return min(total, _GOOD)


def hidden_among(per_round: int) -> int:
    """How many of a round's clients must at least be in a sum: two thirds, for some drop out, and ten of many."""
    return min(per_round, max(_LEAST, min(_GOOD, -(-per_round * 2 // 3))))


KIND = Kind(name=_NAME, cost=3, about="put secure aggregation on a task", changes=_changes)
