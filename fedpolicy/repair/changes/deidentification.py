"""Take out what names people before records travel."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.rewriting import Append
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext

_NAME = "deidentification"
_RECONSTRUCTABLE = 3
# `expert` rests on a finding that somebody has to make; these two can be chosen.
_METHODS = {"redaction": "redaction", "safe_harbor": "the removal of identifiers that safe harbor asks for"}


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    travels = element.section in {"tasks", "api_calls", "flows"}
    entry = getattr(context.deployment, element.section).get(element.name) if travels else None
    if entry is None or any(safeguard.kind == _NAME for safeguard in entry.safeguards):
        return
    path = (element.section, element.name, "safeguards")
    for method, words in _METHODS.items():
        yield Change(
            id=f"de-identify {element.id} ({method})",
            kind=_NAME,
            text=f"put de-identification on {element.id}: {words}",
            edits=(Append(path=path, value={"kind": _NAME, "method": method}),),
            acts=(Act(origin=element.id, level=_RECONSTRUCTABLE),),
        )


KIND = ChangeKind(name=_NAME, cost=4, about="put de-identification on a flow, a call or a task", changes=_changes)
