"""The server as an editor sees it: over standard input and output, with texts that are broken, huge or closed again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

pytest_lsp = pytest.importorskip("pytest_lsp", reason="the editor's side is in the extra `test-ci`")
from lsprotocol import types  # noqa: E402  only where it is installed

from fedpolicy.lsp.session import Session  # noqa: E402,F401  the library is there

EXAMPLE = (Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
LEAK = """\
fedpolicy: 1
name: leak 🙂
parties:
  north: {role: participant, jurisdiction: DE}
  south: {role: participant, jurisdiction: FR}
  hub: {role: coordinator, jurisdiction: DE}
nodes:
  client: {kind: client, party: [north, south]}
  agg: {kind: aggregator, party: hub}
datasets:
  notes: {at: client, categories: [health], subjects: 20000}
models:
  judge: {ref: openai/gpt-4o}
tasks:
  score: {method: llm_judge, model: judge, data: [notes], runs_on: client}
  train: {method: fedavg, data: ["notes@north", notes], runs_on: client, aggregator: agg}
"""
DATA = LEAK.replace('["notes@north", notes]', '["notes@north", "notes@south"]')
LINES = DATA.splitlines()


@pytest_lsp.fixture(
    config=pytest_lsp.ClientServerConfig(server_command=[sys.executable, "-m", "fedpolicy", "lsp", "--isolated"])
)
async def client(lsp_client: pytest_lsp.LanguageClient, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=pytest_lsp.client_capabilities("visual-studio-code"), root_uri=tmp_path.as_uri()
        )
    )
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client, tmp_path):
    """An editor with one text."""
    return Editor(client, tmp_path)


class Editor:
    """One text, written and asked about."""

    def __init__(self, client, folder):
        self.client, self.folder = client, folder
        self.uri = (folder / "d.fedpolicy.yaml").as_uri()
        self.version = 1

    @property
    def document(self):
        return types.TextDocumentIdentifier(self.uri)

    async def open(self, text):
        """Open the text and wait until it was judged."""
        item = types.TextDocumentItem(uri=self.uri, language_id="yaml", version=self.version, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.judged()

    async def write(self, text):
        """Write another text in its place, unsaved."""
        self.version += 1
        document = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        whole = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, whole))
        return await self.judged()

    async def judged(self):
        await asyncio.wait_for(self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 60)
        return self.client.diagnostics[self.uri]


def spot(text, word, *, nth=0, inside=1):
    """A place in the text, as editors count."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(word, at + 1)
    at += inside
    line = text.count("\n", 0, at)
    return types.Position(line, len(text[text.rfind("\n", 0, at) + 1 : at].encode("utf-16-le")) // 2)


def told(found):
    return sorted((one.range.start.line + 1, one.code, one.severity.name) for one in found)


@pytest.mark.asyncio
async def test_findings_stand_at_their_lines_with_the_way_to_them(editor):
    found = await editor.open(DATA)
    leak = next(one for one in found if one.code == "private-data-to-closed-model")

    assert leak.severity is types.DiagnosticSeverity.Error
    assert leak.source == "fedpolicy"
    assert leak.range.start.line == LINES.index(next(line for line in LINES if "llm_judge" in line))
    assert leak.message.startswith("critical: openai can learn notes of north and south")
    assert [one.message for one in leak.related_information] == ["client@north -> openai: prompts"]
    assert {one.severity for one in found if one.message.startswith("question: ")} == {types.DiagnosticSeverity.Hint}


@pytest.mark.asyncio
async def test_mistakes_take_the_place_of_findings_and_go_again(editor):
    await editor.open(DATA)
    broken = await editor.write(DATA.replace("runs_on: client}", "runs_on: clint}", 1))
    unclosed = await editor.write(DATA.replace("runs_on: client}", "runs_on: client", 1))
    whole = await editor.write(DATA)

    assert [(one.range.start.line + 1, one.message.split("\n")) for one in broken] == [
        (
            15,
            [
                "tasks.score.runs_on: no node `clint`",
                "did you mean `client`?",
            ],
        )
    ]
    assert unclosed
    assert all(one.severity is types.DiagnosticSeverity.Error for one in unclosed)
    assert "private-data-to-closed-model" in {one.code for one in whole}


@pytest.mark.asyncio
async def test_what_a_word_means(editor):
    await editor.open(DATA)

    async def hover(word, **where):
        found = await editor.client.text_document_hover_async(
            types.HoverParams(editor.document, spot(DATA, word, **where))
        )
        return found.contents.value if found else ""

    assert (await hover("runs_on")).startswith("**runs_on**: The nodes where it runs.")
    assert (await hover("llm_judge")).startswith("**llm_judge**: ")
    assert (await hover("notes:")).startswith("Who can learn `notes`:\n\n- **verbatim**: openai, as provider")
    assert (await hover("notes@north")).startswith("Who can learn `notes`")
    assert (await hover("judge:")).startswith("`judge` is **black box**; run by openai")
    assert (await hover("hub:")).startswith("`hub`: coordinator. The most it can learn of others' data: **")
    assert await hover("fedpolicy: 1", inside=11) == "The version of the language: 1. **Required.**"
    assert await hover("{role", inside=0) == ""


@pytest.mark.asyncio
async def test_ids_lead_to_their_declaration_and_are_renamed_everywhere(editor):
    await editor.open(DATA)
    place = spot(DATA, "notes@north")
    found = await editor.client.text_document_definition_async(types.DefinitionParams(editor.document, place))
    context = types.ReferenceContext(include_declaration=True)
    used = await editor.client.text_document_references_async(types.ReferenceParams(context, editor.document, place))
    renamed = await editor.client.text_document_rename_async(types.RenameParams(editor.document, place, "letters"))

    assert (found.range.start.line, found.range.start.character) == (10, 2)
    assert [one.range.start.line + 1 for one in used] == [11, 15, 16, 16]
    assert applied(DATA, renamed.changes[editor.uri]) == DATA.replace("notes", "letters")


@pytest.mark.asyncio
async def test_members_of_families_follow_their_party(editor):
    await editor.open(DATA)
    place = spot(DATA, "north:")
    renamed = await editor.client.text_document_rename_async(types.RenameParams(editor.document, place, "kiel"))

    assert applied(DATA, renamed.changes[editor.uri]) == DATA.replace("north", "kiel")


@pytest.mark.asyncio
async def test_fixes(editor):
    typo = DATA.replace("runs_on: client}", "runs_on: clint}", 1)
    (mistake,) = await editor.open(typo)
    (fix,) = await actions(editor, mistake)
    assert fix.title == "Write `client`"
    assert applied(typo, fix.edit.changes[editor.uri]) == DATA

    found = await editor.write(DATA)
    question = next(one for one in found if one.code == "no-withdrawal")
    stated = {one.title: one for one in await actions(editor, question)}
    assert {"State `withdrawal: any_round`", "State `withdrawal: none`"} <= set(stated)
    text = applied(DATA, stated["State `withdrawal: any_round`"].edit.changes[editor.uri])
    assert text.startswith(DATA.rstrip("\n"))
    assert "no-withdrawal" not in {one.code for one in await editor.write(text)}


@pytest.mark.asyncio
async def test_a_repair_is_proved_when_it_is_picked(editor):
    text = DATA.replace("{ref: openai/gpt-4o}", "{ref: openai/gpt-4o, revision: 2024-08-06}").replace(
        "models:\n", "models:\n  local: {ref: Qwen/Qwen2.5-7B-Instruct, revision: a09a354, weights_at: [client]}\n"
    )
    found = await editor.open(text)
    leak = next(one for one in found if one.code == "private-data-to-closed-model")
    later = next(one for one in await actions(editor, leak) if one.title == "Look for a proved repair")
    assert later.edit is None

    picked = await editor.client.code_action_resolve_async(later)
    assert picked.title.startswith("Repair: ")
    again = await editor.write(applied(text, picked.edit.changes[editor.uri]))
    assert "private-data-to-closed-model" not in {one.code for one in again}


@pytest.mark.asyncio
async def test_a_waiver_waits_for_its_reason(editor):
    found = await editor.open(DATA)
    leak = next(one for one in found if one.code == "black-box-model")
    later = next(one for one in await actions(editor, leak) if one.title.startswith("Waive it"))
    picked = await editor.client.code_action_resolve_async(later)
    made, written = picked.edit.document_changes

    assert made.uri.endswith("/fedpolicy.waivers.yaml")
    assert made.uri == written.text_document.uri
    text = written.edits[0].new_text
    assert "    rule: black-box-model\n" in text
    assert text.count("TODO") == 3


@pytest.mark.asyncio
async def test_symbols_and_levels(editor):
    await editor.open(DATA)
    found = await editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(editor.document))
    everything = types.Range(types.Position(0, 0), types.Position(len(LINES), 0))
    hints = await editor.client.text_document_inlay_hint_async(types.InlayHintParams(editor.document, everything))

    assert next((one.name, [inner.name for inner in one.children]) for one in found) == (
        "parties",
        ["north", "south", "hub"],
    )
    assert ["openai: verbatim" in one.label for one in hints if one.position.line == 14] == [True]
    assert [one.position.character for one in hints if one.position.line == 14] == [len(LINES[14])]


