"""
The report for code scanning: SARIF 2.1.0, with what GitHub needs (rule help, full regions, paths, fingerprints).

Unknown findings become one note a missing fact, and waived ones are left out; docs/decisions says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fedpolicy.findings import Finding, Hop, Reference, Report, RuleInfo, Severity, Span, Verdict
from fedpolicy.overview import UnreadFile
from fedpolicy.report import amount
from fedpolicy.report.annotations import MISSING_FACT, rooted
from fedpolicy.report.rows import (
    baseline_row,
    count_row,
    json_text,
    mistake_rows,
    override_lines,
    override_rows,
    row_of,
    waiver_row,
)
from fedpolicy.report.summarise import MissingFact, missing_facts
from fedpolicy.report.verdict import scope_notes

SUMMARY = "for code scanning: SARIF 2.1.0"
SUFFIX = ".sarif"

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Within the bands that GitHub shows as critical, high, medium and low. No score: no security alert.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_MOST_TEXT = 1000  # GitHub takes 1,024 characters of a description
MOST_RESULTS = 25_000  # of a run; GitHub refuses the whole file where there are more
_GRADES = ("error", "warning", "note", "none")
_MOST_ELEMENTS = 100  # what GitHub keeps of a result's locations


def render(report: Report) -> str:
    """Write the report as one SARIF run."""
    report = rooted(report)
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return json_text(log)


def _run(report: Report) -> dict[str, Any]:
    rules = _rules(report)
    index = {rule.id: place for place, rule in enumerate(rules)}
    lines = {file.name: file.lines for file in report.files}
    results = _numbered(_results(report, index, lines))
    about = {"name": "fedpolicy", "version": report.version, "semanticVersion": report.version}
    return {
        "tool": {"driver": {**about, "rules": [_rule_row(rule) for rule in rules]}},
        "automationDetails": {"id": "fedpolicy/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(results) - MOST_RESULTS)],
        "results": _worst(results),
        "properties": _properties(report),
    }


def _properties(report: Report) -> dict[str, Any]:
    """The counts, and what is waived or known: as a result, GitHub would make an alert of it."""
    row: dict[str, Any] = {"summary": count_row(report.counts)}
    if waived := _waived(report):
        row["waived"] = waived
    if report.baseline:
        row["baseline"] = baseline_row(report.baseline)
    return row


def _waived(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "rule": one.rule,
            "elements": one.elements[:_MOST_ELEMENTS],
            **row_of(one, "message", "fingerprint"),
            "waiver": waiver_row(one.waiver) if one.waiver else None,
        }
        for one in report.findings
        if one.verdict is Verdict.WAIVED
    ]


def _rules(report: Report) -> list[RuleInfo]:
    """Every rule that was checked, and those that findings name besides."""
    known = {rule.id: rule for rule in report.rules}
    for finding in report.findings:
        known.setdefault(finding.rule, _rule_of(finding))
    known[MISSING_FACT.id] = MISSING_FACT
    return [known[name] for name in sorted(known)]


def _rule_of(finding: Finding) -> RuleInfo:
    said = row_of(finding, "pack", "title", "principle", "why", "help", "references")
    return RuleInfo(id=finding.rule, severity=finding.severity, **said)


def _results(report: Report, index: Mapping[str, int], lines: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    for finding in (one for one in report.findings if one.is_judged):
        still = {"kind": "open", "level": "none"} if finding.verdict is Verdict.UNKNOWN else {}
        yield _result(finding, index, lines) | still
    for fact in missing_facts(report.findings, report.places):
        yield _missing(fact, index, lines)


def _result(finding: Finding, index: Mapping[str, int], lines: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    row = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message or finding.title},
        "locations": [_location(finding.span, lines, finding.elements)],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
        "properties": {
            **row_of(finding, "severity", "pack", "deployment"),
            **({"cause": finding.cause} if finding.cause else {}),
        },
    }
    return row | _ways(finding)


def _ways(finding: Finding) -> dict[str, Any]:
    """The other places of a finding, and the ways by which something is learned."""
    also = [{"physicalLocation": _physical(one.span), "message": {"text": one.text}} for one in finding.related]
    flows = [_code_flow(path) for path in finding.paths if path]
    return {**({"relatedLocations": also} if also else {}), **({"codeFlows": flows} if flows else {})}


def _missing(fact: MissingFact, index: Mapping[str, int], lines: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    verb = "decides" if fact.alone else "helps to decide"
    return {
        "ruleId": MISSING_FACT.id,
        "ruleIndex": index[MISSING_FACT.id],
        "level": _LEVELS[Severity.INFO],
        "message": {"text": f"{fact.fact} is not stated; it {verb} {', '.join(fact.rules)}"},
        "locations": [_location(fact.span, lines, (fact.fact,))],
        "partialFingerprints": {"primaryLocationLineHash": f"{fact.deployment}/{fact.fact}"},
        "properties": row_of(fact, "severity", "rules", "deployment"),
    }


def _numbered(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell equal fingerprints apart by counting them, as GitHub does with its own (`hash:1`)."""
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for result in results:
        prints = result["partialFingerprints"]
        key = (result["ruleId"], prints["primaryLocationLineHash"])
        seen[key] += 1
        prints["primaryLocationLineHash"] += f":{seen[key]}"
        numbered.append(result)
    return numbered


