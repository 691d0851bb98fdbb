"""Personal copies from which several start to make something together: what comes back of that tells of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph import Flow, Vertex
from fedpolicy.graph.builder import Use
from fedpolicy.graph.divided import averaged
from fedpolicy.graph.jobs import arranged
from fedpolicy.graph.tasks import covers
from fedpolicy.records import replace
from fedpolicy.topologies import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fedpolicy.graph.builder import Builder, Origin
    from fedpolicy.graph.jobs import Job

_BACK = {"downlink", "exchange", "forwarded"}
Back = dict[str, dict[tuple[int, ...], Flow]]  # by place that something comes back to, and the seals on it


def share(builder: Builder, job: Job, models: Iterable[str], flows: Sequence[Sequence[Flow]]) -> None:
    """Bring what all copies of each model know to whoever something comes back to, by the flows of each way."""
    ways = arranged(builder, job)
    updates = [averaged(way.task, way.topology) or TOPOLOGIES[way.topology].exchanges == "updates" for way in ways]
    back = [_back(some) if here else {} for here, some in zip(updates, flows, strict=True)]
    for name in models if any(back) else ():
        _share(builder, job, name, back, ways[0].origin)


def _share(builder: Builder, job: Job, model: str, back: Sequence[Back], unsure: Origin) -> None:
    together = _together(builder, job, model)
    copies = [builder.model_vertex(model, place).id for place in job.contributors]
    use = Use(model=together, targets=(), origin=job.origin, role="inherited")
    builder.uses += (replace(use, model=copy, targets=(together,)) for copy in copies)
    produced = job.task.produces
    if job.method.trains and produced and builder.deployment.models[produced].copies == "personal":
        made = tuple(builder.model_vertex(produced, place).id for place in job.contributors)
        builder.uses.append(replace(use, targets=made, origin=job.origin if all(back) else unsure))
    for target, seals, flow in [(to, *one) for way in back for to, some in way.items() for one in some.items()]:
        sure = all(any(set(one) <= set(seals) for one in way.get(target, ())) for way in back)
        guards = tuple(guard for guard in flow.guards if covers(guard))
        sent = replace(use, targets=(target,), role="carried", payload=job.up, guards=guards, seals=seals)
        builder.uses.append(sent if sure else replace(sent, origin=unsure))


def _back(flows: Iterable[Flow]) -> Back:
    found: Back = {}
    for flow in (flow for flow in flows if flow.role in _BACK):
        found.setdefault(flow.target, {}).setdefault(flow.seals, flow)
    return found


def _together(builder: Builder, job: Job, model: str) -> str:
    """The vertex of what the copies of a model know together, one for each element that starts from them."""
    name = f"{model}@{job.origin.id}"
    identity = f"models.{name}"
    vertex = Vertex(id=identity, kind="model", name=name, family=name, path=("models", model))
    builder.places.vertices[identity] = vertex
    return identity
