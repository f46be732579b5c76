import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runSuites } from '../../tools/test/run-suites.ts';

let root: string;
let said: string[];

beforeEach(() => {
  mkdirSync('dist', { recursive: true });
  root = mkdtempSync(join(process.cwd(), 'dist/suites-'));
  mkdirSync(join(root, 'test'));
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line) => said.push(line));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

function suite(name: string, body: string): void {
  const text = `import { beforeAll, expect, test } from 'vitest';\n${body}\n`;
  writeFileSync(join(root, 'test', `${name}.test.ts`), text);
}

/** Fails unless it has run before. */
function moody(): string {
  const mark = JSON.stringify(join(root, 'ran'));
  return `import { existsSync, writeFileSync } from 'node:fs';
    test('moody', () => {
      const second = existsSync(${mark});
      writeFileSync(${mark}, '');
      expect(second).toBe(true);
    });`;
}

const flags = () => [`--root=${root}`, '--silent=true'];

test('what passes the second time counts as passed, and is named', () => {
  suite('steady', `test('one', () => {}); test.skip('two', () => {});`);
  suite('moody', moody());
  expect(runSuites(flags(), { again: true })).toEqual({ passed: 2, failed: 0, skipped: 1 });
  expect(said).toEqual([expect.stringMatching(/run once more: .*moody\.test\.ts: moody: \w/)]);
});

test('what fails twice has failed', () => {
  suite('steady', `test('one', () => {});`);
  suite('broken', `test('fine', () => {}); test('wrong', () => expect(1).toBe(2));`);
  expect(runSuites(flags(), { again: true })).toEqual({ passed: 2, failed: 1, skipped: 0 });
  expect(said.at(-1)).toMatch(/failed twice: .*broken\.test\.ts: wrong: \w/);
});

test('a file whose preparation fails has failed, though no test of it ran', () => {
  suite('steady', `test('one', () => {});`);
  suite('hook', `beforeAll(() => { throw new Error('no peer'); }); test('never', () => {});`);
  expect(runSuites(flags(), { again: true })).toMatchObject({ passed: 1, failed: 1 });
});

test('a tree in which much fails is not run again', () => {
  for (const name of ['a', 'b', 'c', 'd']) suite(name, `test('no', () => { throw 1; });`);
  expect(runSuites(flags(), { again: true })).toEqual({ passed: 0, failed: 4, skipped: 0 });
  expect(said.every((line) => line.startsWith('failed: '))).toBe(true);
});

test('suites whose failures are wanted as they are run once', () => {
  suite('moody', moody());
  expect(runSuites([...flags(), 'moody'], { again: false })).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
  });
});

test('an error outside of every file is a failure', () => {
  suite(
    'late',
    `test('one', () => { setTimeout(() => { throw new Error('late'); }); });
    test('two', () => new Promise((done) => setTimeout(done, 50)));`,
  );
  expect(runSuites(flags(), { again: true }).failed).toBe(1);
});
