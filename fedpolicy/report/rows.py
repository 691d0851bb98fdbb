"""Places, hops, errors and overrides as rows of plain values, and the JSON that every answer is written as."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fedpolicy.characters import SURROGATES, spelt
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Override
from fedpolicy.report.style import clean, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fedpolicy.findings import Hop, Span, Waiver

__all__ = [
    "csv_text",
    "error_rows",
    "hop_row",
    "json_text",
    "override_lines",
    "override_rows",
    "span_row",
    "waiver_row",
]


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


def span_row(span: Span) -> dict[str, Any]:
    """A place: lines and columns count from 1, the end column is one past the last character."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def hop_row(hop: Hop) -> dict[str, Any]:
    """One hop of a path."""
    return {
        "from": hop.source,
        "to": hop.target,
        "payload": hop.payload,
        "flow": hop.flow,
        "implied_by": hop.implied_by,
        "file": hop.span.file,
        "line": hop.span.line,
    }


def waiver_row(waiver: Waiver) -> dict[str, Any]:
    """Who has accepted a finding, why, until when; `verdict` is what the rule says, the place that of the entry."""
    return {
        "id": waiver.id,
        "verdict": waiver.verdict.value,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approved_by": waiver.approved_by,
        "expires": waiver.expires,
        "file": waiver.span.file,
        "line": waiver.span.line,
    }


def error_rows(errors: Iterable[Exception], file: str = "") -> Iterator[dict[str, Any]]:
    """What could not be used and why; `file` names it where the error itself does not."""
    for error in errors:
        if isinstance(error, Problems):
            yield from error_rows(error.errors, file)
        else:
            yield _error_row(error, file)


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
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if text.replace("\n", "").isprintable():
        return f"{text}\n"
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n")) + "\n"


def _escaped(line: str) -> str:
    # Outside of texts JSON is ASCII, so whatever is found here stands inside of one.
    named = SURROGATES.sub(lambda found: _inside(spelt(found.group()), ensure_ascii=False), line)
    return "".join(char if char.isprintable() else _inside(char, ensure_ascii=True) for char in named)


def _inside(text: str, *, ensure_ascii: bool) -> str:
    # The encoder leaves out one control character.
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1].replace("\x7f", "\\u007f")


def override_lines(overrides: Sequence[Override]) -> list[str]:
    """A sentence for each who says so: `1 rule off, 4 shipped facts replaced, by fedpolicy.toml`."""
    return [_line(by, [one for one in overrides if one.by == by]) for by in dict.fromkeys(one.by for one in overrides)]


def override_rows(overrides: Iterable[Override]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [{"what": one.what, "by": one.by, "amount": one.amount, "names": list(one.names)} for one in overrides]


def _line(by: str, overrides: Sequence[Override]) -> str:
    return f"{', '.join(map(_words, overrides))}, by {by}"


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