@pytest.mark.asyncio
async def test_completion_in_the_editor_puts_in_the_word(editor):
    await editor.open(DATA)
    half = DATA.replace("method: fedavg,", "method: fedav", 1)
    await editor.write(half)
    place = spot(half, "fedav", inside=5)
    found = await editor.client.text_document_completion_async(types.CompletionParams(editor.document, place))

    (item,) = [one for one in found.items if one.label == "fedavg"]
    assert applied(half, [item.text_edit]) == half.replace("fedav", "fedavg")


@pytest.mark.asyncio
async def test_a_text_that_is_none_of_ours_is_left_alone(editor):
    editor.uri = (editor.folder / "values.yaml").as_uri()
    item = types.TextDocumentItem(uri=editor.uri, language_id="yaml", version=1, text="image: x\n")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    found = await editor.client.text_document_hover_async(types.HoverParams(editor.document, types.Position(0, 1)))

    assert found is None
    assert editor.uri not in editor.client.diagnostics


@pytest.mark.asyncio
async def test_a_closed_text_shows_nothing_and_can_be_opened_again(editor):
    await editor.open(DATA)
    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(editor.document))
    assert list(await editor.judged()) == []
    assert await editor.open(DATA)


@pytest.mark.asyncio
async def test_ten_thousand_elements_are_answered(editor):
    clients = "".join(f"  p{n}: {{role: participant, jurisdiction: DE}}\n" for n in range(3_300))
    nodes = "".join(f"  n{n}: {{kind: client, party: p{n}}}\n" for n in range(3_300))
    data = "".join(f"  d{n}: {{at: n{n}, categories: [health], subjects: 500}}\n" for n in range(3_300))
    head = f"fedpolicy: 1\nname: huge\nparties:\n{clients}nodes:\n{nodes}datasets:\n{data}"
    text = f"{head}tasks:\n  t: {{method: federated_analytics, data: [d0, d1], runs_on: [n0, n1], topology: \n"
    await editor.open(text)
    place = types.Position(text.count("\n") - 1, len(text.splitlines()[-1]))
    found = await editor.client.text_document_completion_async(types.CompletionParams(editor.document, place))

    assert "star" in {one.label for one in found.items}


async def actions(editor, diagnostic):
    context = types.CodeActionContext(diagnostics=[diagnostic])
    params = types.CodeActionParams(editor.document, diagnostic.range, context)
    return await editor.client.text_document_code_action_async(params)


def applied(text, edits):
    """The text with edits, counted as editors count."""
    lines = text.split("\n")

    def offset(position):
        before = "\n".join(lines[: position.line]) + ("\n" if position.line else "")
        line = lines[position.line] if position.line < len(lines) else ""
        return len(before) + len(line.encode("utf-16-le")[: position.character * 2].decode("utf-16-le"))

    for one in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text
