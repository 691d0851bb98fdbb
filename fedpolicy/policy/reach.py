"""Which data can be where at all, whatever their level: what a flow may carry is what its sender may hold."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from fedpolicy.graph.model import Flow, FlowGraph, Mask

__all__ = ["family_masks", "held_anywhere"]


def held_anywhere(graph: FlowGraph) -> Mapping[str, Mask]:
    """The instances that can be at each place or model."""
    held: dict[str, Mask] = defaultdict(int)
    for item in graph.data:
        held[item.place] |= 1 << item.index
    leaving: dict[str, list[Flow]] = defaultdict(list)
    for flow in graph.flows:
        leaving[flow.source].append(flow)
    queue = deque(held)
    waiting = set(queue)
    while queue:
        here = queue.popleft()
        waiting.discard(here)
        for flow in leaving[here]:
            arriving = held[here] if flow.data is None else held[here] & flow.data
            if arriving & ~held[flow.target]:
                held[flow.target] |= arriving
                if flow.target not in waiting:
                    waiting.add(flow.target)
                    queue.append(flow.target)
    return held


def family_masks(graph: FlowGraph) -> dict[str, Mask]:
    """The instances of each dataset."""
    found: dict[str, Mask] = {}
    for item in graph.data:
        found[item.family] = found.get(item.family, 0) | 1 << item.index
    return found
