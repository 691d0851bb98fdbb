"""How what travels is protected on its way, and which element says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from fedpolicy.graph.model import Flow
from fedpolicy.language.model import flow as declared
from fedpolicy.language.model.call import ApiCall
from fedpolicy.language.model.task import Task
from fedpolicy.language.model.words import Transport
from fedpolicy.policy.world import World

__all__ = ["transport_of"]

_WEAKEST = get_args(Transport)
# What those who take part in a task send each other, and not to whoever runs its model.
_EXCHANGED = frozenset({"uplink", "downlink", "exchange", "activations", "labels", "gradients", "records"})


def transport_of(world: World, flow: Flow) -> tuple[str, str | None]:
    """
    The element that says how a flow is protected, and what it says; None where nobody does.

    A task or call and the model that it asks speak of one connection: the weaker word counts. Where neither says
    anything, the deployment does. Records that a declared flow or call implies come by a connection of their own.
    """
    said = min(_stated(world, flow), key=lambda one: _WEAKEST.index(one[1]), default=None)
    return said or ("deployment", world.deployment.transport)


def _stated(world: World, flow: Flow) -> Iterator[tuple[str, str]]:
    section, _, name = flow.origin.partition(".")
    deployment = world.deployment
    owners: dict[str, Mapping[str, Task | ApiCall | declared.Flow]] = {
        "flows": deployment.flows,
        "tasks": deployment.tasks,
        "api_calls": deployment.api_calls,
    }
    entry = owners.get(section, {}).get(name) if section == "tasks" or flow.role != "records" else None
    if entry is not None and entry.transport is not None:
        yield flow.origin, entry.transport
    if section == "flows" or flow.role in _EXCHANGED:
        return
    for access in world.lookup.access_of.get(flow.origin, ()):
        asked = deployment.models[access.model].transport
        if asked is not None and not {flow.source, flow.target}.isdisjoint(access.hops):
            yield f"models.{access.model}", asked
