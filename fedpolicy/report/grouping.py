"""The findings of a report by what they come from: one cause is one entry, the worst first."""

from __future__ import annotations

from collections.abc import Sequence

from fedpolicy.findings import Finding, Report, Severity, Verdict, fingerprint
from fedpolicy.overview import Cause, Fix, Overview
from fedpolicy.records import dataclass

__all__ = ["Group", "anchor", "groups_of", "judged", "overview_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What comes from one cause of one deployment; findings stand in their order, the most severe first."""

    cause: str
    file: str
    deployment: str
    line: int
    gloss: str
    findings: tuple[Finding, ...]
    fix: Fix | None = None

    @property
    def worst(self) -> Finding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def title(self) -> str:
        """The entry, and what about it matters."""
        entry, _, rule = self.cause.partition(":")
        about = self.gloss or (rule and (self.worst.message or self.worst.title))
        return f"{entry}: {about}" if about else entry

    @property
    def by_severity(self) -> list[tuple[Severity, list[str]]]:
        """The rules that it breaks, each once, by the worst severity that each of them gives it."""
        found: dict[Severity, dict[str, None]] = {}
        told: set[str] = set()
        for finding in self.findings:
            if finding.rule not in told:
                found.setdefault(finding.severity, {})[finding.rule] = None
            told.add(finding.rule)
        return [(severity, list(found[severity])) for severity in sorted(found, reverse=True)]


def anchor(deployment: str, cause: str) -> str:
    """What a page calls the section of a cause, so that a map can lead to it."""
    return f"cause-{fingerprint(deployment, cause)[:8]}"


def judged(finding: Finding) -> bool:
    """Whether a finding is told as such: one that waits for facts is a question, one that is waived is decided."""
    return finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.UNKNOWN and not finding.missing)


def groups_of(report: Report) -> tuple[Group, ...]:
    """Group the findings. Where nobody asked for causes, the first element and the rule of a finding stand for one."""
    known = {(one.file, one.deployment): one for one in report.overviews}
    causes = {(*key, cause.id): cause for key, one in known.items() for cause in one.causes}
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in report.findings:
        if judged(finding):
            name = finding.cause or f"{finding.elements[0] if finding.elements else finding.rule}:{finding.rule}"
            found.setdefault((finding.span.file, finding.deployment, name), []).append(finding)
    groups = [_group(key, some, causes.get(key), known.get(key[:2])) for key, some in found.items()]
    files = {file.name: place for place, file in enumerate(report.files)}
    return tuple(sorted(groups, key=lambda one: _rank(one, files.get(one.file, len(files)))))


def overview_of(report: Report, file: str, deployment: str) -> Overview | None:
    """What is known of a deployment beside its findings."""
    return next((one for one in report.overviews if (one.file, one.deployment) == (file, deployment)), None)


def _group(key: tuple[str, str, str], found: Sequence[Finding], cause: Cause | None, of: Overview | None) -> Group:
    file, deployment, name = key
    findings = tuple(sorted(found, key=lambda one: (one.verdict is not Verdict.FAIL, -one.severity)))
    return Group(
        cause=name,
        file=file,
        deployment=deployment,
        line=cause.line if cause else findings[0].span.line,
        gloss=cause.gloss if cause else "",
        findings=findings,
        fix=of.fixes.get(name) if of else None,
    )


def _rank(group: Group, file: int) -> tuple[object, ...]:
    worst = group.worst
    return worst.verdict is not Verdict.FAIL, -worst.severity, -len(group.findings), file, group.line, group.cause
