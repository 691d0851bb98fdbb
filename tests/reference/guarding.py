"""Safeguards where they stand: on what, about which data, and whether they can lower anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.reference.uses import Facts, Truth, either


@dataclass
class Guarding:
    """A safeguard where it stands."""

    facts: Facts
    path: tuple[str | int, ...]
    spec: Any

    @property
    def element(self) -> str:
        """Its name in findings."""
        return ".".join(map(str, self.path))

    @property
    def is_noise(self) -> bool:
        """Whether it is differential privacy."""
        return bool(self.spec.kind == "differential_privacy")

    @cached_property
    def flows(self) -> list[Any]:
        """The movements of what it stands on."""
        origin = f"{self.path[0]}.{self.path[1]}"
        return [flow for flow in self.facts.study.graph.flows if flow.origin == origin]

    @cached_property
    def items(self) -> set[int]:
        """The instances that it is about."""
        graph = self.facts.study.graph
        if self.path[0] == "tasks":
            mask = self.facts.jobs[str(self.path[1])].mask
            return {item.index for item in graph.data if item.id in mask}
        if self.path[0] == "api_calls":
            call = self.facts.file.api_calls[str(self.path[1])]
            sent = {
                item.id
                for place in self.facts.world.nodes(call.from_)
                for item in self.facts.world.sent(call.sends, place, call.from_)
            }
            return {item.index for item in graph.data if item.id in sent}
        reach = self.facts.study.lookup.reach
        rows = self.facts.catalog.payloads
        own = [flow for flow in self.flows if not flow.passed_on and rows[flow.payload].carries != "nothing"]
        masks = [reach[flow.source] if flow.data is None else flow.data for flow in own]
        return {item.index for item in graph.data if any(mask & item.bit for mask in masks)}

    @cached_property
    def datasets(self) -> set[str]:
        """Their datasets."""
        return {item.family for item in self.facts.study.graph.data if item.index in self.items}

    @cached_property
    def private(self) -> Truth:
        """Whether any of them are private."""
        return either(*(self.facts.private(name) for name in self.datasets))

    @cached_property
    def applied(self) -> list[Any]:
        """How it applies to single movements."""
        return [guard for flow in self.flows for guard in flow.guards if guard.path == self.path]

    @property
    def moves(self) -> bool:
        """Whether anything moves that it could apply to."""
        return bool(self.applied)

    @property
    def applies(self) -> bool:
        """Whether it can lower any movement."""
        return any(not guard.ignored for guard in self.applied)


def guards(facts: Facts) -> Iterator[Guarding]:
    """Every safeguard of a file."""
    for section in ("tasks", "api_calls", "flows"):
        for name, entry in getattr(facts.file, section).items():
            for number, one in enumerate(entry.safeguards):
                yield Guarding(facts, (section, name, "safeguards", number), one)
            for level, hop in enumerate(entry.hops if section == "tasks" else ()):
                for number, one in enumerate(hop.safeguards):
                    yield Guarding(facts, (section, name, "hops", level, "safeguards", number), one)
