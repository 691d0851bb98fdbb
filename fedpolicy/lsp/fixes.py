"""The changes of `actions` as an editor takes them: offered at once, or worked out when somebody picks one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls import uris

from fedpolicy.lsp.diagnostics import range_of

if TYPE_CHECKING:
    from fedpolicy.findings import Finding, Span
    from fedpolicy.lsp.actions import Action
    from fedpolicy.lsp.page import Page
    from fedpolicy.lsp.session import Session

__all__ = ["offered", "resolved"]

_LATER = (("repair", "Look for a proved repair"), ("waive", "Waive it: write down why"))


def offered(state: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the mistakes and findings at a place; what takes long is worked out when it is picked."""
    from fedpolicy.lsp.actions import corrections, facts  # noqa: PLC0415  repairs are heavy, and few are asked for

    uri = params.text_document.uri
    page = state.page(uri)
    if page is None:
        return []
    found: list[types.CodeAction] = []
    for one in params.context.diagnostics:
        data: dict[str, Any] = one.data if isinstance(one.data, dict) else {}
        mistake = next((error for error in page.errors if _is_shown(state, uri, error.span, one)), None)
        if mistake and mistake.span:
            found += [_as_action(state, uri, one, action) for action in corrections(page, mistake.span, mistake.help)]
        finding = _finding(page, data)
        if finding:
            found += [_as_action(state, uri, one, action) for action in facts(page, finding)]
            found += [_later(uri, one, kind, title) for kind, title in _LATER]
    return found


def _is_shown(state: Session, uri: str, span: Span | None, shown_as: types.Diagnostic) -> bool:
    """Whether a mistake is the one that a diagnostic shows."""
    return state.client_range(uri, range_of(span)) == shown_as.range and "fingerprint" not in (shown_as.data or {})


def _finding(page: Page, data: dict[str, Any]) -> Finding | None:
    mark, deployment = data.get("fingerprint"), data.get("deployment")
    return next(
        (one for one in page.findings if mark and (one.fingerprint, one.deployment) == (mark, deployment)), None
    )


def _later(uri: str, diagnostic: types.Diagnostic, kind: str, title: str) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        data={"uri": uri, "kind": kind, **(diagnostic.data if isinstance(diagnostic.data, dict) else {})},
    )


def _as_action(state: Session, uri: str, diagnostic: types.Diagnostic, action: Action) -> types.CodeAction:
    return types.CodeAction(
        title=action.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        edit=_edit(state, uri, action),
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


def resolved(state: Session, action: types.CodeAction) -> types.CodeAction:
    """The same with its change, which is looked for now. Where none is found, that is said."""
    from fedpolicy.lsp.actions import repaired, waived  # noqa: PLC0415  see above

    data: dict[str, Any] = action.data if isinstance(action.data, dict) else {}
    uri = str(data.get("uri", ""))
    page = state.page(uri) if uri else None
    finding = _finding(page, data) if page else None
    if page is None or finding is None:
        return action
    setup = state.setup
    if data["kind"] == "repair":
        found = repaired(page, finding, setup.settings)
    else:
        found = waived(finding, setup.settings, setup.waivers)
    if found is None:
        state.tell("no change that was tried clears this finding by itself; `fedpolicy why` shows what would lower it")
        return action
    action.title, action.edit = found.title, _edit(state, uri, found)
    return action
