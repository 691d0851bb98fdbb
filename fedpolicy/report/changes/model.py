"""What two states of some deployments differ in."""

from __future__ import annotations

from dataclasses import dataclass

from fedpolicy.analysis.changes import Changes
from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding

__all__ = ["Comparison", "Difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    One deployment in both states.

    `state` is new, gone or changed; `introduced` and `resolved` are findings that only one of the states has.
    """

    deployment: str
    file: str
    state: str
    changes: Changes
    introduced: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes or self.introduced or self.resolved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All deployments of both states that differ, and what could not be used."""

    differences: tuple[Difference, ...]
    errors: tuple[FedPolicyError, ...] = ()
    deployments: int = 0

    @property
    def introduced(self) -> list[Finding]:
        """What only the new state has, most severe first."""
        return [finding for one in self.differences for finding in one.introduced]

    @property
    def waived(self) -> int:
        """How many of those a waiver covers."""
        return sum(finding.waiver is not None for finding in self.introduced)
