"""What each chosen finding is about, and the changes that could bear on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS, Disclosure
from fedpolicy.check import Assessment, Judge, assess
from fedpolicy.findings import Finding
from fedpolicy.language.model.flow import Task
from fedpolicy.language.rewriting import Edit, Put, Remove
from fedpolicy.records import dataclass, field, replace
from fedpolicy.repair import Bundle, Change, Element, RepairContext, callers, element_of
from fedpolicy.repair.changes import kinds
from fedpolicy.repair.goal import disclosures_found

if TYPE_CHECKING:
    from fedpolicy.policy import Rule
    from fedpolicy.repair.proof import Checker


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    One chosen finding.

    `disclosures` are those that it speaks of, with `level` the highest that its rule would accept; `elements` is where
    changes could bear on it, and `reads` what its rule looks at.
    """

    place: int
    finding: Finding
    elements: tuple[Element, ...]
    reads: frozenset[str]
    disclosures: tuple[Disclosure, ...] = ()
    level: int = 0


def targets_of(
    context: RepairContext, state: Assessment, chosen: Sequence[Finding], checker: Checker
) -> tuple[Target, ...]:
    """Look up what each chosen finding is about."""
    rules = {(rule.id, rule.pack): rule for rule in checker.rules_of(chosen)}
    found = disclosures_found(
        context.study, sorted({one.id for one in rules.values() if one.applies_to == "disclosure"})
    )
    levels = _Levels(state, checker.judge)
    near = _Near(context)
    targets = []
    for place, finding in enumerate(chosen):
        rule = rules[finding.rule, finding.pack]
        marks = finding.former or (finding.fingerprint,)
        disclosures = [one for mark in marks for one in found.get(mark, ()) if rule.applies_to == "disclosure"]
        targets.append(
            Target(
                place=place,
                finding=finding,
                elements=near.of_paths(disclosures) if disclosures else near.of(finding.elements),
                reads=rule.variables,
                disclosures=tuple(disclosures),
                level=min((levels.of(rule, one) for one in disclosures), default=0),
            )
        )
    return tuple(targets)


class _Levels:
    """The highest level of a disclosure that a rule would accept; asked once for those that differ in nothing else."""

    def __init__(self, state: Assessment, judge: Judge) -> None:
        self._state, self._judge = state, judge
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, rule: Rule, disclosure: Disclosure) -> int:
        last = frozenset((path[-1].role, path[-1].payload) for path in disclosure.paths if path)
        key = (rule.id, rule.pack, disclosure.role, disclosure.allowed, last)
        if key not in self._known:
            self._known[key] = self._asked(rule, disclosure)
        return self._known[key]

    def _asked(self, rule: Rule, disclosure: Disclosure) -> int:
        accepted = 0
        for level in range(1, len(LEVELS)):
            lowered = replace(disclosure, low=level, high=level, guaranteed=level)
            judge = replace(self._judge, rules=(rule,))
            if assess(self._state.document, judge, self._state.study.showing((lowered,))).whole().findings:
                break
            accepted = level
        return accepted


class _Near:
    """The elements where a change could bear on something."""

    def __init__(self, context: RepairContext) -> None:
        self._context = context
        self._known: dict[str, tuple[Element, ...]] = {}

    def of_paths(self, disclosures: Iterable[Disclosure]) -> tuple[Element, ...]:
        """The elements behind the hops, what they use, and the places that they reach."""
        names: dict[str, None] = {}
        for one in disclosures:
            for path in one.paths:
                for step in path:
                    names |= dict.fromkeys((step.origin, step.source, step.target))
        return self.of(names)

    def of(self, names: Iterable[str]) -> tuple[Element, ...]:
        """The elements of these names and what belongs to them, each once."""
        return tuple(dict.fromkeys(element for name in names for element in self._around(name)))

    def _around(self, name: str) -> tuple[Element, ...]:
        if name not in self._known:
            element = element_of(self._context.deployment, name)
            self._known[name] = tuple(dict.fromkeys([replace(element, rest=()), *self._related(element)]))
        return self._known[name]

    def _related(self, element: Element) -> Iterator[Element]:
        deployment = self._context.deployment
        if element.section == "models" and element.name in deployment.models:
            yield from (use for use, _ in self._context.uses.get(element.name, ()))
            makers = (name for name, task in sorted(deployment.tasks.items()) if task.produces == element.name)
            yield from (Element(section="tasks", name=name) for name in makers)
        entry = getattr(deployment, element.section, {}).get(element.name) if element.name else None
        if element.section in {"tasks", "api_calls"} and entry is not None:
            yield from self._of_use(entry)

    def _of_use(self, entry: object) -> Iterator[Element]:
        model = getattr(entry, "model", None)
        if model is not None:
            yield Element(section="models", name=model)
        if isinstance(entry, Task):
            if entry.produces is not None:
                yield Element(section="models", name=entry.produces)
            nodes = (*callers(entry), *self._context.aggregators(entry))
            yield from (Element(section="nodes", name=node.partition("@")[0]) for node in nodes)