def _worst(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as GitHub takes: the gravest, in their order."""
    ranked = sorted(range(len(results)), key=lambda place: _GRADES.index(results[place]["level"]))
    return [results[place] for place in sorted(ranked[:MOST_RESULTS])]


def _code_flow(path: Sequence[Hop]) -> dict[str, Any]:
    return {"threadFlows": [{"locations": [{"location": _step(hop)} for hop in path]}]}


def _step(hop: Hop) -> dict[str, Any]:
    origin = f", implied by {hop.implied_by}" if hop.implied_by else ""
    text = f"{hop.source} -> {hop.target}: {hop.payload} ({hop.flow}{origin})"
    return {"physicalLocation": _physical(hop.span), "message": {"text": text}}


def _location(span: Span, lines: Mapping[str, Sequence[str]], elements: Sequence[str]) -> dict[str, Any]:
    physical = _physical(span)
    shown = lines.get(span.file, ())[span.line - 1 : span.end_line]
    if shown:
        physical["region"]["snippet"] = {"text": _inside(span, shown)}
        physical["contextRegion"] = {
            "startLine": span.line,
            "endLine": span.end_line,
            "snippet": {"text": "\n".join(shown)},
        }
    logical = [{"fullyQualifiedName": element} for element in elements[:_MOST_ELEMENTS]]
    return {"physicalLocation": physical, "logicalLocations": logical}


def _inside(span: Span, shown: Sequence[str]) -> str:
    lines = list(shown)
    if span.end_line == span.line + len(lines) - 1:
        lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def _physical(span: Span) -> dict[str, Any]:
    from urllib.parse import quote  # noqa: PLC0415  costs more than the rest of this module

    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    name = quote(span.file, errors="surrogateescape")  # a name is bytes, which need not be UTF-8
    uri = f"file://{name}" if span.file.startswith("/") else name
    return {"artifactLocation": {"uri": uri}, "region": region}


def _invocation(report: Report, more: int) -> dict[str, Any]:
    rows = mistake_rows(report)
    skipped = [_skipped(one) for one in (report.reading.not_read if report.reading else ())]
    notes = [*map(_notification, rows), *skipped, *scope_notes(report), *([_left_out(more)] if more > 0 else [])]
    found: dict[str, Any] = {"executionSuccessful": not rows, "toolExecutionNotifications": notes}
    said = {"overrides": override_rows(report.overrides), "summary": override_lines(report.overrides)}
    return found | ({"properties": said} if report.overrides else {})


def _skipped(one: UnreadFile) -> dict[str, Any]:
    row = {"element": "", "message": one.why, "help": "", "file": one.file, "line": one.line, "column": one.column}
    return _notification(row) | {"level": "warning"}


def _left_out(more: int) -> dict[str, Any]:
    left = f"{amount(more, 'result')} {'is' if more == 1 else 'are'} left out, of the least severe ones"
    advice = "check folders in runs of their own, or write another format as well"
    text = f"{left}: code scanning takes {MOST_RESULTS:,} of a run ({advice})"
    return {"level": "warning", "message": {"text": text}}


def _notification(row: Mapping[str, Any]) -> dict[str, Any]:
    text = f"{row['element']}: {row['message']}" if row["element"] else row["message"]
    note: dict[str, Any] = {"level": "error", "message": {"text": f"{text} ({row['help']})" if row["help"] else text}}
    if row["file"]:
        line, column = row["line"] or 1, row["column"] or 1
        span = Span(file=row["file"], line=line, column=column, end_line=line, end_column=column)
        note["locations"] = [{"physicalLocation": _physical(span)}]
    return note


def _rule_row(rule: RuleInfo) -> dict[str, Any]:
    """One entry of `tool.driver.rules`: texts, markdown help, level and score."""
    properties: dict[str, Any] = {"tags": [tag for tag in ("security", rule.principle, rule.pack, *rule.tags) if tag]}
    if rule.severity in _SCORES:
        properties["security-severity"] = _SCORES[rule.severity]
    name = "".join(word.capitalize() for word in rule.id.split("-"))
    return {
        "id": rule.id,
        # SARIF wants a name that differs from the id, or none.
        **({"name": name} if "-" in rule.id else {}),
        "shortDescription": {"text": _short(rule.title or rule.id)},
        "fullDescription": {"text": _short(rule.why or rule.title or rule.id)},
        "help": {"text": _plain_help(rule), "markdown": _markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_TEXT else plain[: _MOST_TEXT - 1] + "…"


def _plain_help(rule: RuleInfo) -> str:
    references = [f"{one.basis}: {one.title} {one.url}".rstrip() for one in rule.references]
    return "\n\n".join(part for part in (rule.title, rule.why, rule.help, "\n".join(references)) if part)


def _markdown(rule: RuleInfo) -> str:
    parts = [f"## {rule.title or rule.id}"]
    if rule.why:
        parts.append(f"### Why\n{rule.why.strip()}")
    if rule.help:
        parts.append(f"### What to do\n{rule.help.strip()}")
    if rule.false_positives:
        parts.append("### Known false positives\n" + "\n".join(f"- {text}" for text in rule.false_positives))
    if rule.references:
        parts.append("### References\n" + "\n".join(f"- {_reference(one)}" for one in rule.references))
    return "\n\n".join(parts) + "\n"


def _reference(reference: Reference) -> str:
    title = f"[{reference.title}]({reference.url})" if reference.url else reference.title
    note = f": {reference.note}" if reference.note else ""
    return f"{title} ({reference.basis}){note}"
