"""What a repair is to reach: the chosen findings gone, and nothing as severe in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.findings import Finding, Severity, Verdict
from fedpolicy.records import dataclass
from fedpolicy.repairing.groups import Group, Groups

if TYPE_CHECKING:
    from fedpolicy.policy.models import Rule
    from fedpolicy.repairing.checking import Checked

__all__ = ["Goal", "Outcome", "goal_of"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What findings of a changed deployment mean: which chosen ones are gone, what must not be, what else is new."""

    cleared: frozenset[int]
    blocking: tuple[Finding, ...]
    new: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    The chosen findings, by their place in `chosen`, and those that were there before.

    Nothing new may fail at `least` or above; `strict` counts what is unknown as failing. `grouped` are the rules whose
    findings speak of groups of disclosures.
    """

    chosen: tuple[Finding, ...]
    least: Severity
    strict: bool
    grouped: frozenset[str]
    before: Mapping[_Key, Finding]
    groups: Groups

    def outcome(self, checked: Checked) -> Outcome:
        """Compare the findings of a changed deployment with those before. A chosen one that turns unknown stays."""
        told = [finding for finding in checked.findings if finding.verdict in _TOLD]
        present = {_key(finding) for finding in told}
        # What was not there before may be new, or what is left of something that was.
        strange = [finding for finding in told if _key(finding) not in self.before]
        groups = Groups(checked.facts, self.grouped & {finding.rule for finding in strange})
        cleared = frozenset(
            place
            for place, one in enumerate(self.chosen)
            if _key(one) not in present and not self._left(one, strange, groups)
        )
        worse = [finding for finding in told if self._is_worse(finding)]
        new = [*worse, *(finding for finding in strange if not self._was_there(finding, groups))]
        blocking = tuple(finding for finding in new if self._blocks(finding))
        return Outcome(
            cleared=cleared, blocking=blocking, new=tuple(finding for finding in new if not self._blocks(finding))
        )

    def _left(self, chosen: Finding, strange: Iterable[Finding], groups: Groups) -> bool:
        """Whether a part of a chosen finding is still found, under another name."""
        old = self.groups.of(chosen)
        return any(
            _meet(old, groups.of(one)) if old else _alike(chosen, one) for one in strange if one.rule == chosen.rule
        )

    def _is_worse(self, finding: Finding) -> bool:
        before = self.before.get(_key(finding))
        return before is not None and before.verdict is Verdict.UNKNOWN and finding.verdict is Verdict.FAIL

    def _was_there(self, finding: Finding, groups: Groups) -> bool:
        """Whether findings from before speak of all that this one speaks of, and say no less."""
        undecided = finding.verdict is Verdict.UNKNOWN
        older = [
            one
            for one in self.before.values()
            if one.rule == finding.rule and (undecided or one.verdict is Verdict.FAIL)
        ]
        if finding.rule in self.grouped:
            old = [group for one in older for group in self.groups.of(one)]
            now = groups.of(finding)
            return bool(now) and all(group.within(old) for group in now)
        said = {element for one in older if one.elements[:1] == finding.elements[:1] for element in one.elements}
        return bool(older) and set(finding.elements) <= said

    def _blocks(self, finding: Finding) -> bool:
        counted = finding.verdict is Verdict.FAIL or self.strict
        return counted and finding.severity >= self.least


def goal_of(
    chosen: Sequence[Finding], before: Checked, rules: Iterable[Rule], least: Severity, *, strict: bool
) -> Goal:
    """Remember what was found before anything was changed."""
    grouped = frozenset(rule.id for rule in rules if rule.applies_to == "disclosure")
    told = {_key(finding): finding for finding in before.findings if finding.verdict in _TOLD}
    return Goal(
        chosen=tuple(chosen),
        least=least,
        strict=strict,
        grouped=grouped,
        before=told,
        groups=Groups(before.facts, grouped & {finding.rule for finding in told.values()}),
    )


def _meet(some: Iterable[Group], others: Sequence[Group]) -> bool:
    return any(one.meets(other) for one in some for other in others)


def _alike(one: Finding, other: Finding) -> bool:
    """Whether two findings speak of the same thing, to some of the same parties if it concerns several."""
    first, second = set(one.elements[1:]), set(other.elements[1:])
    return one.elements[:1] == other.elements[:1] and (not first or not first.isdisjoint(second))


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.fingerprint
