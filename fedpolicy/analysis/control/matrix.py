"""The continuity matrix: for each participant and task, which capability hangs on whom, and through what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.capabilities import CAPABILITIES, Ground
from fedpolicy.analysis.control.formula import Formula, atoms_of, holds
from fedpolicy.graph.model import FlowGraph, Vertex
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["Continuity", "Hold", "continuity_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One party without whom the capability is gone, and the elements through which it has that hold."""

    party: str
    through: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """
    One capability of the participants that have it in the same way, in one task.

    `attainable` is False where nobody has given it to them at all; `holds` are the parties that can take it away.
    """

    participants: tuple[str, ...]
    task: str
    capability: str
    attainable: bool
    holds: tuple[Hold, ...] = ()


def continuity_of(graph: FlowGraph, catalog: Catalog) -> tuple[Continuity, ...]:
    """Every capability of every participant in every task, identical ones together, in the order of tasks."""
    ground = Ground(graph=graph, catalog=catalog)
    found: dict[tuple[str, str, bool, tuple[Hold, ...]], list[str]] = {}
    for task, party, places in _taking_part(graph):
        for name in CAPABILITIES:
            formula = ground.capability(name, task, places)
            if formula is not None:
                key = (task, name, holds(formula), _holds(formula, graph.principals[party].party))
                found.setdefault(key, []).append(party)
    return tuple(
        Continuity(participants=tuple(sorted(parties)), task=task, capability=name, attainable=there, holds=taken)
        for (task, name, there, taken), parties in sorted(found.items(), key=_order)
    )


def _order(entry: tuple[tuple[str, str, bool, tuple[Hold, ...]], list[str]]) -> tuple[object, ...]:
    (task, name, there, taken), parties = entry
    return (task, CAPABILITIES.index(name), not there, [hold.party for hold in taken], sorted(parties))


def _taking_part(graph: FlowGraph) -> Iterator[tuple[str, str, list[Vertex]]]:
    for name in sorted(graph.deployment.tasks):
        by_party: dict[str, list[Vertex]] = {}
        for reference in graph.deployment.tasks[name].runs_on:
            for place in graph.members.get(reference, ()):
                vertex = graph.vertices[place]
                by_party.setdefault(vertex.party, []).append(vertex)
        for party in sorted(by_party):
            yield name, party, by_party[party]


def _holds(formula: Formula, own: str) -> tuple[Hold, ...]:
    """Parties whose withdrawal ends the capability; what never held cannot be taken away."""
    if not holds(formula):
        return ()
    parties = sorted({who for atom in atoms_of(formula) for who in atom.controllers} - {own})
    return tuple(
        Hold(party=party, through=tuple(sorted({a.element for a in atoms_of(formula) if party in a.controllers})))
        for party in parties
        if not holds(formula, without=party)
    )
