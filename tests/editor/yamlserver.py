"""The real YAML language server with our schema, as every editor runs it."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager

import pytest

from fedpolicy.files import schemas_dir

PROGRAM = os.environ.get("YAML_LANGUAGE_SERVER", "")
MODE = f"# yaml-language-server: $schema={(schemas_dir() / 'deployment.schema.json').as_uri()}\n"
QUIET = 5  # seconds without news, after which nothing more is said


def needed():
    """Skip where the server, or what speaks to it, is not installed."""
    pytest.importorskip("pygls", reason="the editor's side is in the extra `test-editor`")
    if not PROGRAM or not shutil.which("node"):
        pytest.skip("`npm install yaml-language-server`, and say where its bin is in YAML_LANGUAGE_SERVER")


@asynccontextmanager
async def running(news):
    """A client of a server that has been started; `news` gets what it says of a text."""
    from lsprotocol import types  # noqa: PLC0415  only where it is installed
    from pygls.lsp.client import BaseLanguageClient  # noqa: PLC0415

    client = BaseLanguageClient("tests", "1")
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(news)
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    client.feature(types.WINDOW_LOG_MESSAGE)(lambda _params: None)
    client.feature(types.WORKSPACE_CONFIGURATION)(lambda params: [None] * len(params.items))
    client.feature("custom/schema/request")(lambda _params: None)
    await client.start_io("node", PROGRAM, "--stdio")
    await client.initialize_async(
        types.InitializeParams(capabilities=types.ClientCapabilities(), process_id=os.getpid())
    )
    client.initialized(types.InitializedParams())
    settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    yield client
    client.exit(None)
    await client.stop()


def _open(client, number, text):
    from lsprotocol import types  # noqa: PLC0415

    uri = f"file:///tmp/t{number}.fedpolicy.yaml"
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "yaml", 1, MODE + text)))
    return uri


async def validated(every):
    """What is said of each text. It says something at once, and again when it has read the schema."""
    found, news = {}, asyncio.Event()

    def shown(params):
        found[params.uri] = [one.message for one in params.diagnostics]
        news.set()

    async with running(shown) as client:
        uris = [_open(client, number, text) for number, text in enumerate(every)]
        while True:
            news.clear()
            try:
                await asyncio.wait_for(news.wait(), QUIET)
            except TimeoutError:
                return [found[uri] for uri in uris]


async def completed(every):
    """The labels that are offered at each place: texts with lines and columns from 0."""
    from lsprotocol import types  # noqa: PLC0415

    found = []
    async with running(lambda _params: None) as client:
        for number, (text, line, column) in enumerate(every):
            document = types.TextDocumentIdentifier(_open(client, number, text))
            place = types.Position(line + 1, column)  # the first line says where the schema is
            answer = await client.text_document_completion_async(types.CompletionParams(document, place))
            items = answer.items if hasattr(answer, "items") else answer or []
            found.append({one.label for one in items})
    return found
