"""All changes that could bear on the chosen findings, each once, and which bear on which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from fedpolicy.analysis.repair.case import Case, Element
from fedpolicy.analysis.repair.change import Bundle, Change
from fedpolicy.analysis.repair.kinds import kinds
from fedpolicy.records import dataclass
from fedpolicy.repairing.targets import Target
from fedpolicy.spec.rewrite.edits import Edit, Put, Remove

__all__ = ["Pool", "compatible", "named", "subsets_first"]


@dataclass(slots=True, kw_only=True)
class Pool:
    """
    Asks every kind once about every element.

    `fills` are values that the user has given, by dotted path, and `fitted` those that some change has a place for.
    """

    case: Case
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
            found = (change for kind in kinds() for change in kind.changes(self.case, element))
            self._single[element] = [self._filled(change) for change in found]
        return self._single[element]

    def _bundles(self, element: Element) -> list[Bundle]:
        if element not in self._several:
            found = (bundle for kind in kinds() for bundle in kind.bundles(self.case, element))
            self._several[element] = [tuple(map(self._filled, bundle)) for bundle in found]
        return self._several[element]

    def _filled(self, change: Change) -> Change:
        """The change with the user's own values in its blanks, or in place of what it would write."""
        if not self.fills:
            return change
        edits = tuple(self._edit(edit) for edit in change.edits)
        blanks = tuple(blank for blank in change.blanks if ".".join(map(str, blank.path)) not in self.fills)
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


def named(changes: Sequence[Change]) -> frozenset[str]:
    """What a set of changes is told apart by."""
    return frozenset(change.id for change in changes)


def subsets_first(sets: Iterator[frozenset[str]]) -> list[frozenset[str]]:
    """Only the sets of which no other is a part."""
    kept: list[frozenset[str]] = []
    for one in sorted(set(sets), key=lambda found: (len(found), sorted(found))):
        if not any(other <= one for other in kept):
            kept.append(one)
    return kept
