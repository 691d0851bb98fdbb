"""Places, hops and errors as rows of plain values, and the JSON that every answer of fedpolicy is written as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fedpolicy.characters import SURROGATES, spelt
from fedpolicy.errors import FedPolicyError, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fedpolicy.findings import Hop, Span, Waiver

__all__ = ["error_rows", "hop_row", "json_text", "span_row", "waiver_row"]


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
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n")) + "\n"


def _escaped(line: str) -> str:
    # Outside of texts JSON is ASCII, so whatever is found here stands inside of one.
    named = SURROGATES.sub(lambda found: _inside(spelt(found.group()), ensure_ascii=False), line)
    return "".join(char if char.isprintable() else _inside(char, ensure_ascii=True) for char in named)


def _inside(text: str, *, ensure_ascii: bool) -> str:
    # The encoder leaves out one control character.
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1].replace("\x7f", "\\u007f")
