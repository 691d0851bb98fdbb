"""What a report says beside findings: causes, who learns what, what helps; what it rests on; what was not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fedpolicy.records import dataclass, field

if TYPE_CHECKING:
    from fedpolicy.page import PageSection, Ropa

_MOST_NAMES = 10  # of files, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """
    The entries of the file that findings come from: change these, and the findings go.

    `id` tells it apart within its deployment; `gloss` says what about the first entry matters, in few words.
    """

    id: str
    entries: tuple[str, ...]
    line: int
    gloss: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """
    What one party can learn about one dataset, over all instances and in every capacity.

    Levels are words of the language. `low` and `high` differ where facts are missing; `guaranteed` is what is left
    where only safeguards count that the owners can rely on. `exceeds` says that some owner allows less.
    """

    party: str
    dataset: str
    low: str
    high: str
    guaranteed: str
    exceeds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """
    A change that was tried for a cause: in words, how many of its findings it clears, and what it brings instead.

    `diff` is empty where the change cannot be written into the file.
    """

    steps: tuple[str, ...]
    clears: int
    new: tuple[str, ...] = ()
    diff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """
    One deployment for people. `hidden` counts the disclosures that `cells` leave out.

    `owners` has the party behind each instance of a dataset, `parties` all that the file declares; `apart` names the
    tasks, calls, flows and models in which the one party of a report has no part. `sections` are for
    pages, the `record` is for authorities, the `picture` (Mermaid) for forges. `held` says, by rule, whether all that
    it judged passed.
    """

    file: str
    deployment: str
    line: int
    causes: tuple[Cause, ...] = ()
    cells: tuple[Cell, ...] = ()
    hidden: int = 0
    fixes: Mapping[str, Fix] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    parties: tuple[str, ...] = ()
    apart: frozenset[str] = frozenset()
    sections: tuple[PageSection, ...] = ()
    record: Ropa | None = None
    picture: str = ""
    held: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The SHA-256 of something that a verdict rests on: a pack, the catalogue, the tool, ...; `what` says which."""

    what: str
    name: str
    sha256: str

    def __str__(self) -> str:
        """What is meant, in words."""
        return f"{self.what} {self.name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a verdict rests on beside the files: digests, and the settings with which the same run can be made again."""

    digests: tuple[Digest, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """
    Whom a pack protects (`owners_in`), and which owners of a deployment are among them, or may be; the `others`.

    Of the `unplaced` owners nobody states where they are.
    """

    pack: str
    owners_in: tuple[str, ...]
    file: str
    deployment: str
    owners: tuple[str, ...]
    others: tuple[str, ...]
    unplaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """How small the groups behind results of a dataset may be, as its owners state it."""

    file: str
    deployment: str
    dataset: str
    min_count: int | None
    min_count_scope: str | None
    dominance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """
    What a report says of a deployment beside findings: whether another day may give another verdict, the days of the
    rows that are old, as `models.gpt-4`, whom the packs of laws protect, and the criteria for results.
    """

    day_matters: bool
    old: Mapping[str, str]
    scopes: tuple[Scope, ...] = ()
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Somebody stopped the run when this many of so many files were checked, and these were `running`."""

    checked: int
    files: int
    running: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The same in words."""
        done = f"interrupted: {self.checked:,} of {self.files:,} {'file' if self.files == 1 else 'files'} checked"
        if not self.running:
            return done
        more = len(self.running) - _MOST_NAMES
        names = [*self.running[:_MOST_NAMES], *([f"{more:,} more"] if more > 0 else [])]
        said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{done}; {said} {'was' if len(names) == 1 else 'were'} running"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A file of a scan, or a part of one, that counts for nothing, and why."""

    why: str
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReading:
    """How far a scan looked: files in all, those that say something by what reads them, and those left aside."""

    looked_at: int
    read: Mapping[str, int]
    aside: int
    not_read: tuple[UnreadFile, ...] = ()
