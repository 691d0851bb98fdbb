"""What is assumed where the deployment does not say, and whose word counts."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from fedpolicy.graph.model import FlowGraph, Mask, bits
from fedpolicy.records import dataclass

__all__ = ["BOUNDED", "INFERABLE", "RECONSTRUCTABLE", "VERBATIM", "Reading", "Trust"]

BOUNDED, INFERABLE, RECONSTRUCTABLE, VERBATIM = 1, 2, 3, 4


class Reading(Enum):
    """
    Three ways to read one deployment.

    LOW takes every missing fact in the most favourable way, HIGH in the least favourable one; both believe what
    is declared. GUARANTEED is HIGH without the safeguards whose performers the owner has no reason to rely on.
    """

    LOW = "low"
    HIGH = "high"
    GUARANTEED = "guaranteed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which owners rely on whom; answers are remembered because thousands of flows ask the same question."""

    graph: FlowGraph
    _known: dict[tuple[frozenset[str], Mask], Mask] = field(default_factory=dict)
    _left: dict[tuple[frozenset[str], frozenset[str]], frozenset[str]] = field(default_factory=dict)

    def accepting(self, rests_on: frozenset[str], mask: Mask) -> Mask:
        """The instances of `mask` whose owners accept every one of `rests_on`."""
        key = (rests_on, mask)
        if key not in self._known:
            found = 0
            for index in bits(mask):
                if self.accepts(self.graph.data[index].owner, rests_on):
                    found |= 1 << index
            self._known[key] = found
        return self._known[key]

    def accepts(self, owner: str, rests_on: frozenset[str]) -> bool:
        """Whether an owner relies on all of these: itself, or a party that it trusts (not transitive)."""
        return not self.refused(owner, rests_on)

    def refused(self, owner: str, rests_on: frozenset[str]) -> frozenset[str]:
        """Those on whose word the owner does not rely."""
        principal = self.graph.principals.get(owner)
        trusts = principal.trusts if principal else frozenset()
        key = (rests_on, trusts)
        if key not in self._left:
            self._left[key] = rests_on - trusts
        return self._left[key] - {owner}
