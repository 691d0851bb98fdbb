"""
A baseline: the findings that were there when a project began to check. What it knows is counted, not shown.

An entry is a file, a deployment's name in it, a rule and its elements (as a fingerprint), never a line. Entries count:
three of them hide three findings, and a fourth is shown. Version 1 names no files: its entries know a finding wherever
the deployment stands.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fedpolicy.errors import InputError
from fedpolicy.files import Root
from fedpolicy.findings import Baselined, Finding, Severity, Span, Verdict
from fedpolicy.graph.lookup import listed_by
from fedpolicy.limits import MAX_DIGITS
from fedpolicy.policy.groups import split
from fedpolicy.policy.housekeeping import OWN_PACK, OWN_RULES, Coverage, own_finding

VERSION = 2
_WITHOUT_FILES = 1
_HEADER = "fedpolicy_baseline"
_COUNTED = (Verdict.FAIL, Verdict.UNKNOWN)
_SEVERITIES = {severity.label: severity for severity in Severity}
_KEYS = {"deployment": str, "rule": str, "verdict": str, "severity": str, "elements": list, "fingerprint": str}
_ADVICE = "`fedpolicy baseline` writes it anew"
_MOST_NOTES = 8


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BaselineEntry:
    """One finding that was there; `file` is empty in version 1, `place` counts the entries of the baseline from 0."""

    file: str
    deployment: str
    rule: str
    fingerprint: str
    verdict: str
    severity: Severity
    elements: tuple[str, ...]
    place: int = 0

    @property
    def finding(self) -> tuple[str, str, str]:
        """What it is about, in whatever file."""
        return self.deployment, self.rule, self.fingerprint

    def knows(self, finding: Finding) -> bool:
        """Whether a finding is this one, and no worse: not failing where it was unknown, and no more severe."""
        worse = finding.verdict is Verdict.FAIL and self.verdict != Verdict.FAIL.value
        return self.finding == finding_key(finding) and not worse and finding.severity <= self.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline that was read; it is `old` where it names no files."""

    name: str
    old: bool = False
    entries: tuple[BaselineEntry, ...] = ()
    lines: tuple[str, ...] = ()


def write_baseline(findings: Iterable[Finding], root: Root | None = None) -> str:
    """Write what fails or is unknown, not what is waived; files are named from the root of the repository."""
    root = root or Root()
    return write_entries(baseline_entry(one, root.file(one.span.file)) for one in findings if may_be_known(one))


def write_entries(entries_: Iterable[BaselineEntry]) -> str:
    """Write entries one a line and sorted, so that versions merge."""
    rows = sorted(json.dumps(_row(one), ensure_ascii=False) for one in entries_)
    entries = "\n" + ",\n".join(f"    {row}" for row in rows) + "\n  " if rows else ""
    return f'{{\n  "{_HEADER}": {VERSION},\n  "findings": [{entries}]\n}}\n'


def read_baseline(text: str | bytes, name: str) -> Baseline:
    """Read a baseline. Raises InputError for the first thing that is wrong: nobody writes it by hand."""
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        tree: Any = json.loads(content)
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"`{name}` is not a baseline: it is not UTF-8 or not JSON", help=_ADVICE) from error
    except json.JSONDecodeError as error:
        span = Span(file=name, line=error.lineno, column=error.colno, end_line=error.lineno, end_column=error.colno + 1)
        raise InputError(
            f"this is not JSON: {error.msg}", span=span, help=f"resolve the conflict, or {_ADVICE}"
        ) from error
    except ValueError as error:  # Python does not read numbers of thousands of digits
        message = f"`{name}` is not a baseline: it holds a number of more than {MAX_DIGITS} digits"
        raise InputError(message, help=_ADVICE) from error
    lines = tuple(content.splitlines())
    rows, old = _rows(tree, name), isinstance(tree, dict) and tree.get(_HEADER) == _WITHOUT_FILES
    entries = tuple(_entry(row, place, name, old=old) for place, row in enumerate(rows))
    return Baseline(name=name, old=old, entries=entries, lines=lines)


def set_aside(findings: Sequence[Finding], baseline: Baseline, coverage: Coverage) -> tuple[list[Finding], Baselined]:
    """
    The findings that a baseline does not know, then one for each deployment that has got rid of some; and the counts.

    Only entries of rules and deployments that the run has looked at can be fixed.
    """
    left = listed_by((entry.finding, entry) for entry in baseline.entries)
    shown: list[Finding] = []
    known: Counter[Verdict] = Counter()
    for finding in findings:
        hidden, rest = known_parts(finding, left, coverage.about(finding))
        known[finding.verdict] += len(hidden)
        if rest:
            entries = left.get(finding_key(rest), []) if may_be_known(rest) else []
            shown.append(_noted(rest, entries, baseline, coverage) if entries else rest)
    present = {(file, finding_key(finding)) for finding in shown for file in (coverage.about(finding), "")}
    gone = [
        entry
        for entries in left.values()
        for entry in entries
        if (entry.file, entry.finding) not in present
        and entry.rule in coverage.rules
        and coverage.has_seen(entry.file, entry.deployment)
    ]
    counts = {verdict: known[verdict] for verdict in _COUNTED}
    return [*shown, *_fixed(gone, baseline)], Baselined(file=baseline.name, known=counts, fixed=len(gone))


def taken(entries: list[BaselineEntry], finding: Finding, file: str) -> BaselineEntry | None:
    """The entry of a file, or of none, that knows a finding; it cannot know another one."""
    for entry in entries:
        if entry.file in (file, "") and entry.knows(finding):
            entries.remove(entry)
            return entry
    return None


