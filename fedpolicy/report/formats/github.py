"""
Annotations of GitHub Actions: workflow commands, which a step prints.

GitHub shows ten annotations of each level a step, so no more are written: the most severe ones. The last line counts
the rest. Text from the deployment is escaped, so that it can start no command of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedpolicy.findings import Report, Severity, Verdict
from fedpolicy.report import amount, clean
from fedpolicy.report.annotations import Annotation, annotations_of, baseline_words, rooted
from fedpolicy.report.verdict import scope_words

SUMMARY = "for GitHub Actions: annotations, as workflow commands"
SUFFIX = ".annotations"
MOST = 10

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


def render(report: Report) -> str:
    """Write one command a line, most severe first, then what is waived, and a last line with the counts."""
    report = rooted(report)
    found = annotations_of(report)
    shown = [one for level in ("error", "warning", "notice") for one in _of(level, found)[:MOST]]
    whom = (f"::notice title=scope::{_data(words)}" for words in scope_words(report))
    lines = (*map(_command, shown), *_waived(report), *whom, _closing(report, len(found) - len(shown)))
    return "".join(f"{line}\n" for line in lines)


def _of(level: str, found: Iterable[Annotation]) -> list[Annotation]:
    return [one for one in found if _LEVELS[one.severity] == level]


def _command(annotation: Annotation) -> str:
    span = annotation.span
    label = annotation.severity.label if annotation.verdict == "fail" else annotation.verdict
    fields: dict[str, object] = {}
    if span.file:
        fields = {"file": span.file, "line": span.line, "endLine": span.end_line}
        if span.line == span.end_line:
            # GitHub takes columns of one line only.
            fields |= {"col": span.column, "endColumn": span.end_column}
    fields["title"] = f"{label}: {annotation.rule}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items())
    return f"::{_LEVELS[annotation.severity]} {written}::{_data(_text(annotation))}"


def _text(annotation: Annotation) -> str:
    hops = [
        f"{hop.source} -> {hop.target}: {hop.payload} ({hop.span.file}:{hop.span.line})"
        for hop in annotation.path[:MOST]
    ]
    if len(annotation.path) > MOST:
        hops.append(f"... {len(annotation.path) - MOST:,} more hops ...")
    return "\n".join([annotation.message, *hops, *([f"Help: {annotation.help}"] if annotation.help else [])])


def _data(text: str) -> str:
    lines = (clean(line).replace("%", "%25") for line in text.rstrip().splitlines())
    return "%0A".join(lines)


def _waived(report: Report) -> Iterator[str]:
    """Plain lines of the log: what is waived is decided, so it is no annotation."""
    for finding in report.findings:
        if finding.verdict is Verdict.WAIVED:
            text = " ".join("; ".join((finding.message, *finding.notes[:1])).split())
            yield clean(f"fedpolicy: waived {finding.rule} ({finding.span}): {text}")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _closing(report: Report, left_out: int) -> str:
    counts = ", ".join(f"{number:,} {verdict.replace('_', ' ')}" for verdict, number in report.counts.items())
    rest = f"; {amount(left_out, 'annotation')} more than GitHub shows, see the summary" if left_out else ""
    stopped = f"; {report.interruption}" if report.interruption else ""
    known = f"; {clean(baseline_words(report.baseline))}" if report.baseline else ""
    return f"fedpolicy: {counts}{known}{rest}{stopped}"