@dataclass(slots=True, kw_only=True)
class Pool:
    """
    Asks every kind once about every element.

    `fills` are values that the user has given, by dotted path, and `fitted` those that some change has a place for.
    """

    context: RepairContext
    costs: Mapping[str, float]
    fills: Mapping[str, str] = field(default_factory=dict)
    fitted: set[str] = field(default_factory=set)
    _single: dict[Element, list[Change]] = field(default_factory=dict)
    _several: dict[Element, list[Bundle]] = field(default_factory=dict)

    def changes(self, target: Target) -> list[Change]:
        """The single changes that bear on a target, cheapest first."""
        found = {change.id: change for element in target.elements for change in self._changes(element)}
        return sorted((one for one in found.values() if self._answers(one, target)), key=self.rank)

    def bundles(self, target: Target) -> list[Bundle]:
        """The sets of changes that only together bear on a target, cheapest first."""
        found = {
            frozenset(change.id for change in bundle): bundle
            for element in target.elements
            for bundle in self._bundles(element)
        }
        return sorted(found.values(), key=lambda one: (self.price(one), sorted(change.id for change in one)))

    def price(self, changes: Sequence[Change]) -> float:
        """What several changes cost together."""
        return sum(self.costs[change.kind] * change.weight for change in changes)

    def rank(self, change: Change) -> tuple[object, ...]:
        """Cheapest first; of equally dear ones those that leave nothing to fill in."""
        return self.price([change]), len(change.blanks), change.id

    def _changes(self, element: Element) -> list[Change]:
        if element not in self._single:
            found = (change for kind in kinds() for change in kind.changes(self.context, element))
            self._single[element] = [self._filled(change) for change in found]
        return self._single[element]

    def _bundles(self, element: Element) -> list[Bundle]:
        if element not in self._several:
            found = (bundle for kind in kinds() for bundle in kind.bundles(self.context, element))
            self._several[element] = [tuple(map(self._filled, bundle)) for bundle in found]
        return self._several[element]

    def _filled(self, change: Change) -> Change:
        """The change with the user's own values in its blanks, or in place of what it would write."""
        if not self.fills:
            return change
        edits = tuple(self._edit(edit) for edit in change.edits)
        blanks = tuple(blank for blank in change.blanks if blank.dotted not in self.fills)
        return replace(change, edits=edits, blanks=blanks)

    def _edit(self, edit: Edit) -> Edit:
        if not isinstance(edit, Put):
            return edit
        path = ".".join(map(str, edit.path))
        if path in self.fills:
            self.fitted.add(path)
            return replace(edit, value=self.fills[path])
        if isinstance(edit.value, dict):
            inside = {f"{path}.{key}": key for key in edit.value if f"{path}.{key}" in self.fills}
            self.fitted.update(inside)
            return replace(edit, value={**edit.value, **{key: self.fills[name] for name, key in inside.items()}})
        return edit

    def _answers(self, change: Change, target: Target) -> bool:
        """Some changes are about one fact; they can only help where the rule reads it."""
        return not change.asks or (not target.disclosures and not change.asks.isdisjoint(target.reads))


def compatible(changes: Sequence[Change]) -> bool:
    """Whether no change undoes another: nothing is written twice, and nothing inside of what is removed."""
    edits = [edit for change in changes for edit in change.edits]
    written: dict[tuple[object, ...], Edit] = {}
    for edit in edits:
        if isinstance(edit, (Put, Remove)) and written.setdefault(edit.path, edit) != edit:
            return False
    gone = {edit.path for edit in edits if isinstance(edit, Remove)}
    whole = {edit.path for edit in edits if isinstance(edit, Put) and len(edit.path) == 2}  # noqa: PLR2004  an entry
    return not any(edit.path[:end] in gone | whole for edit in edits for end in range(1, len(edit.path)))


def names_of(changes: Sequence[Change]) -> frozenset[str]:
    """What a set of changes is told apart by."""
    return frozenset(change.id for change in changes)


def subsets_first(sets: Iterator[frozenset[str]]) -> list[frozenset[str]]:
    """Only the sets of which no other is a part."""
    kept: list[frozenset[str]] = []
    for one in sorted(set(sets), key=lambda found: (len(found), sorted(found))):
        if not any(other <= one for other in kept):
            kept.append(one)
    return kept