def known_parts(
    finding: Finding, left: Mapping[tuple[str, str, str], list[BaselineEntry]], file: str
) -> tuple[list[Finding], Finding | None]:
    """What entries know of a finding, as a whole or part by part, and what is left; each entry knows one."""
    if not may_be_known(finding):
        return [], finding
    return split(finding, lambda part: taken(left.get(finding_key(part), []), part, file))


def _noted(finding: Finding, entries: Sequence[BaselineEntry], baseline: Baseline, coverage: Coverage) -> Finding:
    here = coverage.about(finding)
    files = sorted({entry.file for entry in entries if entry.file not in (here, "") and entry.knows(finding)})
    if not files:
        return finding
    note = f"{baseline.name} knows this of {', '.join(files)} only"
    if coverage.files.isdisjoint(files):
        note += "; if that file was moved here, `fedpolicy baseline --renew` writes its new path"
    return replace(finding, notes=(*finding.notes, note))


def _fixed(gone: Sequence[BaselineEntry], baseline: Baseline) -> list[Finding]:
    names = sorted({(entry.file, entry.deployment) for entry in gone})
    found = [[entry for entry in gone if (entry.file, entry.deployment) == one] for one in names]
    return [_fixed_of(name, entries, baseline) for (_, name), entries in zip(names, found, strict=True)]


def _fixed_of(deployment: str, gone: Sequence[BaselineEntry], baseline: Baseline) -> Finding:
    places = sorted((_line_of(entry, baseline.lines), entry) for entry in gone)
    line = places[0][0]
    width = len(baseline.lines[line - 1]) if baseline.lines else 0
    notes = [
        f"fixed: {entry.rule} on {', '.join(entry.elements[:_MOST_NOTES])} (line {number})" for number, entry in places
    ]
    if len(notes) > _MOST_NOTES:
        notes = [*notes[:_MOST_NOTES], f"and {len(notes) - _MOST_NOTES} more entries that are fixed"]
    many = "1 entry" if len(gone) == 1 else f"{len(gone):,} entries"
    message = f"{many} of {baseline.name} can go: {deployment} has mended what stands there"
    span = Span(file=baseline.name, line=line, end_line=line, end_column=width + 1)
    return own_finding(OWN_RULES["baseline-fixed"], f"baseline.{deployment}", message, span, tuple(notes))


def may_be_known(finding: Finding) -> bool:
    """Whether a baseline may hold a finding: not where somebody has waived it, nor where it is about waivers."""
    return finding.verdict in _COUNTED and finding.pack != OWN_PACK


def finding_key(finding: Finding) -> tuple[str, str, str]:
    """What a finding is about, in whatever file."""
    return finding.deployment, finding.rule, finding.fingerprint


def baseline_entry(finding: Finding, file: str) -> BaselineEntry:
    """The entry that knows a finding in a file."""
    return BaselineEntry(
        file=file,
        deployment=finding.deployment,
        rule=finding.rule,
        fingerprint=finding.fingerprint,
        verdict=finding.verdict.value,
        severity=finding.severity,
        elements=finding.elements,
    )


def _row(entry: BaselineEntry) -> dict[str, Any]:
    said = {"file": entry.file, **{key: getattr(entry, key) for key in _KEYS}}
    return {**said, "severity": entry.severity.label, "elements": list(entry.elements)}


def _rows(tree: Any, name: str) -> list[Any]:  # noqa: ANN401  what JSON gives
    if not isinstance(tree, dict) or _HEADER not in tree:
        raise InputError(f"`{name}` is not a baseline: it has no `{_HEADER}`", span=Span(file=name), help=_ADVICE)
    if tree[_HEADER] not in (VERSION, _WITHOUT_FILES) or isinstance(tree[_HEADER], bool):
        said = json.dumps(tree[_HEADER])[:20]
        message = f"`{name}` is a baseline of version {said}; this fedpolicy reads 1 and {VERSION}"
        raise InputError(message, span=Span(file=name), help=_ADVICE)
    rows = tree.get("findings")
    if not isinstance(rows, list):
        raise InputError(
            f"`{name}` is not a baseline: its `findings` are not a list", span=Span(file=name), help=_ADVICE
        )
    return rows


def _entry(row: Any, place: int, name: str, *, old: bool) -> BaselineEntry:  # noqa: ANN401
    if not _is_entry(row) or not (old or (isinstance(row.get("file"), str) and row["file"])):
        message = f"`{name}` is not a baseline: its entry number {place + 1} is not as fedpolicy writes it"
        raise InputError(message, span=Span(file=name), help=_ADVICE)
    said = {key: row[key] for key in _KEYS}
    said |= {"severity": _SEVERITIES[row["severity"]], "elements": tuple(row["elements"])}
    return BaselineEntry(file="" if old else row["file"], place=place, **said)


def _is_entry(row: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(key), kind) for key, kind in _KEYS.items())
        and row["severity"] in _SEVERITIES
        and row["verdict"] in {verdict.value for verdict in _COUNTED}
        and all(isinstance(element, str) for element in row["elements"])
    )


def _line_of(entry: BaselineEntry, lines: Sequence[str]) -> int:
    """As we write it, one entry a line behind three others; after another program has formatted it, elsewhere."""
    usual = entry.place + 4
    if usual <= len(lines) and entry.fingerprint in lines[usual - 1]:
        return usual
    return next((number for number, line in enumerate(lines, 1) if entry.fingerprint in line), 1)
