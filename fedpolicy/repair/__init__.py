"""
Repairs: which sets of changes clear the chosen findings, each one proved by checking again (see docs/repair.md).

Here is what a change is. `answer` is the whole. `candidates` asks every kind in `changes` what bears on a finding,
`search` tries that and puts it together (`plan` where the file is too large to try), `proof` applies a set to a copy
and checks it, `goal` says whether that is what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.flow import ApiCall, Task
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.rewriting import Edit
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.facts import ModelFacts
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import MethodRow

# Stands where a value of the user's own is still to be written; a digest may be such a value, so it looks like one.
FILL_IN = "f111" * 16
SECTIONS = ("parties", "nodes", "datasets", "models", "tasks", "api_calls", "flows", "agreements")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A value that only the user can know: where it stands, and what it is."""

    path: Path
    what: str

    @property
    def dotted(self) -> str:
        """Its path as users write it."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """
    Flows of an element that a change stops or lowers.

    `roles` and `to` (families of nodes) narrow them down; `level` is what they can still reveal (0: nothing).
    """

    origin: str
    roles: frozenset[str] = frozenset()
    to: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenView:
    """A party (empty: whoever looks from outside) no longer sees what the nodes of a family hold."""

    place: str
    party: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A change that somebody could make.

    `id` tells it apart from others; `weight` is its cost in units of its kind's; `asks` names the fields of rules that
    it answers, where it is about nothing else.
    """

    id: str
    kind: str
    text: str
    edits: tuple[Edit, ...]
    weight: float = 1.0
    acts: tuple[Act, ...] = ()
    sights: tuple[HiddenView, ...] = ()
    blanks: tuple[Blank, ...] = ()
    asks: frozenset[str] = frozenset()


Bundle = tuple[Change, ...]


def _none(_context: RepairContext, _element: Element) -> Iterator[Bundle]:
    return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKind:
    """
    A kind of change, its usual cost, and how to find its changes.

    `changes` gives the single changes that touch an element, `bundles` sets that only make sense together.
    """

    name: str
    cost: float
    about: str
    changes: Callable[[RepairContext, Element], Iterator[Change]]
    bundles: Callable[[RepairContext, Element], Iterator[Bundle]] = field(default=_none)


def costs_of(kinds: Sequence[ChangeKind]) -> dict[str, float]:
    """What changes of each kind cost unless somebody says otherwise."""
    return {kind.name: kind.cost for kind in kinds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """Something that a finding is about: an entry of a section, perhaps a safeguard in it (`rest`)."""

    section: str
    name: str = ""
    rest: tuple[str | int, ...] = ()

    @property
    def id(self) -> str:
        """Its dotted name, without what it lies in."""
        return f"{self.section}.{self.name}" if self.name else self.section


class RepairContext:
    """What is asked of a deployment, looked up once."""

    def __init__(self, study: Study, catalog: Catalog) -> None:
        self.study = study
        self.catalog = catalog
        self.deployment: Deployment = study.deployment
        self.max_epsilon = study.max_epsilon

    @cached_property
    def uses(self) -> Mapping[str, list[tuple[Element, Task | ApiCall]]]:
        """The tasks and calls that take each model as input."""
        found: dict[str, list[tuple[Element, Task | ApiCall]]] = {}
        for name, task in sorted(self.deployment.tasks.items()):
            if task.model is not None:
                found.setdefault(task.model, []).append((Element(section="tasks", name=name), task))
        for name, call in sorted(self.deployment.api_calls.items()):
            if call.model is not None:
                found.setdefault(call.model, []).append((Element(section="api_calls", name=name), call))
        return found

    @cached_property
    def models(self) -> Mapping[str, ModelFacts]:
        """What is known of each model."""
        return {model.id: model for model in self.study.models}

    @cached_property
    def remote(self) -> frozenset[str]:
        """The models that somebody runs for somebody else."""
        return frozenset(access.model for access in self.study.graph.access if access.how != "weights")

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """The declared parties whose data there are."""
        graph = self.study.graph
        return tuple(sorted({graph.principals[item.owner].party for item in graph.data}))

    @cached_property
    def naming(self) -> Mapping[str, frozenset[str]]:
        """The elements that refer to each model."""
        found: dict[str, set[str]] = {}
        for element, model in self._references():
            if model is not None:
                found.setdefault(model, set()).add(element)
        return {model: frozenset(elements) for model, elements in found.items()}

    def _references(self) -> Iterator[tuple[str, str | None]]:
        for name, task in self.deployment.tasks.items():
            yield from ((f"tasks.{name}", model) for model in (task.model, task.evaluates, task.produces))
        for name, call in self.deployment.api_calls.items():
            yield f"api_calls.{name}", call.model
        for name, flow in self.deployment.flows.items():
            yield from ((f"flows.{name}", model) for model in flow.data or ())
        for name, other in self.deployment.models.items():
            yield from ((f"models.{name}", model) for model in other.fallback)

    def method(self, task: Task) -> MethodRow:
        """What the catalogue says of a task's method."""
        return self.catalog.methods[task.method]

    def aggregators(self, task: Task) -> tuple[str, ...]:
        """Who adds up in a task: as declared, else the only node of that kind."""
        if task.aggregator:
            return task.aggregator
        nodes = tuple(name for name, node in sorted(self.deployment.nodes.items()) if node.kind == "aggregator")
        return nodes if len(nodes) == 1 else ()

    def population(self, task: Task) -> int:
        """How many clients a task has, cohorts counted in full."""
        graph = self.study.graph
        places = {place for reference in task.runs_on for place in graph.members.get(reference, ())}
        return sum(graph.vertices[place].weight for place in places)

    def parties_of(self, reference: str) -> tuple[str, ...]:
        """The declared parties that operate the nodes of a reference."""
        return self.study.lookup.parties_at(self.study.graph.members.get(reference, ()))

    @cached_property
    def operated(self) -> Mapping[tuple[str, tuple[str, ...]], list[str]]:
        """The nodes of each kind that exactly these parties operate."""
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for name, node in sorted(self.deployment.nodes.items()):
            found.setdefault((node.kind, self.parties_of(name)), []).append(name)
        return found

    def roles(self, party: str) -> tuple[str, ...]:
        """What a party does, as declared."""
        known = self.deployment.parties.get(party)
        return known.role if known else ()


def callers(use: Task | ApiCall) -> tuple[str, ...]:
    """The nodes at which a model is called or trained."""
    return use.runs_on if isinstance(use, Task) else use.from_


def element_of(deployment: Deployment, text: str) -> Element:
    """Read `tasks.adapt.safeguards.1`; ids may have dots of their own, and members belong to their family."""
    section, _, rest = text.partition(".")
    if section not in SECTIONS:
        return Element(section=section)
    name = next(_names(rest, getattr(deployment, section)), rest.partition(".")[0])
    left = rest[len(name) :]
    steps = left.partition(".")[2] if left.startswith("@") else left.removeprefix(".")
    return Element(section=section, name=name, rest=tuple(int(s) if s.isdigit() else s for s in steps.split(".") if s))


def _names(rest: str, entries: Mapping[str, object]) -> Iterator[str]:
    """The longest id first that the text begins with."""
    ends = [len(rest), *(place for place in range(len(rest) - 1, 0, -1) if rest[place] in ".@")]
    return (rest[:end] for end in ends if rest[:end] in entries)
