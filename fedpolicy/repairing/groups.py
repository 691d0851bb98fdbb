"""
Findings that speak of several things at once, compared by what they speak of.

Disclosures are grouped by what they have in common. A change can split a group or merge two, and then a finding has
another identity though nobody learns anything new; so pairs of a party and a dataset are compared, not groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.policy.identity import fingerprint
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure
    from fedpolicy.analysis.study import Study
    from fedpolicy.findings import Finding

__all__ = ["Group", "Groups", "disclosures_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What every one of some parties, in one capacity, learns of every one of some datasets that is not its own."""

    role: str
    parties: frozenset[str]
    datasets: frozenset[str]
    own: Mapping[str, frozenset[str]]

    def meets(self, other: Group) -> bool:
        """Whether both speak of the same party and the same dataset somewhere."""
        both = self.datasets & other.datasets
        return self.role == other.role and any(both - self._own(party) for party in self.parties & other.parties)

    def within(self, others: Iterable[Group]) -> bool:
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

    def __init__(self, facts: Study, rules: frozenset[str]) -> None:
        self._facts, self._rules = facts, rules

    def of(self, finding: Finding) -> list[Group]:
        """What a finding about disclosures speaks of; nothing for any other."""
        if finding.rule not in self._rules:
            return []
        return [
            Group(role=one.role, parties=frozenset(one.parties), datasets=frozenset(one.datasets), own=self._own)
            for one in self._known.get(finding.fingerprint, ())
        ]

    @cached_property
    def _known(self) -> Mapping[str, list[Disclosure]]:
        return disclosures_of(self._facts, self._rules)

    @cached_property
    def _own(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for item in self._facts.graph.data:
            found.setdefault(item.owner, set()).add(item.id)
        return {owner: frozenset(names) for owner, names in found.items()}


def disclosures_of(facts: Study, rules: Iterable[str]) -> Mapping[str, list[Disclosure]]:
    """Disclosures by the fingerprint that a finding of one of these rules about them has."""
    found: dict[str, list[Disclosure]] = {}
    principals = facts.graph.principals
    names = list(rules)
    for one in facts.disclosures if names else ():
        parties = sorted({principals[party].party if party in principals else party for party in one.parties})
        for rule in names:
            found.setdefault(fingerprint(rule, one.role, *parties, *one.datasets), []).append(one)
    return found


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)
