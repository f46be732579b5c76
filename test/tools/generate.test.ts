import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonText } from '../../tools/generate/json.ts';
import { markdownTable, replaceBlock } from '../../tools/generate/markdown.ts';

const PROGRAM = resolve('tools/generate.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-generate-'));
  for (const path of globSync('{README.md,src/**/README.md,docs/*.md,config/**/*.{json,yaml}}')) {
    cpSync(path, join(folder, path), { recursive: true });
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

function generate(...args: string[]) {
  const options = { cwd: folder, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [PROGRAM, ...args], options);
}

const FAULTS: Readonly<Record<string, (text: string) => string>> = {
  'README.md': (text) => text.replace('receiver cgroup', 'receiver group'),
  'src/exporters/debug/README.md': (text) => text.replace('`basic` |', '`normal` |'),
  'docs/metrics.md': () => '',
  'docs/semconv.md': () => '',
  'config/schema.json': (text) => text.replace('"1m"', '"2m"'),
};

test('planted faults are named, then mended, and nothing else', () => {
  expect(generate('--check')).toMatchObject({ status: 0, stdout: '' });
  const before = new Map<string, string>();
  for (const [path, spoil] of Object.entries(FAULTS)) {
    const file = join(folder, path);
    before.set(path, readFileSync(file, 'utf8'));
    writeFileSync(file, spoil(before.get(path) as string));
  }
  const lines = (text: (path: string) => string) => Object.keys(FAULTS).map(text).sort();
  const check = generate('--check');
  expect(check.status).toBe(1);
  expect(check.stdout.trim().split('\n').sort()).toEqual(
    lines((path) => `differs: ${path}; run npm run generate`),
  );
  const { status, stdout } = generate();
  expect(status).toBe(0);
  expect(stdout.trim().split('\n').sort()).toEqual(lines((path) => `written: ${path}`));
  for (const [path, text] of before) expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
});

test('a README without markers is an error that names it', () => {
  writeFileSync(join(folder, 'README.md'), '# no markers\n');
  const { status, stderr } = generate();
  expect(status).toBe(1);
  expect(stderr).toContain('README.md: expected one "<!-- generated: components -->"');
});

test('a block replaces what stands between its markers only', () => {
  const text = 'a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n<!-- end -->\n';
  const made = replaceBlock('file', text, 'x', 'new');
  expect(made).toBe('a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- end -->\n');
  expect(replaceBlock('file', made, 'x', 'new')).toBe(made);
});

test('a bar in a cell does not end it', () => {
  expect(markdownTable(['a'], [['x | y']])).toBe('| a      |\n| ------ |\n| x \\| y |');
});

test('long JSON is broken into lines and stays the same value', () => {
  const value = { '\\/"': ['a'.repeat(60), { b: ['c'.repeat(60), null, 1, true, {}, []] }] };
  expect(JSON.parse(jsonText(value))).toEqual(value);
  expect(jsonText({ a: [1, 2] })).toBe('{ "a": [1, 2] }\n');
});
