// Reads every picture of a Markdown file with mermaid itself; fails on the first that it does not understand.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, ...files] = process.argv.slice(2);
const { JSDOM } = createRequire(`${modules}/none.js`)('jsdom');
const page = new JSDOM('');
globalThis.window = page.window;
globalThis.document = page.window.document;
const { default: mermaid } = await import(pathToFileURL(`${modules}/mermaid/dist/mermaid.core.mjs`));
let pictures = 0;
for (const file of files) {
  for (const [, picture] of readFileSync(file, 'utf8').matchAll(/```mermaid\n([\s\S]*?)```/g)) {
    await mermaid.parse(picture);
    pictures += 1;
  }
}
console.log(pictures);
