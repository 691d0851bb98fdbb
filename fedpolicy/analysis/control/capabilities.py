"""
What each participant of a task can do, as conditions over nodes, models and licences.

*run*: compute with the models of the task; *join*: take part in its rounds; *keep*: leave with a working copy of what
it makes; *inspect*: look into the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.formula import NEVER, Atom, Formula, all_of, any_of
from fedpolicy.graph.model import Access, FlowGraph, Vertex
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.catalog.rows import ModelRow
    from fedpolicy.spec.models import Task

__all__ = ["CAPABILITIES", "Ground"]

CAPABILITIES = ("run", "join", "keep", "inspect")
_PARTIAL = {"peft", "prompt"}
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One deployment made ready for questions about control."""

    graph: FlowGraph
    catalog: Catalog
    _placed: dict[str, frozenset[str]] = field(default_factory=dict)
    _up: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    _placements: dict[str, set[str]] = field(default_factory=dict)
    _by_party: dict[str, list[Vertex]] = field(default_factory=dict)
    _by_use: dict[tuple[str, str], list[Access]] = field(default_factory=dict)

    def capability(self, name: str, task: str, places: Iterable[Vertex]) -> Formula | None:
        """The condition for a participant that takes part at these places; None where it makes no sense."""
        spec = self.graph.deployment.tasks[task]
        own = list(places)
        if name == "run":
            return any_of(self._run(task, spec, place) for place in own)
        if name == "join":
            if not self._uplinks(task):
                return None
            return any_of(all_of([self._run(task, spec, place), *self._meet(task, place)]) for place in own)
        if name == "keep":
            return self._keep(spec, own[0].party) if spec.produces else None
        return self._inspect(spec, own[0].party)

    def _run(self, task: str, spec: Task, place: Vertex) -> Formula:
        models = [name for name in (spec.model, spec.evaluates) if name]
        return all_of([self._there(place), *(self._use(task, spec, name, place) for name in models)])

    def _use(self, task: str, spec: Task, model: str, place: Vertex) -> Formula:
        """A model or anything that stands in for it, however the place reaches it."""
        wanted = {model, *self._stand_ins(model)}
        accesses = self._accesses().get((f"tasks.{task}", place.id), ())
        ways = [self._reach(access, spec, place) for access in accesses if access.model in wanted]
        return any_of(ways) if ways or self.catalog.methods[spec.method].needs != "none" else all_of(())

    def _stand_ins(self, model: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found: set[str] = set()
        for other in self.graph.deployment.models[model].fallback:
            if other not in seen:
                found |= {other, *self._stand_ins(other, seen | {model, other})}
        return found

    def _reach(self, access: Access, spec: Task, place: Vertex) -> Formula:
        rights = list(self._rights(access.model))
        if access.how != "weights":
            return all_of([*(self._there(self.graph.vertices[hop]) for hop in access.hops), *rights])
        if not self._fits(access.model, spec, place):
            return NEVER
        placed = self._holders(access.model)
        if place.id in placed or not placed:
            return all_of(rights)
        return all_of([any_of(self._there(self.graph.vertices[other]) for other in sorted(placed)), *rights])

    def _meet(self, task: str, place: Vertex) -> Iterator[Formula]:
        """Everything between a client and the sum: relays, aggregators; without them, some other client."""
        above = self._above(task, place.id)
        yield from (self._there(self.graph.vertices[other]) for other in sorted(above))
        yield from self._peers(task, place)

    def _keep(self, spec: Task, party: str) -> Formula:
        """A copy on a node of its own that still works: with its base, and under a licence that stays."""
        made = spec.produces or ""
        base = spec.model if self.catalog.methods[spec.method].family in _PARTIAL else None
        needed = [name for name in (made, base) if name]
        return any_of(
            all_of([self._there(place), *(right for name in needed for right in self._rights(name))])
            for place in self._own(party)
            if all(place.id in self._holders(name) or (name == base and self._open(name)) for name in needed)
        )

    def _inspect(self, spec: Task, party: str) -> Formula:
        models = [name for name in (spec.model, spec.produces) if name]
        ways = [
            all_of([self._there(place), *self._rights(name)])
            for name in models
            for place in self._own(party)
            if place.id in self._holders(name)
        ]
        return any_of([*ways, *(all_of(()) for name in models if self._open(name))])

    def _rights(self, model: str) -> Iterator[Formula]:
        """What may be revoked: the account through which a model is called, the licence under which it is held."""
        declared = self.graph.deployment.models[model]
        if declared.account is not None:
            yield Atom(f"models.{model}.account", "account", frozenset({declared.account}))
        row = self._row(model)
        name = declared.licence or (row.licence if row else None)
        licence = self.catalog.licence(name) if name else None
        licensor = row.developer if row else None
        if licence is not None and licence.revocable and licensor:
            yield Atom(f"models.{model}.licence", "licence", frozenset({licensor}))

    def _there(self, place: Vertex) -> Atom:
        who = {self._party(name) for name in (*place.operators, place.host)}
        return Atom(place.id, "place", frozenset(who))

    def _fits(self, model: str, spec: Task, place: Vertex) -> bool:
        """Whether the weights alone fit into the declared memory; activations are not counted, so no is certain."""
        row = self._row(model)
        needed = self.catalog.methods[spec.method].bytes_per_parameter
        node = self.graph.deployment.nodes.get(place.family)
        memory = node.hardware.gpu_memory_gib if node is not None and node.hardware is not None else None
        if row is None or row.parameters_b is None or needed is None or memory is None:
            return True
        return row.parameters_b * 1e9 * needed <= memory * _GIB

    def _open(self, model: str) -> bool:
        declared = self.graph.deployment.models[model]
        row = self._row(model)
        weights = declared.weights or (row.weights if row else None)
        return weights in {"open", "gated"}

    def _row(self, model: str) -> ModelRow | None:
        ref = self.graph.deployment.models[model].ref
        return self.catalog.model(ref) if ref else None

    def _holders(self, model: str) -> frozenset[str]:
        if model not in self._placed:
            declared = self.graph.deployment.models[model].weights_at or ()
            found = {place for reference in declared for place in self.graph.members.get(reference, ())}
            self._placed[model] = frozenset(found | self._flowed(model))
        return self._placed[model]

    def _flowed(self, model: str) -> set[str]:
        if not self._placements:
            self._placements[""] = set()
            for flow in self.graph.flows:
                if flow.role == "placement":
                    self._placements.setdefault(self.graph.vertices[flow.source].family, set()).add(flow.target)
        return self._placements.get(model, set())

    def _own(self, party: str) -> list[Vertex]:
        if not self._by_party:
            for _, vertex in sorted(self.graph.vertices.items()):
                if vertex.kind == "place":
                    self._by_party.setdefault(vertex.party, []).append(vertex)
        return self._by_party.get(party, [])

    def _accesses(self) -> Mapping[tuple[str, str], list[Access]]:
        if not self._by_use:
            for access in self.graph.access:
                for place in access.at:
                    self._by_use.setdefault((access.use, place), []).append(access)
        return self._by_use

    def _party(self, principal: str) -> str:
        found = self.graph.principals.get(principal)
        return found.party if found else principal

    def _above(self, task: str, place: str) -> set[str]:
        steps = self._uplinks(task)
        found: set[str] = set()
        left = [place]
        while left:
            for target in steps.get(left.pop(), ()):
                if target not in found and self.graph.vertices[target].kind == "place":
                    found.add(target)
                    left.append(target)
        return found

    def _uplinks(self, task: str) -> Mapping[str, set[str]]:
        if not self._up:
            self._up[""] = {}
            for flow in self.graph.flows:
                if flow.role in {"uplink", "activations"}:
                    steps = self._up.setdefault(flow.origin, {})
                    steps.setdefault(flow.source, set()).add(flow.target)
        return self._up.get(f"tasks.{task}", {})

    def _peers(self, task: str, place: Vertex) -> Iterator[Atom]:
        """Some other client: it can be taken away by whoever could take all of them away."""
        exchange = f"tasks.{task}.exchange"
        controllers: frozenset[str] | None = None
        for source, targets in self._uplinks(task).items():
            if exchange in targets and source != place.id:
                who = self._there(self.graph.vertices[source]).controllers
                controllers = who if controllers is None else controllers & who
                if not controllers:
                    return
        if controllers is not None:
            yield Atom(exchange, "place", controllers)
