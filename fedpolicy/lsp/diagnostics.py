"""Mistakes and findings as an editor shows them: at their place, with the advice and the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from fedpolicy.findings import Finding, Severity, Span, Verdict

if TYPE_CHECKING:
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.lsp.page import Page

__all__ = ["SOURCE", "diagnostics_of", "range_of"]

SOURCE = "fedpolicy"
_SHOWN = {
    Severity.CRITICAL: types.DiagnosticSeverity.Error,
    Severity.HIGH: types.DiagnosticSeverity.Error,
    Severity.MEDIUM: types.DiagnosticSeverity.Warning,
    Severity.LOW: types.DiagnosticSeverity.Information,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def diagnostics_of(page: Page, uri: str) -> Iterator[types.Diagnostic]:
    """Every mistake; where there is none, every finding and question. What is waived is not shown."""
    for error in page.errors:
        yield _mistake(error)
    for finding in page.findings if page.current else ():
        if finding.verdict is not Verdict.WAIVED and finding.span.file == page.name:
            yield _finding(finding, page, uri)


def range_of(span: Span | None) -> types.Range:
    """Where something stands, counted from 0; what stands nowhere is shown at the top."""
    if span is None:
        return types.Range(types.Position(0, 0), types.Position(0, 0))
    start = types.Position(span.line - 1, span.column - 1)
    return types.Range(start, types.Position(span.end_line - 1, span.end_column - 1))


def _mistake(error: FedPolicyError) -> types.Diagnostic:
    advice = f"\n{error.help}" if error.help else ""
    path = f"{error.path}: " if error.path else ""
    return types.Diagnostic(
        range=range_of(error.span),
        message=f"{path}{error.message}{advice}",
        severity=types.DiagnosticSeverity.Error,
        source=SOURCE,
        data={"help": error.help},
    )


def _finding(finding: Finding, page: Page, uri: str) -> types.Diagnostic:
    unknown = finding.verdict is Verdict.UNKNOWN
    label = "question" if unknown else finding.severity.label
    asked = f"\nNot stated: {', '.join(finding.missing)}" if unknown and finding.missing else ""
    return types.Diagnostic(
        range=range_of(finding.span),
        message=f"{label}: {finding.message}{asked}\n{finding.help}",
        severity=types.DiagnosticSeverity.Hint if unknown else _SHOWN[finding.severity],
        code=finding.rule,
        source=SOURCE,
        related_information=[
            types.DiagnosticRelatedInformation(
                location=types.Location(uri=uri, range=range_of(hop.span)),
                message=f"{hop.source} -> {hop.target}: {hop.payload}",
            )
            for path in finding.paths[:1]
            for hop in path
            if hop.span.file == page.name
        ],
        data={"fingerprint": finding.fingerprint, "deployment": finding.deployment, "missing": list(finding.missing)},
    )
