"""The server: which question of the protocol is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from fedpolicy import __version__
from fedpolicy.lsp import OpenPage, answers
from fedpolicy.lsp.completion import Offer, offers
from fedpolicy.lsp.diagnostics import offered, range_of, with_change
from fedpolicy.lsp.session import Session, Setup


def server_of(load: Callable[[], Setup]) -> LanguageServer:
    """A server that judges by what `load` gives."""
    server = LanguageServer("fedpolicy", __version__)
    state = Session(server, load)
    for name, answer in _ANSWERS.items():
        server.feature(name, _OPTIONS.get(name))(partial(answer, state))
    return server


async def _watch(state: Session, _: types.InitializedParams) -> None:
    """Ask the editor to tell of changed settings, if it can."""
    workspace = state.server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    globs = ("**/fedpolicy.toml", "**/pyproject.toml", "**/fedpolicy.waivers.yaml")
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(one) for one in globs])
    registration = types.Registration("fedpolicy-settings", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    with suppress(JsonRpcException):  # an editor that refuses is told of nothing, and saving a text tells enough
        await state.server.client_register_capability_async(types.RegistrationParams([registration]))


def _opened(state: Session, params: types.DidOpenTextDocumentParams) -> None:
    state.schedule(params.text_document.uri, 0)


def _changed(state: Session, params: types.DidChangeTextDocumentParams) -> None:
    state.schedule(params.text_document.uri)


def _closed(state: Session, params: types.DidCloseTextDocumentParams) -> None:
    state.close(params.text_document.uri)


def _settings_changed(state: Session, _: types.DidChangeWatchedFilesParams) -> None:
    state.forget_setup()


def _saved(state: Session, params: types.DidSaveTextDocumentParams) -> None:
    # Not every editor watches files: whoever saves may have changed a setting beside it.
    state.forget_setup()
    state.schedule(params.text_document.uri, 0)


def _completion(state: Session, params: types.CompletionParams) -> types.CompletionList:
    uri = params.text_document.uri
    page = state.page(uri)
    if page is None:
        return types.CompletionList(is_incomplete=False, items=[])
    line, column = state.place(uri, params.position)
    written, found = offers(page, line, column)
    start = types.Position(line, column - len(written))
    where = state.client_range(uri, types.Range(start, types.Position(line, column)))
    return types.CompletionList(is_incomplete=False, items=[_item(one, where) for one in found])


def _item(one: Offer, where: types.Range) -> types.CompletionItem:
    return types.CompletionItem(
        label=one.word,
        kind=types.CompletionItemKind.Property if one.key else types.CompletionItemKind.Value,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, one.about) if one.about else None,
        sort_text=one.sort,
        filter_text=one.word,
        text_edit=types.TextEdit(where, one.text),
    )


def _asked(state: Session, params: Any) -> tuple[OpenPage | None, int, int]:  # noqa: ANN401  the questions about a place
    """The text and the place from 1."""
    uri = params.text_document.uri
    line, column = state.place(uri, params.position)
    return state.page(uri), line + 1, column + 1


def _hover(state: Session, params: types.HoverParams) -> types.Hover | None:
    page, line, column = _asked(state, params)
    text = answers.hover(page, line, column) if page else ""
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


def _definition(state: Session, params: types.DefinitionParams) -> types.Location | None:
    page, line, column = _asked(state, params)
    span = answers.definition(page, line, column) if page else None
    return state.location(params.text_document.uri, span) if span else None


def _references(state: Session, params: types.ReferenceParams) -> list[types.Location]:
    page, line, column = _asked(state, params)
    declared = params.context.include_declaration
    found = answers.places(page, line, column, declared=declared) if page else []
    return [state.location(params.text_document.uri, span) for span in found]


def _symbols(state: Session, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    page = state.page(params.text_document.uri)
    return answers.symbols(page) if page else []


def _hints(state: Session, params: types.InlayHintParams) -> list[types.InlayHint]:
    page = state.page(params.text_document.uri)
    if page is None:
        return []
    first, last = params.range.start.line + 1, params.range.end.line + 1
    return [_hint(state, params.text_document.uri, page, *one) for one in answers.hints(page, first, last)]


def _hint(state: Session, uri: str, page: OpenPage, line: int, text: str) -> types.InlayHint:
    end = types.Position(line - 1, len(page.lines[line - 1].rstrip("\r")))
    place = state.client_range(uri, types.Range(end, end)).start
    return types.InlayHint(position=place, label=text, padding_left=True)


def _renameable(state: Session, params: types.PrepareRenameParams) -> types.Range | None:
    page, line, column = _asked(state, params)
    found = answers.places(page, line, column, declared=True) if page else []
    inside = (one for one in found if one.line == line and one.column <= column <= one.end_column)
    span = next(inside, None)
    return state.client_range(params.text_document.uri, range_of(span)) if span else None


def _renamed(state: Session, params: types.RenameParams) -> types.WorkspaceEdit | None:
    page, line, column = _asked(state, params)
    found = answers.edits_of_rename(page, line, column, params.new_name) if page else []
    uri = params.text_document.uri
    edits = [types.TextEdit(state.client_range(uri, range_of(span)), text) for span, text in found]
    return types.WorkspaceEdit(changes={uri: edits}) if edits else None


_ANSWERS: dict[str, Callable[..., object]] = {
    types.INITIALIZED: _watch,
    types.TEXT_DOCUMENT_DID_OPEN: _opened,
    types.TEXT_DOCUMENT_DID_CHANGE: _changed,
    types.TEXT_DOCUMENT_DID_CLOSE: _closed,
    types.TEXT_DOCUMENT_DID_SAVE: _saved,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _settings_changed,
    types.TEXT_DOCUMENT_COMPLETION: _completion,
    types.TEXT_DOCUMENT_HOVER: _hover,
    types.TEXT_DOCUMENT_DEFINITION: _definition,
    types.TEXT_DOCUMENT_REFERENCES: _references,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: _symbols,
    types.TEXT_DOCUMENT_INLAY_HINT: _hints,
    types.TEXT_DOCUMENT_PREPARE_RENAME: _renameable,
    types.TEXT_DOCUMENT_RENAME: _renamed,
    types.TEXT_DOCUMENT_CODE_ACTION: offered,
    types.CODE_ACTION_RESOLVE: with_change,
}
_OPTIONS = {
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(trigger_characters=list(" :{[,-@/")),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix], resolve_provider=True
    ),
}
