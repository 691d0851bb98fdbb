// Starts `fedpolicy lsp` for YAML files. Everything else is the server's work.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

// The setting has the scope of the machine: a workspace cannot name a program to run.
function start() {
  const command = vscode.workspace.getConfiguration("fedpolicy").get("command", "fedpolicy");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  const selector = [{ scheme: "file", language: "yaml" }];
  client = new LanguageClient("fedpolicy", "fedpolicy", server, { documentSelector: selector });
  return client.start().catch((error) => {
    const advice = "Install it with `pip install 'fedpolicy[lsp]'`, or set fedpolicy.command.";
    vscode.window.showErrorMessage(`fedpolicy could not be started as \`${command} lsp\`: ${error.message}. ${advice}`);
  });
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("fedpolicy.restart", async () => {
      await (client ? client.stop().catch(() => {}) : undefined);
      await start();
    }),
  );
  await start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
