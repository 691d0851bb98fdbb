"""Findings -> Report: order, counts, the facts that are missing, and whether the run fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fedpolicy.findings import VERDICTS, Finding, Report, RuleInfo, Severity, SourceFile, Span, Verdict
from fedpolicy.overview import Aside
from fedpolicy.records import dataclass, replace

OUT_OF_SCOPE = (
    "differencing across overlapping cohorts",
    "Sybil clients",
    "payloads that are not what their label says",
    "collusion that the file does not state",
)

_MOST_FILES = 20  # whose digests a page shows
_NAMED = 4  # old facts that a report names; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """
    A fact that nobody stated, and the unknown findings that wait for it.

    `alone` says that no other fact is missing for any of them, so that stating it decides them all. `span` is where
    to state it, or else the first finding that waits.
    """

    fact: str
    file: str
    deployment: str
    findings: tuple[Finding, ...]
    alone: bool
    span: Span

    @property
    def element(self) -> str:
        """The element that lacks it, as `api_calls.translate`; empty for the deployment itself."""
        return self.fact.rpartition(".")[0]

    @property
    def key(self) -> str:
        """What to write, as `trains_on_inputs`."""
        return self.fact.rpartition(".")[2]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that wait for the fact, by name."""
        return tuple(sorted({finding.rule for finding in self.findings}))

    @property
    def severity(self) -> Severity:
        """The most severe finding that the fact may turn out to be."""
        return max(finding.severity for finding in self.findings)


def summarise(
    findings: Iterable[Finding],
    counts: Iterable[Mapping[Verdict, int]],
    files: Sequence[SourceFile],
    *,
    packs: Sequence[str] = (),
    rules: Sequence[RuleInfo] = (),
    errors: Sequence[Exception] = (),
    places: Mapping[tuple[str, str, str], Span] | None = None,
    version: str = "",
) -> Report:
    """Put what was found in order: files in the order given, the most severe first within each."""
    tables = list(counts)
    report = Report(
        findings=tuple(findings),
        counts={verdict: sum(table.get(verdict, 0) for table in tables) for verdict in VERDICTS},
        files=tuple(files),
        packs=tuple(packs),
        rules=tuple(sorted(rules, key=lambda rule: (rule.id, rule.pack))),
        errors=tuple(errors),
        places=places or {},
        version=version,
    )
    return in_file_order(report)


def in_file_order(report: Report) -> Report:
    """The same report with its findings in the order of its files."""
    rank = {file.name: index for index, file in enumerate(report.files)}
    findings = sorted(report.findings, key=lambda one: (rank.get(one.span.file, len(rank)), one.sort_key))
    return replace(report, findings=tuple(findings))


def missing_facts(findings: Iterable[Finding], places: Mapping[tuple[str, str, str], Span]) -> tuple[MissingFact, ...]:
    """Group unknown findings by the fact whose absence makes them so; what matters most comes first."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN:
            for fact in finding.missing:
                groups.setdefault((finding.span.file, finding.deployment, fact), []).append(finding)
    found = (_missing_fact(*place, waiting, places.get(place)) for place, waiting in groups.items())
    return tuple(sorted(found, key=lambda one: (one.file, one.deployment, -one.severity, -len(one.rules), one.fact)))


def _missing_fact(file: str, deployment: str, fact: str, waiting: Sequence[Finding], span: Span | None) -> MissingFact:
    return MissingFact(
        fact=fact,
        file=file,
        deployment=deployment,
        findings=tuple(waiting),
        alone=all(len(finding.missing) == 1 for finding in waiting),
        span=span or min(finding.span for finding in waiting),
    )


_OF_SITES = "site"  # the pack that nothing of a federation reaches


def must_fail(findings: Iterable[Finding], fail_on: str, *, strict: bool) -> bool:
    """
    Whether a finding is at or above a severity (`never`: none is); `strict` counts unknown as failing.

    What fails by the policy of a site fails, whatever the federation has set.
    """
    findings = list(findings)
    if any(one.pack == _OF_SITES and one.verdict is Verdict.FAIL for one in findings):
        return True
    if fail_on == "never":
        return False
    threshold = Severity[fail_on.upper()]
    failing = {Verdict.FAIL, Verdict.UNKNOWN} if strict else {Verdict.FAIL}
    return any(finding.verdict in failing and finding.severity >= threshold for finding in findings)


def dated(report: Report, today: str, asides: Iterable[Aside]) -> Report:
    """The same report with its day, what of its facts is old, and whom packs of laws protect."""
    found = list(asides)
    old = {row: day for one in found for row, day in one.old.items()}
    return replace(
        report,
        today=today,
        dated=any(one.day_matters for one in found),
        old=dict(sorted(old.items())),
        scopes=tuple(scope for one in found for scope in one.scopes),
        criteria=tuple(criterion for one in found for criterion in one.criteria),
    )


def day_words(report: Report, width: int = 0) -> list[str]:
    """On which day the report was made, where that matters, and which facts were old by then, in lines of a width."""
    said = [f"judged as on {report.today}"] if report.dated and report.today else []
    if report.old:
        named = [f"{row} ({day})" for row, day in report.old.items()]
        lines = (_aged(named, most) for most in range(min(len(named), _NAMED), -1, -1))
        said.append(next((line for line in lines if not width or len(line) <= width), _aged(named, 0)))
    return said


def _aged(named: Sequence[str], most: int) -> str:
    if not most:
        return f"rests on {len(named)} fact{'s' if len(named) > 1 else ''} older than half a year"
    more = [f"{len(named) - most} more"] if len(named) > most else []
    return f"rests on facts older than half a year: {', '.join([*named[:most], *more])}"


def digests_of(report: Report) -> list[tuple[str, str]]:
    """The SHA-256 of the files that were judged, and of what they were judged by, where a report knows that."""
    if report.basis is None:
        return []
    files = [(file.name, file.digest) for file in report.files if file.digest]
    return [*files[:_MOST_FILES], *((str(one), one.sha256) for one in report.basis.digests)]
