"""The methods of de-identification that stand on the ways by which somebody learns something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from fedpolicy.analysis.facts import Step
from fedpolicy.graph import Flow
from fedpolicy.graph.lookup import listed_by, ordered
from fedpolicy.language.model.does import Cap
from fedpolicy.language.model.safeguards import Deidentification
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.shared import boolean, texts
from fedpolicy.policy.world import World


class Learned(Protocol):
    """What somebody learns, with the ways in."""

    @property
    def world(self) -> World:
        """The deployment around it."""

    @property
    def ways(self) -> tuple[tuple[Step, ...], ...]:
        """The ways in."""


def _on_every_way(view: Learned) -> Iterable[str]:
    found = _removals(view)
    return ordered(set.intersection(*found)) if found else ()


def _by_law(view: Learned) -> bool:
    """Whether each way in passes one of the two methods of 45 CFR 164.514(b), whichever it is."""
    found = _removals(view)
    return bool(found) and not any(some.isdisjoint(("safe_harbor", "expert")) for some in found)


def _removals(view: Learned) -> list[set[str]]:
    """By way in, the methods that stand on it."""
    flows_of = view.world.lookup.flows_of
    flows = {
        flow.id: flow
        for origin in {step.origin for way in view.ways for step in way}
        for flow in flows_of.get(origin, ())
    }
    met = _met(view.world)

    def stands_on(step: Step) -> set[str]:
        # Of what passes through an exchange, whatever stands on all that leads there, too.
        last = flows[step.flow]
        before = [set(_methods(flow)) for flow in met.get((step.source, last.source), ())]
        return set(_methods(last)).union(set.intersection(*before) if before else ())

    return [{method for step in way for method in stands_on(step)} for way in view.ways]


def _methods(flow: Flow) -> Iterable[str]:
    caps = ((guard.does, guard.spec) for guard in flow.guards)
    return (does.method_of(spec) for does, spec in caps if isinstance(does, Cap) and does.method)


def _met(world: World) -> Mapping[tuple[str, str], Sequence[Flow]]:
    """What leads to each exchange, by where it comes from."""
    graph = world.graph
    into = (flow for flow in graph.flows if graph.vertices[flow.target].kind == "exchange")
    return world.once("met", (), lambda _: listed_by(((flow.source, flow.target), flow) for flow in into))


DEIDENTIFIED = (
    texts(
        "deidentified",
        "methods of de-identification that are applied on every way",
        _on_every_way,
        choices=words_of(Deidentification, "method"),
    ),
    boolean(
        "deidentified_by_law",
        "on every way one of the two methods of 45 CFR 164.514(b) is applied: safe_harbor or expert",
        _by_law,
    ),
)
