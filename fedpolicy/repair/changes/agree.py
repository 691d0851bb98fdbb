"""Decide how the federation is run."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.rewriting import Put
from fedpolicy.repair import Change, ChangeKind, Element, RepairContext

_NAME = "agree"
# Only what the parties can decide on any day; that something was assessed or audited is not among it.
_DECISIONS = {
    "withdrawal": ("any_round", "that participants may leave in any round"),
    "audit_log": ("append_only", "on a log of each round to which entries can only be added"),
    "task_approval": ("participants", "that participants approve each task"),
    "safeguards_set_by": ("participants", "that participants decide on the safeguards"),
}


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    if element.section != "deployment":
        return
    for key, (value, words) in _DECISIONS.items():
        if getattr(context.deployment.governance, key) != value:
            yield Change(
                id=f"agree on governance.{key}",
                kind=_NAME,
                text=f"agree {words} (governance.{key}: {value})",
                edits=(Put(path=("governance", key), value=value),),
                asks=frozenset({f"deployment.governance.{key}"}),
            )


KIND = ChangeKind(name=_NAME, cost=3, about="agree on withdrawal, approval, safeguards or the log", changes=_changes)
