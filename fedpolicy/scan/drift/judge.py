"""Declarations and evidence -> one report of drift: which files belong to which declaration, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fedpolicy.analysis import Study
from fedpolicy.check import Judge
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.language.reading import Document
from fedpolicy.records import dataclass, replace
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.drift import INFOS, PACK, Drift, drift_finding
from fedpolicy.scan.drift.compare import differences, paired_nodes, unshown
from fedpolicy.scan.drift.sides import DeclaredSide, FoundSide, alike
from fedpolicy.scan.gather import Gathered
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.judge import excused, reading_of, report_at
from fedpolicy.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """What was found, and whether anything could be compared at all."""

    report: Report
    compared: bool


def drifts(documents: Sequence[Document], gathered: Gathered, judge: Judge) -> tuple[list[Finding], bool]:
    """The differences of all declarations, and whether there was anything to compare any of them with."""
    ours = [DeclaredSide(one, Study(one.deployment, judge.catalog, judge.analysis)) for one in documents]
    groups = projects_of(gathered.facts)
    # Without a deployment, what single files say is compared with each declaration.
    loose = FoundSide([fact.evidence for fact in gathered.facts], None, judge.catalog)
    if gathered.facts and not groups:
        return [told for one in ours for told in _told(one, loose, (), judge)], True
    theirs = [FoundSide([one.evidence for one in group.facts], draft_of(group), judge.catalog) for group in groups]
    matches = _matches(ours, theirs)
    findings = [told for at, one in enumerate(ours) for told in _told(one, matches.get(at), theirs, judge)]
    taken = set(map(id, matches.values()))
    left = [one for one in theirs if id(one) not in taken] if ours else []
    return [*findings, *(drift_finding(_undeclared(ours[0], one), ours[0].name) for one in left)], bool(matches)


def _told(one: DeclaredSide, found: FoundSide | None, theirs: Sequence[FoundSide], judge: Judge) -> Iterator[Finding]:
    """What differs between a declaration and its files; of two safeguards written alike and missing alike, once."""
    told = differences(one, found, judge.catalog) if found else [_without(one, theirs)]
    told += [_unfit(one, found)] if found and found.errors else []
    start = found.draft.start if found and found.draft else None
    for drift in reversed({(drift.rule, drift.element, drift.what): drift for drift in reversed(told)}.values()):
        yield drift_finding(drift if drift.found else replace(drift, compared=start), one.name)


def drifted(documents: Sequence[Document], gathered: Gathered, judge: Judge, settings: Settings) -> Drifted:
    """One report of what differs, with waivers and baseline."""
    found, compared = drifts(documents, gathered, judge)
    names: dict[str, list[str]] = {}
    for document in documents:
        names.setdefault(document.file, []).append(document.deployment.name)
    silent = len(INFOS) - len({one.rule for one in found})
    counts = Counter({Verdict.PASS: silent}) if compared else Counter[Verdict]()
    report = report_at(found, names, counts, judge, settings, PACK)
    rules = tuple(sorted(INFOS.values(), key=lambda rule: rule.id))
    report = replace(report, rules=rules, packs=(PACK,), reading=reading_of(gathered))
    seen = {(fact.file, name) for fact in gathered.facts for one in names.values() for name in one}
    seen |= {(file, name) for file, theirs in names.items() for name in theirs}
    return Drifted(report=excused(report, settings, seen, gathered), compared=compared)


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
    return one.drift("deployment-not-found", f"deployment.{one.name}", message, "name", verdict=Verdict.UNKNOWN)


def _undeclared(one: DeclaredSide, other: FoundSide) -> Drift:
    if other.draft is None:
        raise AssertionError("nothing was drafted")
    name = other.draft.name
    message = f"files describe a deployment `{name}`, but it is not declared"
    return one.drift("deployment-not-declared", f"deployment.{name}", message, "name", found=other.draft.start)


def _unfit(one: DeclaredSide, found: FoundSide) -> Drift:
    message = f"nodes and tasks were not compared, because files contradict each other: {found.errors[0].message}"
    return unshown(one, found, message)
