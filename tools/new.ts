/** `npm run new -- receiver <name>`: writes a receiver that works, to be filled in: CONTRIBUTING.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { receiverEdits, receiverFiles } from './new/receiver.ts';

const [kind, name = ''] = process.argv.slice(2);
const fault = faultOf();
if (fault === undefined) {
  for (const [path, text] of Object.entries(receiverFiles(name))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`written: ${path}`);
  }
  for (const [path, edit] of Object.entries(receiverEdits(name))) {
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, edit(text));
    if (edit(text) !== text) console.log(`changed: ${path}`);
  }
  execFileSync('node_modules/.bin/biome', ['check', '--write', 'src', 'test'], { stdio: 'pipe' });
  execFileSync(process.execPath, ['tools/generate.ts'], { stdio: 'inherit' });
} else {
  console.error(`${fault}\nusage: npm run new -- receiver <name>`);
  process.exitCode = 1;
}

function faultOf(): string | undefined {
  if (kind !== 'receiver') return `only receivers can be made, not "${kind ?? ''}"`;
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) return `"${name}" is no name of a component type`;
  const there = Object.keys(receiverFiles(name)).find((path) => existsSync(path));
  return there === undefined ? undefined : `${there} is there already`;
}
