"""Nothing hides by not being written: what a place sends, it must have got."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from fedpolicy.graph.builder import Builder, Origin, mask_of
from fedpolicy.graph.model import Flow, Mask, bits

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["instances_at", "move_data_to_senders"]


def move_data_to_senders(builder: Builder) -> None:
    """
    Where a call or a declared flow sends data that no other flow brings to its sender, or a model looks up
    data that no other flow brings to where it runs, add a `records` flow.

    What it sends must be made from something at least as revealing: who has metrics only cannot send records.
    """
    reached: dict[int, Mapping[str, Mask]] = {}
    sent = [flow for flow in builder.flows if flow.data and flow.role in {"call", "declared"}]
    passed_on = {(flow.origin, flow.target) for flow in sent}
    wanted: dict[tuple[str, str, Mask], Origin] = {}
    for flow in sent:
        if (flow.origin, flow.source) not in passed_on:
            level = _level(builder, flow)
            if level not in reached:
                reached[level] = instances_at(builder, level)
            lacking = (flow.data or 0) & ~reached[level].get(flow.source, 0)
            if lacking:
                wanted.setdefault((flow.origin, flow.source, lacking), _origin(flow))
    for lookup in builder.lookups:
        top = builder.catalog.levels["verbatim"].rank
        if top not in reached:
            reached[top] = instances_at(builder, top)
        lacking = lookup.data & ~reached[top].get(lookup.place, 0)
        if lacking:
            wanted.setdefault((lookup.origin.id, lookup.place, lacking), lookup.origin)
    for (_, place, lacking), origin in wanted.items():
        _bring(builder, origin, place, lacking)


def _level(builder: Builder, flow: Flow) -> int:
    payload = builder.catalog.payloads[flow.payload]
    highest = "verbatim" if payload.carries == "sealed" else payload.level
    return builder.catalog.levels[highest].rank


def _origin(flow: Flow) -> Origin:
    return Origin(
        id=flow.origin,
        path=flow.path,
        implied_by=flow.implied_by or flow.origin,
        certain=flow.certain,
        missing=flow.missing,
    )


def _bring(builder: Builder, origin: Origin, target: str, lacking: Mask) -> None:
    items = [builder.places.data[index] for index in bits(lacking)]
    for place in sorted({item.place for item in items}):
        mask = mask_of(item for item in items if item.place == place)
        builder.add(origin, "records", place, target, "records", mask)


def instances_at(builder: Builder, level: int) -> Mapping[str, Mask]:
    """Which instances can be at each vertex at least at a level, whatever safeguards leave of them."""
    models = level <= builder.catalog.levels["inferable"].rank
    held: dict[str, Mask] = {place: mask_of(items) for place, items in builder.places.stored.items()}
    out: dict[str, list[Flow]] = defaultdict(list)
    for flow in builder.flows:
        capped = not models and builder.vertex(flow.source).kind == "model"
        if _level(builder, flow) >= level and not flow.echo and not capped:
            out[builder.relayed.get(flow.index, flow.source)].append(flow)
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
