"""Proved proposals, and the findings that none of them clears."""

from __future__ import annotations

from difflib import unified_diff

from fedpolicy.analysis.repair.change import Blank, Change
from fedpolicy.findings import Finding, Severity
from fedpolicy.records import dataclass

__all__ = ["Proposal", "Repairs", "Stuck", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """
    Changes that were applied to a copy and checked.

    `costs` are those of the single changes, `new` the findings that come with them, all less severe. `text` is
    the new file (None: it cannot be written, and `unwritable` says why), `diff` the same as a patch with blanks open.
    """

    number: int
    changes: tuple[Change, ...]
    costs: tuple[float, ...]
    clears: tuple[Finding, ...]
    leaves: tuple[Finding, ...]
    new: tuple[Finding, ...]
    text: str | None = None
    diff: str = ""
    unwritable: Exception | None = None

    @property
    def cost(self) -> float:
        """What all changes cost together."""
        return sum(self.costs)

    @property
    def blanks(self) -> tuple[Blank, ...]:
        """What the user has to fill in first."""
        return tuple(blank for change in self.changes for blank in change.blanks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A finding that no proposal clears, and why."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """
    The answer: proposals, cheapest first, none a part of another.

    `least` is the severity at and above which nothing new may fail. Of `most` changed copies `rechecks` were checked;
    `stopped` says that more would have been, `planned` that there were too many changes to try each.
    """

    name: str
    file: str
    chosen: tuple[Finding, ...]
    least: Severity
    proposals: tuple[Proposal, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    rechecks: int = 0
    most: int = 0
    stopped: bool = False
    planned: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything that was chosen can be cleared; so it is where nothing was."""
        return not self.chosen or any(not proposal.leaves for proposal in self.proposals)


def difference(before: str, after: str, file: str) -> str:
    """A patch from one text to another, as `patch` and `git apply -p0` read it."""
    found = unified_diff(_lines(before), _lines(after), file, file, n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends a line of a patch."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]
