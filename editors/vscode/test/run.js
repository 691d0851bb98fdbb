// Downloads VS Code and runs `suite.js` in it: npm install, then node test/run.js
"use strict";

const path = require("path");
const { runTests } = require("@vscode/test-electron");

const root = path.resolve(__dirname, "..");
const workspace = path.resolve(root, "../../examples/clinical-notes");
runTests({
  extensionDevelopmentPath: root,
  extensionTestsPath: path.join(__dirname, "suite.js"),
  launchArgs: [workspace, "--disable-extensions"],
}).catch(() => process.exit(1));
