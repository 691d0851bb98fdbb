"""Ask for more: clients in a round, clients in a sum, noise."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy, SecureAggregation
from fedpolicy.language.rewriting import Put
from fedpolicy.repair import Act, Change, ChangeKind, Element, RepairContext
from fedpolicy.repair.changes import enough, hidden_among, more_noise

_NAME = "threshold"
_BOUNDED, _INFERABLE = 1, 2


def _changes(context: RepairContext, element: Element) -> Iterator[Change]:
    task = context.deployment.tasks.get(element.name) if element.section == "tasks" else None
    if task is not None:
        yield from _of_rounds(context, element, task)
        yield from _of_sums(context, element, task)
        yield from _of_noise(context, element, task)


def _of_rounds(context: RepairContext, element: Element, task: Task) -> Iterator[Change]:
    total = context.population(task)
    now = task.min_clients or task.clients_per_round
    wanted = enough(total)
    if (context.aggregators(task) or task.topology) and wanted > (now or 0):
        keys = ["clients_per_round"] if (task.clients_per_round or 0) < wanted else []
        keys += ["min_clients"] if task.min_clients is not None else []
        instead = f" instead of {now}" if now else ""
        yield Change(
            id=f"let more clients take part in {element.id}",
            kind=_NAME,
            text=f"let at least {wanted} clients take part in each round of {element.id}{instead}",
            edits=tuple(Put(path=("tasks", element.name, key), value=wanted) for key in keys),
            acts=(Act(origin=element.id, roles=frozenset({"downlink", "produces"}), level=_INFERABLE),),
        )


def _of_sums(context: RepairContext, element: Element, task: Task) -> Iterator[Change]:
    per_round = task.clients_per_round or context.population(task)
    for index, safeguard in enumerate(task.safeguards):
        wanted = hidden_among(per_round)
        if isinstance(safeguard, SecureAggregation) and wanted > safeguard.min_clients:
            yield Change(
                id=f"raise {element.id}.safeguards.{index}.min_clients",
                kind=_NAME,
                text=f"reveal only sums over {wanted} clients of {element.id} or more, not {safeguard.min_clients}",
                edits=(Put(path=("tasks", element.name, "safeguards", index, "min_clients"), value=wanted),),
                acts=(Act(origin=element.id, roles=frozenset({"uplink", "downlink"}), level=_INFERABLE),),
            )


def _of_noise(context: RepairContext, element: Element, task: Task) -> Iterator[Change]:
    for index, safeguard in enumerate(task.safeguards):
        path = ("tasks", element.name, "safeguards", index)
        found = more_noise(context, path, safeguard) if isinstance(safeguard, DifferentialPrivacy) else None
        if found is not None:
            yield Change(
                id=f"raise {element.id}.safeguards.{index}.noise_multiplier",
                kind=_NAME,
                text=f"raise the noise multiplier of {element.id}.safeguards.{index} to {found[0]:g}, "
                f"for an epsilon of at most {found[1]:g}",
                edits=(Put(path=(*path, "noise_multiplier"), value=found[0]),),
                acts=(Act(origin=element.id, roles=frozenset({"downlink", "produces"}), level=_BOUNDED),),
            )


KIND = ChangeKind(
    name=_NAME, cost=2, about="ask for more clients in a round or a sum, or for more noise", changes=_changes
)
