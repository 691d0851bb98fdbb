"""Declared flows: they add to what is implied and never replace it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import Builder, Origin
from fedpolicy.graph.calls import sent_from
from fedpolicy.graph.guards import guards_for, performers, readers, seal_for
from fedpolicy.graph.model import Mask, Vertex
from fedpolicy.spec.safeguards import SecureAggregation

if TYPE_CHECKING:
    from fedpolicy.graph.model import Path
    from fedpolicy.spec.models import Flow

__all__ = ["desugar_flows"]


def desugar_flows(builder: Builder) -> None:
    """Add every declared flow, member by member and hop by hop."""
    for name in sorted(builder.deployment.flows):
        flow = builder.deployment.flows[name]
        origin = Origin(id=f"flows.{name}", path=("flows", name))
        sources = [builder.vertex(place) for ref in sorted(flow.from_) for place in builder.sources(ref)]
        sums = _sums(builder, origin, flow, sources)
        for source in sources:
            for reference in sorted(flow.to):
                for target in builder.targets(source, reference):
                    _send(builder, origin, flow, source, target, sums)


def _send(builder: Builder, origin: Origin, flow: Flow, source: Vertex, target: str, sums: dict[Path, int]) -> None:
    chain = [source.id, *_relays(builder, flow, source), target]
    guards = guards_for(
        builder,
        flow.safeguards,
        origin.path,
        "declared",
        source,
        payload=flow.payload,
        clients=performers(source),
        sums=sums,
    )
    mask = _mask(builder, flow, source)
    models = [name for name in flow.data or () if name in builder.deployment.models]
    for index, (start, end) in enumerate(pairwise(chain)):
        first = index == 0
        builder.add(
            origin,
            "",
            start,
            end,
            flow.payload,
            mask,
            guards=guards if first else (),
            seal=_seal(builder, origin, flow) if first else None,
        )
        for model in models:
            builder.add(origin, "", builder.model_vertex(model, source).id, end, flow.payload, None)


def _relays(builder: Builder, flow: Flow, source: Vertex) -> list[str]:
    found: list[str] = []
    for reference in flow.via:
        found.append(builder.targets(builder.vertex(found[-1]) if found else source, reference)[0])
    return found


def _mask(builder: Builder, flow: Flow, source: Vertex) -> Mask | None:
    return None if flow.data is None else sent_from(builder, source, flow.data)


def _seal(builder: Builder, origin: Origin, flow: Flow) -> int | None:
    if flow.sealed_for is not None:
        path = (*origin.path, "sealed_for")
        return builder.add_seal(path, readers(builder, flow.sealed_for.of), flow.sealed_for.threshold)
    return seal_for(builder, flow.safeguards, origin.path)


def _sums(builder: Builder, origin: Origin, flow: Flow, sources: list[Vertex]) -> dict[Path, int]:
    found: dict[Path, int] = {}
    for index, safeguard in enumerate(flow.safeguards):
        if isinstance(safeguard, SecureAggregation):
            mask = 0
            for source in sources:
                mask |= _mask(builder, flow, source) or _stored(builder, source)
            k = (safeguard.min_clients, safeguard.min_clients)
            ids = [source.id for source in sources]
            found[*origin.path, "safeguards", index] = builder.add_aggregate(origin, ids, mask, k, frozenset())
    return found


def _stored(builder: Builder, source: Vertex) -> Mask:
    mask = 0
    for item in builder.places.stored.get(source.id, ()):
        mask |= 1 << item.index
    return mask
