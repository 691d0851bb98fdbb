"""Nothing hides by not being written: what a place sends, it must have got."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import Builder, Origin, mask_of
from fedpolicy.graph.model import Flow, Mask, bits

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["move_data_to_senders"]


def move_data_to_senders(builder: Builder) -> None:
    """Where a call or a declared flow sends data that no other flow brings to its sender, add a `records` flow."""
    reached = _reached(builder)
    wanted: dict[tuple[str, str, str], Flow] = {}
    for flow in builder.flows:
        if flow.data and flow.role in {"call", "declared"} and not flow.data & reached.get(flow.source, 0):
            wanted.setdefault((flow.origin, flow.source, flow.id), flow)
    for flow in wanted.values():
        _bring(builder, flow)


def _bring(builder: Builder, flow: Flow) -> None:
    origin = Origin(
        id=flow.origin,
        path=flow.path,
        implied_by=flow.implied_by or flow.origin,
        certain=flow.certain,
        missing=flow.missing,
    )
    items = [builder.places.data[index] for index in bits(flow.data or 0)]
    for place in sorted({item.place for item in items}):
        mask = mask_of(item for item in items if item.place == place)
        builder.add(origin, "records", place, flow.source, "records", mask)


def _reached(builder: Builder) -> Mapping[str, Mask]:
    """Which instances can be at each vertex at all, whatever their level."""
    held: dict[str, Mask] = {place: mask_of(items) for place, items in builder.places.stored.items()}
    out: dict[str, list[Flow]] = defaultdict(list)
    for flow in builder.flows:
        out[flow.source].append(flow)
    fresh = dict(held)
    queue = deque(held)
    while queue:
        vertex = queue.popleft()
        arrived = fresh.pop(vertex, 0)
        for flow in out[vertex]:
            arriving = arrived if flow.data is None else arrived & flow.data
            more = arriving & ~held.get(flow.target, 0)
            if more:
                held[flow.target] = held.get(flow.target, 0) | more
                if flow.target not in fresh:
                    queue.append(flow.target)
                fresh[flow.target] = fresh.get(flow.target, 0) | more
    return held
