"""
A baseline: the findings that were there when a project began to check. What it knows is counted, not shown.

An entry is a deployment's name, a rule and its elements (as a fingerprint), never a file or a line. Entries count:
three of them hide three findings, and a fourth is shown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fedpolicy.errors import InputError
from fedpolicy.findings import Baselined, Finding, Severity, Span, Verdict
from fedpolicy.limits import MAX_DIGITS
from fedpolicy.policy.housekeeping import OWN_PACK, OWN_RULES, own_finding

__all__ = ["VERSION", "Baseline", "BaselineEntry", "compare", "read_baseline", "write_baseline"]

VERSION = 1
_HEADER = "fedpolicy_baseline"
_COUNTED = (Verdict.FAIL, Verdict.UNKNOWN)
_SEVERITIES = {severity.label: severity for severity in Severity}
_KEYS = {"deployment": str, "rule": str, "verdict": str, "severity": str, "elements": list, "fingerprint": str}
_ADVICE = "`fedpolicy baseline` writes it anew"
_MOST_NOTES = 8


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BaselineEntry:
    """One finding that was there; `place` counts the entries of the file from 0."""

    deployment: str
    rule: str
    fingerprint: str
    verdict: str
    severity: Severity
    elements: tuple[str, ...]
    place: int = 0

    def knows(self, finding: Finding) -> bool:
        """Whether a finding is this one, and no worse: not failing where it was unknown, and no more severe."""
        same = (self.deployment, self.rule, self.fingerprint) == _identity(finding)
        worse = finding.verdict is Verdict.FAIL and self.verdict != Verdict.FAIL.value
        return same and not worse and finding.severity <= self.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline that was read."""

    name: str
    entries: tuple[BaselineEntry, ...] = ()
    lines: tuple[str, ...] = ()


def write_baseline(findings: Iterable[Finding]) -> str:
    """Write what fails or is unknown, one entry a line and sorted, so that versions merge; not what is waived."""
    rows = sorted(json.dumps(_row(one), ensure_ascii=False) for one in findings if _may_be_known(one))
    entries = "\n" + ",\n".join(f"    {row}" for row in rows) + "\n  " if rows else ""
    return f'{{\n  "{_HEADER}": {VERSION},\n  "findings": [{entries}]\n}}\n'


def read_baseline(text: str | bytes, name: str) -> Baseline:
    """Read a baseline. Raises InputError for the first thing that is wrong: nobody writes it by hand."""
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        tree: Any = json.loads(content)
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"`{name}` is no baseline: it is not UTF-8 or not JSON", help=_ADVICE) from error
    except json.JSONDecodeError as error:
        span = Span(file=name, line=error.lineno, column=error.colno, end_line=error.lineno, end_column=error.colno + 1)
        raise InputError(
            f"this is no JSON: {error.msg}", span=span, help=f"resolve the conflict, or {_ADVICE}"
        ) from error
    except ValueError as error:  # Python does not read numbers of thousands of digits
        message = f"`{name}` is no baseline: it holds a number of more than {MAX_DIGITS} digits"
        raise InputError(message, help=_ADVICE) from error
    lines = tuple(content.splitlines())
    entries = tuple(_entry(row, place, name) for place, row in enumerate(_rows(tree, name)))
    return Baseline(name=name, entries=entries, lines=lines)


def compare(
    findings: Sequence[Finding],
    baseline: Baseline,
    rules: AbstractSet[str],
    deployments: AbstractSet[str],
) -> tuple[list[Finding], Baselined]:
    """
    The findings that a baseline does not know, then one for each deployment that has got rid of some; and the counts.

    Only entries of these rules and deployments can be fixed: the others were not looked at.
    """
    left: dict[tuple[str, str, str], list[BaselineEntry]] = {}
    for entry in baseline.entries:
        left.setdefault((entry.deployment, entry.rule, entry.fingerprint), []).append(entry)
    shown: list[Finding] = []
    known: Counter[Verdict] = Counter()
    for finding in findings:
        if _may_be_known(finding) and _taken(left.get(_identity(finding), []), finding):
            known[finding.verdict] += 1
        else:
            shown.append(finding)
    present = {_identity(finding) for finding in shown}
    gone = [
        entry
        for identity, entries in left.items()
        if identity not in present
        for entry in entries
        if entry.rule in rules and entry.deployment in deployments
    ]
    counts = {verdict: known[verdict] for verdict in _COUNTED}
    return [*shown, *_fixed(gone, baseline)], Baselined(file=baseline.name, known=counts, fixed=len(gone))


def _taken(entries: list[BaselineEntry], finding: Finding) -> bool:
    for entry in entries:
        if entry.knows(finding):
            entries.remove(entry)
            return True
    return False


def _fixed(gone: Sequence[BaselineEntry], baseline: Baseline) -> list[Finding]:
    names = sorted({entry.deployment for entry in gone})
    return [_fixed_of(name, [entry for entry in gone if entry.deployment == name], baseline) for name in names]


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


def _may_be_known(finding: Finding) -> bool:
    return finding.verdict in _COUNTED and finding.pack != OWN_PACK


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.deployment, finding.rule, finding.fingerprint


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "deployment": finding.deployment,
        "rule": finding.rule,
        "verdict": finding.verdict.value,
        "severity": finding.severity.label,
        "elements": list(finding.elements),
        "fingerprint": finding.fingerprint,
    }


def _rows(tree: Any, name: str) -> list[Any]:  # noqa: ANN401  what JSON gives
    if not isinstance(tree, dict) or _HEADER not in tree:
        raise InputError(f"`{name}` is no baseline: it has no `{_HEADER}`", span=Span(file=name), help=_ADVICE)
    if tree[_HEADER] != VERSION or isinstance(tree[_HEADER], bool):
        said = json.dumps(tree[_HEADER])[:20]
        message = f"`{name}` is a baseline of version {said}; this fedpolicy reads version {VERSION}"
        raise InputError(message, span=Span(file=name), help=_ADVICE)
    rows = tree.get("findings")
    if not isinstance(rows, list):
        raise InputError(f"`{name}` is no baseline: its `findings` are no list", span=Span(file=name), help=_ADVICE)
    return rows


def _entry(row: Any, place: int, name: str) -> BaselineEntry:  # noqa: ANN401
    if not _is_entry(row):
        message = f"`{name}` is no baseline: its entry number {place + 1} is not as fedpolicy writes it"
        raise InputError(message, span=Span(file=name), help=_ADVICE)
    return BaselineEntry(
        deployment=row["deployment"],
        rule=row["rule"],
        fingerprint=row["fingerprint"],
        verdict=row["verdict"],
        severity=_SEVERITIES[row["severity"]],
        elements=tuple(row["elements"]),
        place=place,
    )


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
