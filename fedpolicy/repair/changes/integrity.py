"""Limit or look at what single contributions do to a model."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.rewriting import Append
from fedpolicy.repair import Change, ChangeKind, Element, RepairContext

_NAME = "integrity"
_ASKS = frozenset({"task.safeguards", "task.aggregation"})


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    task = context.deployment.tasks.get(element.name) if element.section == "tasks" else None
    if task is None:
        return
    kinds = {safeguard.kind for safeguard in task.safeguards}
    row = context.catalog.payloads.get(context.method(task).up or "")
    if row is not None and row.summable and "norm_bound" not in kinds:
        yield _change(element, "bound the norm of", {"kind": "norm_bound", "limit": 1.0})
    if row is not None and "update_inspection" not in kinds:
        yield _change(element, "inspect", {"kind": "update_inspection"})


def _change(element: Element, verb: str, value: dict[str, object]) -> Change:
    return Change(
        id=f"{verb} the contributions of {element.id}",
        kind=_NAME,
        text=f"{verb} every contribution to {element.id} before it is used",
        edits=(Append(path=(element.section, element.name, "safeguards"), value=value),),
        asks=_ASKS,
    )


KIND = ChangeKind(name=_NAME, cost=3, about="bound or inspect single contributions", changes=_changes)
