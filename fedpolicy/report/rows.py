"""Places, hops, errors and overrides as rows of plain values, and the JSON that every answer is written as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Baselined, Finding, Hop, Override, Report, Severity, Span, Verdict, Waiver
from fedpolicy.limits import SURROGATES, spelt
from fedpolicy.report import clean, listing

_WORDS = {
    "rules_off": ("rule off", "rules off"),
    "rules_ignored": ("rule ignored", "rules ignored"),
    "rules_not_selected": ("rule not selected", "rules not selected"),
    "severities_lowered": ("severity lowered", "severities lowered"),
    "parameters_set": ("parameter set", "parameters set"),
    "facts_replaced": ("shipped fact replaced", "shipped facts replaced"),
    "deployments_excluded": ("deployment excluded", "deployments excluded"),
}
_FAILING = {"critical": "only critical findings fail", "never": "no finding fails"}
_MOST_NAMES = 8
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def row_of(item: object, *names: str) -> dict[str, Any]:
    """Fields of a thing as they are, in this order; severities by their words."""
    found = ((name, getattr(item, name)) for name in names)
    return {name: value.label if isinstance(value, Severity) else value for name, value in found}


def count_row(counts: Mapping[Verdict, int]) -> dict[str, int]:
    """How many there are of each verdict."""
    return {verdict.value: number for verdict, number in counts.items()}


def deployment_rows(report: Report) -> list[dict[str, str]]:
    """What was judged, and where it stands."""
    return [{"file": file.name, "name": name} for file in report.files for name in file.deployments]


def span_row(span: Span) -> dict[str, Any]:
    """A place: lines and columns count from 1, the end column is one past the last character."""
    return row_of(span, "file", "line", "column", "end_line", "end_column")


def hop_row(hop: Hop) -> dict[str, Any]:
    """One hop of a path."""
    return {
        "from": hop.source,
        "to": hop.target,
        **row_of(hop, "payload", "flow", "implied_by"),
        **row_of(hop.span, "file", "line"),
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding in short: what, where, and by which mark it is known."""
    return {
        **row_of(finding, "rule", "severity", "verdict", "elements", "message"),
        **row_of(finding.span, "file", "line"),
        "fingerprint": finding.fingerprint,
    }


def waiver_row(waiver: Waiver) -> dict[str, Any]:
    """Who has accepted a finding, why, until when; `verdict` is what the rule says, the place that of the entry."""
    return {
        **row_of(waiver, "id", "verdict", "reason", "owner", "approved_by", "expires"),
        **row_of(waiver.span, "file", "line"),
    }


def baseline_row(baseline: Baselined) -> dict[str, Any]:
    """What a baseline keeps out of a report."""
    return {"file": baseline.file, "known": count_row(baseline.known), "fixed": baseline.fixed}


def error_rows(errors: Iterable[Exception], file: str = "") -> Iterator[dict[str, Any]]:
    """What could not be used and why; `file` names it where the error itself does not."""
    for error in errors:
        if isinstance(error, Problems):
            yield from error_rows(error.errors, file)
        else:
            yield _error_row(error, file)


def mistake_rows(report: Report) -> list[dict[str, Any]]:
    """What could not be used: of the run, then of each file."""
    return [*error_rows(report.errors), *(row for file in report.files for row in error_rows(file.errors, file.name))]


def _error_row(error: Exception, file: str) -> dict[str, Any]:
    known = error if isinstance(error, FedPolicyError) else FedPolicyError(str(error))
    return {
        "file": known.span.file if known.span else file,
        "line": known.span.line if known.span else None,
        "column": known.span.column if known.span else None,
        "element": known.path,
        "message": known.message,
        "help": known.help,
    }


def json_text(document: object) -> str:
    r"""
    Write a document. A character that cannot be seen is written as its escape (`\u202e`), which means the same.

    A name with bytes that are no UTF-8 has `\xff` in their place: half a character is refused by many readers.
    """
    import json  # noqa: PLC0415  reports for people have words from here, and no JSON

    text = json.dumps(document, indent=2, ensure_ascii=False)
    if text.replace("\n", "").isprintable():
        return f"{text}\n"
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n")) + "\n"


def _escaped(line: str) -> str:
    # Outside of texts JSON is ASCII, so whatever is found here stands inside of one.
    named = SURROGATES.sub(lambda found: _inside(spelt(found.group()), ensure_ascii=False), line)
    return "".join(char if char.isprintable() else _inside(char, ensure_ascii=True) for char in named)


def _inside(text: str, *, ensure_ascii: bool) -> str:
    import json  # noqa: PLC0415  see above

    # The encoder leaves out one control character.
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1].replace("\x7f", "\\u007f")


def override_lines(overrides: Sequence[Override]) -> list[str]:
    """A sentence for each who says so: `1 rule off, 4 shipped facts replaced, by fedpolicy.toml`."""
    return [
        f"{', '.join(_words(one) for one in overrides if one.by == by)}, by {by}"
        for by in dict.fromkeys(one.by for one in overrides)
    ]


def override_rows(overrides: Iterable[Override]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [row_of(one, "what", "by", "amount", "names") for one in overrides]


def _words(one: Override) -> str:
    if one.what == "failing_from":
        return _FAILING[one.names[0]]
    words = f"{one.amount:,} {_WORDS[one.what][one.amount > 1]}"
    return f"{words} ({listing(one.names)})" if 0 < len(one.names) <= _MOST_NAMES else words


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """
    Rows under names of columns, for spreadsheets.

    A spreadsheet would run a cell that begins as a formula does, so such a cell begins with an apostrophe, and what
    would steer a terminal is replaced: the text comes from files of others.
    """
    import csv  # noqa: PLC0415  few reports are tables
    import io  # noqa: PLC0415  see above

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: str | int) -> str | int:
    if not isinstance(value, str):
        return value
    text = "\n".join(clean(line) for line in value.split("\n"))
    return f"'{text}" if value.startswith(_FORMULA) else text
