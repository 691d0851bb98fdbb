"""What a repair is to reach: the chosen findings gone, and nothing as severe in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.findings import Finding, Severity, Verdict, fingerprint
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.facts import Disclosure
    from fedpolicy.check import Assessment
    from fedpolicy.policy import Rule

_REPORTED = (Verdict.FAIL, Verdict.UNKNOWN)
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalOutcome:
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

    def outcome(self, state: Assessment) -> GoalOutcome:
        """Compare the findings of a changed deployment with those before. A chosen one that turns unknown stays."""
        reported = [finding for finding in state.findings if finding.verdict in _REPORTED]
        present = {_key(finding) for finding in reported}
        # What was not there before may be new, or what is left of something that was.
        new_findings = [finding for finding in reported if _key(finding) not in self.before]
        groups = Groups(state.study, self.grouped & {finding.rule for finding in new_findings})
        cleared = frozenset(
            place
            for place, one in enumerate(self.chosen)
            if _key(one) not in present and not self._left(one, new_findings, groups)
        )
        worse = [finding for finding in reported if self._is_worse(finding)]
        new = [*worse, *(finding for finding in new_findings if not self._existed_before(finding, groups))]
        blocking = tuple(finding for finding in new if self._blocks(finding))
        return GoalOutcome(
            cleared=cleared, blocking=blocking, new=tuple(finding for finding in new if not self._blocks(finding))
        )

    def _left(self, chosen: Finding, new_findings: Iterable[Finding], groups: Groups) -> bool:
        """Whether a part of a chosen finding is still found, under another name."""
        old = self.groups.of(chosen)
        return any(
            _overlap(old, groups.of(one)) if old else _same_subject(chosen, one)
            for one in new_findings
            if one.rule == chosen.rule
        )

    def _is_worse(self, finding: Finding) -> bool:
        before = self.before.get(_key(finding))
        return before is not None and before.verdict is Verdict.UNKNOWN and finding.verdict is Verdict.FAIL

    def _existed_before(self, finding: Finding, groups: Groups) -> bool:
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
    chosen: Sequence[Finding], before: Assessment, rules: Iterable[Rule], least: Severity, *, strict: bool
) -> Goal:
    """Remember what was found before anything was changed."""
    grouped = frozenset(rule.id for rule in rules if rule.applies_to == "disclosure")
    reported = {_key(finding): finding for finding in before.findings if finding.verdict in _REPORTED}
    return Goal(
        chosen=tuple(chosen),
        least=least,
        strict=strict,
        grouped=grouped,
        before=reported,
        groups=Groups(before.study, grouped & {finding.rule for finding in reported.values()}),
    )


def _overlap(some: Iterable[LearnerGroup], others: Sequence[LearnerGroup]) -> bool:
    return any(one.overlaps(other) for one in some for other in others)


def _same_subject(one: Finding, other: Finding) -> bool:
    """Whether two findings speak of the same thing, to some of the same parties if it concerns several."""
    first, second = set(one.elements[1:]), set(other.elements[1:])
    return one.elements[:1] == other.elements[:1] and (not first or not first.isdisjoint(second))


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerGroup:
    """
    What every one of some parties, in one capacity, learns of every one of some datasets that is not its own.

    Disclosures are grouped by what they have in common. A change can split a group or merge two, and then a finding has
    another identity though nobody learns anything new; so pairs of a party and a dataset are compared, not groups.
    """

    role: str
    parties: frozenset[str]
    datasets: frozenset[str]
    own: Mapping[str, frozenset[str]]

    def overlaps(self, other: LearnerGroup) -> bool:
        """Whether both speak of the same party and the same dataset somewhere."""
        both = self.datasets & other.datasets
        return self.role == other.role and any(both - self._own(party) for party in self.parties & other.parties)

    def within(self, others: Iterable[LearnerGroup]) -> bool:
        """Whether others speak of all of its pairs."""
        same = [other for other in others if other.role == self.role]
        return all(
            self.datasets - self._own(party) <= _union(other.datasets for other in same if party in other.parties)
            for party in self.parties
        )

    def _own(self, party: str) -> frozenset[str]:
        return self.own.get(party, frozenset())


class Groups:
    """The groups behind the findings of one state, looked up when they are asked for."""

    def __init__(self, study: Study, rules: frozenset[str]) -> None:
        self._study, self._rules = study, rules

    def of(self, finding: Finding) -> list[LearnerGroup]:
        """What a finding about disclosures speaks of; nothing for any other."""
        if finding.rule not in self._rules:
            return []
        return [
            LearnerGroup(role=one.role, parties=frozenset(one.parties), datasets=frozenset(one.datasets), own=self._own)
            for mark in finding.former or (finding.fingerprint,)
            for one in self._known.get(mark, ())
        ]

    @cached_property
    def _known(self) -> Mapping[str, list[Disclosure]]:
        return disclosures_found(self._study, self._rules)

    @cached_property
    def _own(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for item in self._study.graph.data:
            found.setdefault(item.owner, set()).add(item.id)
        return {owner: frozenset(names) for owner, names in found.items()}


def disclosures_found(study: Study, rules: Iterable[str]) -> Mapping[str, list[Disclosure]]:
    """Disclosures by the fingerprint that a finding of one of these rules about them has."""
    found: dict[str, list[Disclosure]] = {}
    principals = study.graph.principals
    names = list(rules)
    for one in study.disclosures if names else ():
        parties = sorted({principals[party].party if party in principals else party for party in one.parties})
        for rule in names:
            found.setdefault(fingerprint(rule, one.role, *parties, *one.datasets), []).append(one)
    return found


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
