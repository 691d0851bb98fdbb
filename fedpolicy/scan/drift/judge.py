"""Declarations and evidence -> one report of drift: which files belong to which declaration, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fedpolicy.analysis.study import Study
from fedpolicy.check import Checked, Judge, report_of
from fedpolicy.findings import Finding, Report, SourceFile, Verdict
from fedpolicy.language.reading.load import Document
from fedpolicy.records import dataclass
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.drift.compare import differences, paired_nodes
from fedpolicy.scan.drift.rules import INFOS, PACK, Drift, drift_finding
from fedpolicy.scan.drift.sides import DeclaredSide, FoundSide, alike
from fedpolicy.scan.excerpts import lines_of
from fedpolicy.scan.gather import Gathered
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.judge import excused, obeying, reading_of
from fedpolicy.settings import Settings

__all__ = ["Drifted", "drifted", "drifts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """What was found, and whether anything could be compared at all."""

    report: Report
    compared: bool


def drifts(documents: Sequence[Document], gathered: Gathered, judge: Judge) -> tuple[list[Finding], bool]:
    """The differences of all declarations, and whether there was anything to compare any of them with."""
    ours = [DeclaredSide(one, Study(one.deployment, judge.catalog, judge.analysis)) for one in documents]
    groups = projects_of(gathered.facts)
    loose = [] if groups else [fact.evidence for fact in gathered.facts]
    theirs = [
        FoundSide([*(one.evidence for one in group.facts), *loose], draft_of(group), judge.catalog) for group in groups
    ]
    matches = _matches(ours, theirs)
    findings: list[Finding] = []
    for place, one in enumerate(ours):
        found = matches.get(place)
        if loose:
            found = FoundSide(loose, None, judge.catalog)
        told = differences(one, found, judge.catalog) if found else [_without(one, theirs)]
        told += [_unfit(one, found)] if found and found.errors else []
        # Two safeguards that are written alike and missing alike are one difference.
        told = list({(drift.rule, drift.element, drift.what): drift for drift in reversed(told)}.values())[::-1]
        start = found.draft.start if found and found.draft else None
        findings += [
            drift_finding(drift if drift.found else replace(drift, compared=start), one.name) for drift in told
        ]
    taken = set(map(id, matches.values()))
    findings += [
        drift_finding(_undeclared(ours[0], one), ours[0].name) for one in theirs if ours and id(one) not in taken
    ]
    return findings, bool(matches) or bool(loose)


def drifted(documents: Sequence[Document], gathered: Gathered, judge: Judge, settings: Settings) -> Drifted:
    """One report of what differs, with waivers and baseline."""
    found, compared = drifts(documents, gathered, judge)
    findings = obeying(found, settings, PACK)
    names: dict[str, list[str]] = {}
    for document in documents:
        names.setdefault(document.file, []).append(document.deployment.name)
    files = sorted({one.span.file for one in findings} | set(names))
    checked = [_of_file(name, findings, names) for name in files]
    silent = len(INFOS) - len({one.rule for one in found})
    counts = Counter({Verdict.PASS: silent}) if compared else Counter[Verdict]()
    plain = replace(settings, waivers=None, baseline=None)
    report = report_of([*checked, Checked(file=SourceFile(name=""), counts=counts)], judge, plain)
    rules = tuple(sorted(INFOS.values(), key=lambda rule: rule.id))
    kept = tuple(file for file in report.files if file.name)
    report = replace(report, files=kept, rules=rules, packs=(PACK,), reading=reading_of(gathered))
    if settings.waivers or settings.baseline:
        seen = {(fact.file, name) for fact in gathered.facts for one in names.values() for name in one}
        seen |= {(file, name) for file, theirs in names.items() for name in theirs}
        report = excused(report, settings, seen, gathered)
    return Drifted(report=report, compared=compared)


def _of_file(name: str, findings: Sequence[Finding], names: Mapping[str, Sequence[str]]) -> Checked:
    mine = [one for one in findings if one.span.file == name]
    file = SourceFile(name=name, lines=lines_of(name, mine), deployments=tuple(names.get(name, ())))
    return Checked(file=file, findings=mine, counts=Counter(one.verdict for one in mine))


def _matches(ours: Sequence[DeclaredSide], theirs: Sequence[FoundSide]) -> dict[int, FoundSide]:
    """Which files tell of which declaration: by its name, else by its nodes and tasks; the only two that are left."""
    pairs = ((at, their) for at in range(len(ours)) for their in range(len(theirs)))
    scored = ((_likeness(ours[at], theirs[their]), -at, -their) for at, their in pairs)
    found: dict[int, FoundSide] = {}
    taken: set[int] = set()
    for score, at, their in sorted(scored, reverse=True):
        if score and -at not in found and -their not in taken:
            found[-at] = theirs[-their]
            taken.add(-their)
    left = [at for at in range(len(ours)) if at not in found]
    rest = [one for at, one in enumerate(theirs) if at not in taken]
    if len(left) == len(rest) == 1:
        found[left[0]] = rest[0]
    return found


def _likeness(one: DeclaredSide, other: FoundSide) -> tuple[int, int] | tuple[()]:
    """By how much files tell of a declaration: the name says it, else each node and each task that both have."""
    name = int(other.draft is not None and alike(one.name, other.draft.name))
    tasks = other.deployment.tasks if other.deployment else {}
    same = len(paired_nodes(one, other).same) + sum(alike(a, b) for a in one.deployment.tasks for b in tasks)
    return (name, same) if name or same else ()


def _without(one: DeclaredSide, theirs: Sequence[FoundSide]) -> Drift:
    others = ", ".join(f"`{other.draft.name}`" for other in theirs if other.draft)
    message = f"no file describes {one.name}" + (f"; the files describe {others}" if others else "")
    return Drift(rule="deployment-not-found", element=f"deployment.{one.name}", message=message,
                 declared=one.at("name"), verdict=Verdict.UNKNOWN)  # fmt: skip


def _undeclared(one: DeclaredSide, other: FoundSide) -> Drift:
    if other.draft is None:
        raise AssertionError("nothing was drafted")
    message = f"files describe a deployment `{other.draft.name}`, but it is not declared"
    return Drift(rule="deployment-not-declared", element=f"deployment.{other.draft.name}", message=message,
                 found=other.draft.start, declared=one.at("name"))  # fmt: skip


def _unfit(one: DeclaredSide, found: FoundSide) -> Drift:
    if found.draft is None:
        raise AssertionError("nothing was drafted")
    message = f"nodes and tasks were not compared, because files contradict each other: {found.errors[0].message}"
    return Drift(rule="what-no-file-shows", element="deployment.files", message=message, found=found.draft.start,
                 declared=one.at("name"), verdict=Verdict.UNKNOWN, severity=None)  # fmt: skip
