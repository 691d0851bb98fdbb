"""Mistakes and findings as an editor shows them, and what to do about each: now, or worked out when it is picked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls import uris

from fedpolicy.findings import Finding, Hop, Severity, Span, Verdict

if TYPE_CHECKING:
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.lsp import OpenPage
    from fedpolicy.lsp.actions import Action
    from fedpolicy.lsp.session import Session

SOURCE = "fedpolicy"
_SHOWN = {
    Severity.CRITICAL: types.DiagnosticSeverity.Error,
    Severity.HIGH: types.DiagnosticSeverity.Error,
    Severity.MEDIUM: types.DiagnosticSeverity.Warning,
    Severity.LOW: types.DiagnosticSeverity.Information,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_LATER = (("repair", "Look for a proved repair"), ("waive", "Waive it: write down why"))


def diagnostics_of(page: OpenPage, uri: str) -> Iterator[types.Diagnostic]:
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


def _finding(finding: Finding, page: OpenPage, uri: str) -> types.Diagnostic:
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
            _step(hop, uri) for path in finding.paths[:1] for hop in path if hop.span.file == page.name
        ],
        data={"fingerprint": finding.fingerprint, "deployment": finding.deployment, "missing": list(finding.missing)},
    )


def _step(hop: Hop, uri: str) -> types.DiagnosticRelatedInformation:
    place = types.Location(uri=uri, range=range_of(hop.span))
    return types.DiagnosticRelatedInformation(place, f"{hop.source} -> {hop.target}: {hop.payload}")


def offered(state: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the mistakes and findings at a place; what takes long is worked out when it is picked."""
    from fedpolicy.lsp.actions import corrections, stated_facts  # noqa: PLC0415  repairs are heavy, and few are asked for

    uri = params.text_document.uri
    page = state.page(uri)
    if page is None:
        return []
    found: list[types.CodeAction] = []
    for one in params.context.diagnostics:
        mistake = next((error for error in page.errors if _is_shown(state, uri, error.span, one)), None)
        finding = _finding_of(page, one.data)
        now = list(corrections(page, mistake.span, mistake.help)) if mistake and mistake.span else []
        now += stated_facts(page, finding) if finding else []
        found += [_as_action(state, uri, one, action) for action in now]
        found += [_later(uri, one, kind, title) for kind, title in _LATER] if finding else []
    return found


def _is_shown(state: Session, uri: str, span: Span | None, shown_as: types.Diagnostic) -> bool:
    """Whether a mistake is the one that a diagnostic shows."""
    return state.client_range(uri, range_of(span)) == shown_as.range and "fingerprint" not in (shown_as.data or {})


def _finding_of(page: OpenPage, data: Any) -> Finding | None:  # noqa: ANN401  whatever an editor hands back
    mark = (data.get("fingerprint"), data.get("deployment")) if isinstance(data, dict) else None
    return next((one for one in page.findings if (one.fingerprint, one.deployment) == mark), None)


def _later(uri: str, diagnostic: types.Diagnostic, kind: str, title: str) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        data={"uri": uri, "kind": kind, **(diagnostic.data if isinstance(diagnostic.data, dict) else {})},
    )


def _as_action(state: Session, uri: str, diagnostic: types.Diagnostic, action: Action) -> types.CodeAction:
    return types.CodeAction(
        title=action.title, kind=types.CodeActionKind.QuickFix, diagnostics=[diagnostic], edit=_edit(state, uri, action)
    )


def _edit(state: Session, uri: str, action: Action) -> types.WorkspaceEdit:
    if action.file is None:
        where = state.client_range(uri, range_of(action.span))
        return types.WorkspaceEdit(changes={uri: [types.TextEdit(where, action.text)]})
    target = uris.from_fs_path(str(action.file.resolve())) or ""
    everything = types.Range(types.Position(0, 0), types.Position(2**31 - 1, 0))
    document = types.OptionalVersionedTextDocumentIdentifier(uri=target)
    made: list[Any] = [] if action.file.exists() else [types.CreateFile(uri=target)]
    written = types.TextDocumentEdit(text_document=document, edits=[types.TextEdit(everything, action.text)])
    return types.WorkspaceEdit(document_changes=[*made, written])


def with_change(state: Session, action: types.CodeAction) -> types.CodeAction:
    """The same with its change, which is looked for now. Where none is found, that is said."""
    from fedpolicy.lsp.actions import repaired, waived  # noqa: PLC0415  see above

    data: dict[str, Any] = action.data if isinstance(action.data, dict) else {}
    uri = str(data.get("uri", ""))
    page = state.page(uri) if uri else None
    finding = _finding_of(page, data) if page else None
    if page is None or finding is None:
        return action
    settings, file = state.setup.settings, state.setup.waivers
    found = repaired(page, finding, settings) if data["kind"] == "repair" else waived(finding, settings, file)
    if found is None:
        state.tell("no change that was tried clears this finding by itself; `fedpolicy why` shows what would lower it")
    else:
        action.title, action.edit = found.title, _edit(state, uri, found)
    return action
