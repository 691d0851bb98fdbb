"""`participants`, where a list of parties may say it: the names of all parties with that role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from fedpolicy.language.model.agreement import Agreement
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.flow import Flow
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.language.model.task import Task, TreeHop

__all__ = ["PARTICIPANTS", "spelt_out"]

PARTICIPANTS = "participants"
Guarded = TypeVar("Guarded", Task, Flow, TreeHop)


def spelt_out(deployment: Deployment) -> Deployment:
    """
    The same deployment with the participants by name in agreements and safeguards.

    `trusts`, `releases` and a model's `account` keep the word: there it means everybody else's own as well.
    """
    names = tuple(sorted(name for name, party in deployment.parties.items() if "participant" in party.role))
    changed = {
        "agreements": _entries(deployment.agreements, lambda entry: _agreement(entry, names)),
        "tasks": _entries(deployment.tasks, lambda entry: _task(entry, names)),
        "flows": _entries(deployment.flows, lambda entry: _guarded(entry, names)),
    }
    update = {key: value for key, value in changed.items() if value is not None}
    return deployment.model_copy(update=update) if update else deployment


def _entries(section: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any] | None:
    found = {name: change(entry) for name, entry in section.items()}
    return found if any(found[name] is not entry for name, entry in section.items()) else None


def _agreement(entry: Agreement, names: Sequence[str]) -> Agreement:
    if PARTICIPANTS not in entry.between:
        return entry
    return entry.model_copy(update={"between": _named(entry.between, names)})


def _task(entry: Task, names: Sequence[str]) -> Task:
    hops = tuple(_guarded(hop, names) for hop in entry.hops)
    if any(new is not old for new, old in zip(hops, entry.hops, strict=True)):
        entry = entry.model_copy(update={"hops": hops})
    return _guarded(entry, names)


def _guarded(entry: Guarded, names: Sequence[str]) -> Guarded:
    if all(PARTICIPANTS not in (one.operated_by or ()) for one in entry.safeguards):
        return entry
    return entry.model_copy(update={"safeguards": tuple(_safeguard(one, names) for one in entry.safeguards)})


def _safeguard(one: Safeguard, names: Sequence[str]) -> Safeguard:
    if PARTICIPANTS not in (one.operated_by or ()):
        return one
    return one.model_copy(update={"operated_by": _named(one.operated_by or (), names)})


def _named(parties: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    listed = [name for party in parties for name in (names if party == PARTICIPANTS else (party,))]
    return tuple(dict.fromkeys(listed))
