"""What a chosen finding is about, as the search for changes sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.repair.case import Case, Element, callers, element_of
from fedpolicy.findings import Finding
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.records import dataclass
from fedpolicy.repairing.groups import disclosures_of
from fedpolicy.spec.model.task import Task

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure
    from fedpolicy.policy.models import Rule
    from fedpolicy.repairing.checking import Checked, Checker

__all__ = ["Target", "targets_of"]


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


def targets_of(case: Case, checked: Checked, chosen: Sequence[Finding], checker: Checker) -> tuple[Target, ...]:
    """Look up what each chosen finding is about."""
    rules = {(rule.id, rule.pack): rule for rule in checker.rules_of(chosen)}
    found = disclosures_of(case.facts, sorted({one.id for one in rules.values() if one.applies_to == "disclosure"}))
    levels = _Levels(checked)
    near = _Near(case)
    targets = []
    for place, finding in enumerate(chosen):
        rule = rules[finding.rule, finding.pack]
        disclosures = found.get(finding.fingerprint, ()) if rule.applies_to == "disclosure" else ()
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

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
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
            study = self._checked.facts.showing((lowered,))
            if evaluate(study, self._checked.document, [rule]).whole().findings:
                break
            accepted = level
        return accepted


class _Near:
    """The elements where a change could bear on something."""

    def __init__(self, case: Case) -> None:
        self._case = case
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
            element = element_of(self._case.deployment, name)
            self._known[name] = tuple(dict.fromkeys([replace(element, rest=()), *self._related(element)]))
        return self._known[name]

    def _related(self, element: Element) -> Iterator[Element]:
        deployment = self._case.deployment
        if element.section == "models" and element.name in deployment.models:
            yield from (use for use, _ in self._case.uses.get(element.name, ()))
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
            nodes = (*callers(entry), *self._case.aggregators(entry))
            yield from (Element(section="nodes", name=node.partition("@")[0]) for node in nodes)
