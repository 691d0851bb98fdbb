"""The open texts of one editor, what they are judged by, and when one is judged again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls import uris

from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.lsp import OpenPage, open_page
from fedpolicy.lsp.diagnostics import diagnostics_of, range_of
from fedpolicy.records import dataclass, replace
from fedpolicy.sources import shown_path
from fedpolicy.sources.header import is_deployment

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from fedpolicy.check import Judge
    from fedpolicy.findings import Span
    from fedpolicy.settings import Settings

_PAUSE = 0.2  # seconds without a key, after which a text is judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What texts are judged by: read anew when a setting changes. `waivers` is the file that holds waivers."""

    judge: Judge
    settings: Settings
    problems: Sequence[FedPolicyError]
    waivers: Path


class Session:
    """The open texts, and the setup that they are judged by."""

    def __init__(self, server: LanguageServer, load: Callable[[], Setup]) -> None:
        self.server, self._load = server, load
        self.pages: dict[str, OpenPage] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._setup: Setup | None = None

    @property
    def setup(self) -> Setup:
        """Read when it is first needed. Raises Problems where the catalogue or the configuration cannot be used."""
        if self._setup is None:
            self._setup = self._load()
            for error in self._setup.problems:
                self.tell(str(error))
        return self._setup

    def forget_setup(self) -> None:
        """A setting has changed: all open texts are judged again."""
        self._setup = None
        for uri in list(self.pages):
            self.schedule(uri, 0)

    def tell(self, message: str) -> None:
        """Show a message that belongs to no text."""
        kind = types.MessageType.Warning
        self.server.window_show_message(types.ShowMessageParams(kind, f"fedpolicy: {message}"))

    def schedule(self, uri: str, pause: float = _PAUSE) -> None:
        """Judge a text after a pause; another change begins the pause anew."""
        waiting = self._waiting.pop(uri, None)
        if waiting:
            waiting.cancel()
        self._waiting[uri] = asyncio.ensure_future(self._judge(uri, pause))

    async def _judge(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        await asyncio.to_thread(self.judge, uri)
        self.publish(uri)

    def judge(self, uri: str) -> OpenPage | None:
        """Read and judge a text as it stands in the editor."""
        text = self.server.workspace.get_text_document(uri).source
        name = _name_of(uri)
        if not is_deployment(name, text.encode()) and uri not in self.pages:
            return None
        before = self.pages.get(uri)
        if before is not None and before.text == text and self._setup is not None:
            return before
        try:
            setup = self.setup
        except Problems as problems:
            for error in problems.errors:
                self.tell(str(error))
            return before
        self.pages[uri] = open_page(name, text, setup.judge, setup.settings, before)
        return self.pages[uri]

    def page(self, uri: str) -> OpenPage | None:
        """The text with what is known of it. While a line is being written, what was known before."""
        known = self.pages.get(uri)
        if known is None:
            return self.judge(uri)
        text = self.server.workspace.get_text_document(uri).source
        if known.text == text:
            return known
        return replace(known, text=text, errors=(), findings=(), current=False, older=known.documents)

    def publish(self, uri: str) -> None:
        """Show what was found."""
        page = self.pages.get(uri)
        document = self.server.workspace.get_text_document(uri)
        if page is None or page.text != document.source:
            return
        found = [self._placed(uri, one) for one in diagnostics_of(page, uri)]
        self.server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=found, version=document.version)
        )

    def _placed(self, uri: str, one: types.Diagnostic) -> types.Diagnostic:
        one.range = self.client_range(uri, one.range)
        return one

    def client_range(self, uri: str, found: types.Range) -> types.Range:
        """Editors count code units of UTF-16, and we count characters."""
        document = self.server.workspace.get_text_document(uri)
        return document.position_codec.range_to_client_units(document.lines, found)

    def location(self, uri: str, span: Span) -> types.Location:
        """A span as an editor counts."""
        return types.Location(uri=uri, range=self.client_range(uri, range_of(span)))

    def place(self, uri: str, position: types.Position) -> tuple[int, int]:
        """Line and column as we count them, from 0."""
        document = self.server.workspace.get_text_document(uri)
        found = document.position_codec.position_from_client_units(document.lines, position)
        return found.line, found.character

    def close(self, uri: str) -> None:
        """The editor has closed a text: what was shown of it goes."""
        self.pages.pop(uri, None)
        waiting = self._waiting.pop(uri, None)
        if waiting:
            waiting.cancel()
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))


def _name_of(uri: str) -> str:
    path = uris.to_fs_path(uri)
    return shown_path(path) if path else unquote(urlsplit(uri).path) or uri
