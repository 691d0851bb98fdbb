// Inside VS Code: the running example must show its leak, and a word its meaning.
"use strict";

const assert = require("assert");
const vscode = require("vscode");

async function found(uri) {
  for (let tries = 0; tries < 120; tries += 1) {
    const shown = vscode.languages.getDiagnostics(uri).filter((one) => one.source === "fedpolicy");
    if (shown.length) return shown;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error("nothing was heard of the server in a minute");
}

exports.run = async function run() {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "deployment.yaml");
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  const shown = await found(uri);
  const leak = shown.find((one) => one.code === "private-data-to-closed-model");
  assert.ok(leak, "the leak of the example is not shown");
  assert.ok(document.lineAt(leak.range.start.line).text.includes("score:"));
  const place = document.positionAt(document.getText().indexOf("llm_judge") + 1);
  const [hover] = await vscode.commands.executeCommand("vscode.executeHoverProvider", uri, place);
  assert.ok(hover.contents[0].value.startsWith("**llm_judge**"));
};
