"""Models: who holds their weights, and on what machines."""

from __future__ import annotations

from collections.abc import Iterable

from fedpolicy.policy.elements.models_view import ModelView
from fedpolicy.policy.elements.shared import boolean, open_field, texts
from fedpolicy.policy.fields import Field, Missing, Presence, Type
from fedpolicy.policy.world import ordered

__all__ = ["HOLDING", "is_shared"]


def is_shared(view: ModelView | None) -> bool:
    """Whether more than one party holds the same copy."""
    return view is not None and view.model.copies != "personal" and len(view.holders) > 1


def _without_copy(view: ModelView) -> Iterable[str]:
    """What everybody can get, nobody lacks."""
    if view.model.published:
        return ()
    makers = view.world.owners(view.contents.families)
    return ordered(
        party for party in makers if "participant" in view.world.lookup.roles(party) and party not in view.holders
    )


def _smallest_gpu(view: ModelView) -> Presence:
    """The least memory of the client nodes that run it themselves; nothing where there is none."""
    vertices = view.world.graph.vertices
    at = [vertices[place] for access in view.facts.access if access.how == "weights" for place in access.at]
    names = ordered(vertex.family for vertex in at if vertex.node_kind == "client")
    machines = {name: view.world.deployment.nodes[name].hardware for name in names}
    found = [machine.gpu_memory_gib for machine in machines.values() if machine]
    known = [float(memory) for memory in found if memory is not None]
    if len(known) < len(names):
        return Missing(tuple(f"nodes.{n}.hardware.gpu_memory_gib" for n, m in machines.items() if _silent(m)))
    return min(known, default=None)


def _silent(machine: object) -> bool:
    return getattr(machine, "gpu_memory_gib", None) is None


HOLDING: tuple[Field, ...] = (
    texts("holders", "parties that hold its weights", lambda view: view.holders),
    boolean(
        "held_by_member",
        "a participant or the coordinator holds its weights",
        lambda v: any(map(v.world.lookup.is_member, v.holders)),
    ),
    boolean("shared", "more than one party holds its weights", is_shared),
    texts("without_copy", "participants whose data it has learned from and who hold no copy", _without_copy),
    texts(
        "users_without_weights",
        "parties that use it and hold no copy",
        lambda view: ordered(set(view.users) - set(view.holders)),
    ),
    open_field(
        "smallest_gpu_gib", Type.NUMBER, "the least GPU memory, in GiB, of the client nodes that run it", _smallest_gpu
    ),
)
