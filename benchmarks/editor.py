"""
How fast the language server answers in a large file: each kind of question, asked again and again over stdio.

    make editor
    .venv-editor/bin/python -m benchmarks.editor --nodes 5000

The file has as many flows as nodes. The first answer waits until the file was read once; those after it are measured.
Milliseconds are those of the server's CPU (Linux).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.generate import deployment

_BAR = 0.3


async def _measured(text: str, rounds: int) -> dict[str, list[float]]:
    from lsprotocol import types  # noqa: PLC0415  in the environment of the editor only
    from pygls.lsp.client import BaseLanguageClient  # noqa: PLC0415

    client = BaseLanguageClient("benchmark", "1")
    judged = asyncio.Event()
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _params: judged.set())
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        uri = (Path(folder) / "large.fedpolicy.yaml").as_uri()
        await client.start_io(sys.executable, "-m", "fedpolicy", "lsp", "--isolated")
        await client.initialize_async(
            types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=Path(folder).as_uri())
        )
        client.initialized(types.InitializedParams())
        began = _spent(client)
        item = types.TextDocumentItem(uri=uri, language_id="yaml", version=1, text=text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await judged.wait()
        found["first diagnostics"] = [_spent(client) - began]
        for name, ask in _questions(client, uri, text).items():
            for _ in range(rounds):
                began = _spent(client)
                await ask()
                found.setdefault(name, []).append(_spent(client) - began)
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
    return found


def _spent(client: Any) -> float:  # noqa: ANN401  the client is untyped
    """Seconds of CPU of the server; the wall would tell how busy the machine is."""
    fields = Path(f"/proc/{client._server.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()  # noqa: SLF001
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _questions(client: Any, uri: str, text: str) -> dict[str, Any]:  # noqa: ANN401  the client is untyped
    from lsprotocol import types  # noqa: PLC0415

    lines = text.splitlines()
    document = types.TextDocumentIdentifier(uri)
    at = next(number for number, line in enumerate(lines) if "from: " in line)
    place = types.Position(at, lines[at].index("from: ") + len("from: ") + 1)
    everything = types.Range(types.Position(0, 0), types.Position(min(60, len(lines)), 0))
    return {
        "hover": lambda: client.text_document_hover_async(types.HoverParams(text_document=document, position=place)),
        "completion": lambda: client.text_document_completion_async(
            types.CompletionParams(text_document=document, position=place)
        ),
        "definition": lambda: client.text_document_definition_async(
            types.DefinitionParams(text_document=document, position=place)
        ),
        "references": lambda: client.text_document_references_async(
            types.ReferenceParams(
                context=types.ReferenceContext(include_declaration=True), text_document=document, position=place
            )
        ),
        "symbols": lambda: client.text_document_document_symbol_async(types.DocumentSymbolParams(document)),
        "inlay hints": lambda: client.text_document_inlay_hint_async(
            types.InlayHintParams(text_document=document, range=everything)
        ),
        "code actions": lambda: client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=document, range=everything, context=types.CodeActionContext(diagnostics=[])
            )
        ),
        "rename": lambda: client.text_document_rename_async(
            types.RenameParams(text_document=document, position=place, new_name="other")
        ),
    }


def main() -> None:
    """Measure, and print a table: medians and the slowest answer, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    gc.disable()  # what this side of the wire throws away is not what is measured
    found = asyncio.run(_measured(deployment(given.nodes), given.rounds))
    print("| question | median ms | slowest ms | under 300 ms |")
    print("|---|--:|--:|---|")
    for name, seconds in found.items():
        median, most = statistics.median(seconds), max(seconds)
        bar = "" if name.startswith("first") else "yes" if median < _BAR else "no"
        print(f"| {name} | {median * 1000:.0f} | {most * 1000:.0f} | {bar} |")


if __name__ == "__main__":
    main()
