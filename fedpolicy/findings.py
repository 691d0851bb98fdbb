"""What a check says: severities, verdicts, places in files, findings, the report."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from fedpolicy.files import Root
from fedpolicy.records import dataclass, field
from fedpolicy.startup import sha256

if TYPE_CHECKING:
    from fedpolicy.overview import Basis, Criterion, Interruption, Overview, ScanReading, Scope

_SHORT = 32  # characters of a fingerprint


class Severity(IntEnum):
    """How much a finding matters; ordered, so `finding.severity >= Severity.HIGH` reads well."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word that users read and write."""
        return self.name.lower()


class Verdict(StrEnum):
    """What a rule says of an element. Reports always count all five."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"  # noqa: S105  a verdict
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


VERDICTS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.WAIVED)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A stretch of a file; lines and columns count from 1, the end column is one past the last character."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        """`file:line:column`, which editors and terminals understand."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of a witness path: `payload` went from `source` to `target`."""

    source: str
    target: str
    payload: str
    flow: str
    implied_by: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place that a finding is about, which its message names too, and what stands there."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Why a rule exists; `basis` is seed, attack, law or practice. `as_of` is when it was opened."""

    basis: str
    title: str
    url: str = ""
    note: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody has accepted a finding until the end of a day (ISO 8601); `verdict` is what the rule says."""

    id: str
    reason: str
    owner: str
    approved_by: str
    expires: str
    span: Span
    verdict: Verdict = Verdict.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    Parties that learn some datasets in one capacity, up to a level: a part of what a finding tells.

    `owners` has the owner of each dataset. Nobody learns of its own. `whole` is what it was made of, where a law looks
    at a part only: a fingerprint is of the whole.
    """

    role: str
    parties: tuple[str, ...]
    datasets: tuple[str, ...]
    owners: tuple[str, ...]
    level: str
    whole: tuple[str, ...] = ()
    paths: tuple[tuple[Hop, ...], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGroup:
    """What a finding on disclosures is made of: a message, its words that all members have in common, the members."""

    template: str
    words: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One rule said one thing about one element (or a group of those of which it says the same).

    `paths` holds one witness path per separate way in; `missing` names the facts whose absence makes
    the verdict unknown, as dotted paths such as `api_calls.translate.trains_on_inputs`. `former` are the
    fingerprints under which its parts were told one by one. `cause` is what the finding comes from, such as
    `models.judge`, where a report asks for that.
    """

    rule: str
    pack: str
    title: str
    principle: str
    severity: Severity
    verdict: Verdict
    elements: tuple[str, ...]
    message: str
    span: Span
    deployment: str = ""
    paths: tuple[tuple[Hop, ...], ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""
    help: str = ""
    references: tuple[Reference, ...] = ()
    fingerprint: str = ""
    former: tuple[str, ...] = ()
    group: MemberGroup | None = None
    waiver: Waiver | None = None
    cause: str = ""
    related: tuple[Related, ...] = ()

    @property
    def grade(self) -> str:
        """How grave it is where it fails, else what the rule says."""
        return self.severity.label if self.verdict is Verdict.FAIL else self.verdict.value

    @property
    def is_judged(self) -> bool:
        """Whether it is told as a finding: one that waits for facts is a question, one that is waived is decided."""
        return self.verdict is Verdict.FAIL or (self.verdict is Verdict.UNKNOWN and not self.missing)

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Most severe first, then by place, then by rule and elements."""
        return (self.span.file, -self.severity, self.verdict, self.span, self.rule, self.elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file that was read; `lines` are kept for snippets, `digest` is the SHA-256 of what was judged."""

    name: str
    digest: str = ""
    lines: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    errors: tuple[Exception, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """What a format may say about a rule itself, whether or not it found anything; `holds` is what it says if not."""

    id: str
    pack: str
    title: str
    severity: Severity
    holds: str = ""
    principle: str = ""
    why: str = ""
    help: str = ""
    references: tuple[Reference, ...] = ()
    false_positives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselined:
    """What a baseline keeps out of a report: how many findings it knows, by verdict, and how many of its are gone."""

    file: str
    known: Mapping[Verdict, int]
    fixed: int = 0

    @property
    def total(self) -> int:
        """How many findings are not shown."""
        return sum(self.known.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """
    What settings leave out of a verdict, or have put in place of what ships.

    `what` is one of the kinds that `report/rows.py` has words for, `names` say of which, where there are few, and
    `by` is the file that says so, or the command line.
    """

    what: str
    by: str
    amount: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    Everything a format needs. `findings` holds the fail, unknown and waived ones, sorted; `counts` counts all five
    verdicts, so that what passed and what did not apply is known too. `errors` are the problems of the run itself, such
    as a rule that does not compile; those of a file are on the file. `places` says where to write the facts that are
    missing, by file, deployment and dotted path. What a baseline knows is neither among the findings nor in `counts`;
    `baseline` counts it. Where the run was stopped, `interruption` says how far it got. `overrides` says what settings
    took out of the verdict. `root` is where forges count the paths of files from. `today` is the day of the verdict, as
    ISO 8601; `dated` says that another day may give another one, `old` which facts of the catalogue, of which day, it
    rests on though they are older than half a year. `overviews` is for people, a deployment each, where a report asks
    for it; `fail_on` and `strict` say what fails. `scopes` says whom packs of laws protect, `criteria` how small
    groups may be. `reading` is there where a scan has read foreign files, `basis` for a format that says what a
    verdict rests on beside the files. `links` is where a forge shows the root of the repository.
    """

    findings: tuple[Finding, ...]
    counts: dict[Verdict, int]
    files: tuple[SourceFile, ...]
    packs: tuple[str, ...] = ()
    rules: tuple[RuleInfo, ...] = ()
    errors: tuple[Exception, ...] = ()
    places: Mapping[tuple[str, str, str], Span] = field(default_factory=dict)
    version: str = ""
    baseline: Baselined | None = None
    interruption: Interruption | None = None
    overrides: tuple[Override, ...] = ()
    root: Root = field(default_factory=Root)
    today: str = ""
    dated: bool = False
    old: Mapping[str, str] = field(default_factory=dict)
    overviews: tuple[Overview, ...] = ()
    scopes: tuple[Scope, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    reading: ScanReading | None = None
    basis: Basis | None = None
    links: str = ""
    fail_on: str = "high"
    strict: bool = False

    @property
    def evaluated(self) -> bool:
        """Whether any rule said anything of any element."""
        return bool(sum(self.counts.values()) or (self.baseline and self.baseline.total))

    @property
    def mistakes(self) -> tuple[Exception, ...]:
        """What could not be used: of the run, then of each file."""
        return (*self.errors, *(error for file in self.files for error in file.errors))


def fingerprint(*parts: str) -> str:
    """The identity of a finding across runs: its rule and its elements, never a line or a file."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_SHORT]
