"""Seal what travels for those who are to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.language.model.does import Seal
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.language.rewriting import Append
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext
from fedpolicy.report import listing

_NAME = "encryption"


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    if element.section == "flows" and element.name in context.deployment.flows:
        yield from _on_flow(context, element)
    elif element.section == "tasks" and element.name in context.deployment.tasks:
        yield from _on_task(context, element)


def _on_flow(context: RepairContext, element: Element) -> Iterator[Change]:
    flow = context.deployment.flows[element.name]
    sealed = flow.sealed_for or _seals(flow.safeguards)
    if flow.via and not sealed and "public" not in flow.to:
        yield _sealed(element, "end_to_end_encryption", flow.to, "end-to-end encryption")


def _on_task(context: RepairContext, element: Element) -> Iterator[Change]:
    task = context.deployment.tasks[element.name]
    sealed = _seals(task.safeguards)
    row = context.catalog.payloads.get(context.method(task).up or "")
    if row is None or sealed or not context.aggregators(task):
        return
    if row.summable:
        # To add up what is encrypted is expensive.
        yield _sealed(element, "homomorphic_encryption", task.runs_on, "homomorphic encryption", weight=2)
    if task.via:
        # Whoever adds up has to read it, and the clients what comes back.
        readers = (*context.aggregators(task), *task.runs_on)
        yield _sealed(element, "end_to_end_encryption", readers, "end-to-end encryption")


def _seals(safeguards: Sequence[Safeguard]) -> bool:
    return any(isinstance(safeguard.does, Seal) for safeguard in safeguards)


def _sealed(element: Element, kind: str, readers: tuple[str, ...], words: str, weight: float = 1) -> Change:
    value = {"kind": kind, "sealed_for": list(readers)}
    return Change(
        id=f"seal {element.id} for {', '.join(readers)}",
        kind=_NAME,
        weight=weight,
        text=f"put {words} on {element.id}, so that only {listing(readers)} can read it",
        edits=(Append(path=(element.section, element.name, "safeguards"), value=value),),
        acts=(Act(origin=element.id, roles=frozenset({"uplink", "downlink", "declared"})),),
    )


KIND = ChangeKind(name=_NAME, cost=3, about="seal a flow or a task for those who are to read it", changes=_changes)
