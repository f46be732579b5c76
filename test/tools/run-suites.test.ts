import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Verdict } from '../../tools/test/verdict.ts';

let root: string;

beforeEach(() => {
  mkdirSync('dist', { recursive: true });
  root = mkdtempSync(join(process.cwd(), 'dist/suites-'));
  mkdirSync(join(root, 'test'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function suite(name: string, body: string): void {
  const text = `import { beforeAll, describe, expect, test } from 'vitest';\n${body}\n`;
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

/** In a process of its own: what fails in there must not look like ours. */
function run({ names = [] as string[], isWhole = true }): Verdict {
  const args = JSON.stringify([[...names, `--root=${root}`], { isWhole }]);
  const code = `import { runSuites } from './tools/test/run-suites.ts';
    console.log(JSON.stringify(runSuites(...${args})));`;
  const printed = spawnSync(process.execPath, ['--input-type=module', '-e', code]).stdout;
  return JSON.parse(printed.toString().trim().split('\n').at(-1) ?? '');
}

test('what passes the second time counts as passed, and is named', () => {
  suite('steady', `test('one', () => {}); test.skip('two', () => {});`);
  suite('moody', moody());
  const { failures, ...counts } = run({});
  expect(counts).toEqual({ passed: 2, failed: 0, skipped: 1 });
  expect(failures).toEqual([expect.stringMatching(/^failed once: .*moody\.test\.ts: moody: \w/)]);
});

test('what fails twice has failed', () => {
  suite('steady', `test('one', () => {});`);
  suite('broken', `test('fine', () => {}); test('wrong', () => expect(1).toBe(2));`);
  const { failures, ...counts } = run({});
  expect(counts).toEqual({ passed: 2, failed: 1, skipped: 0 });
  expect(failures.at(-1)).toMatch(
    /^failed twice: .*broken\.test\.ts: wrong: \w(.|\n)*broken\.test\.ts:2/,
  );
});

test('a file whose preparation fails has failed, though no test of it ran', () => {
  suite('steady', `test('one', () => {});`);
  const hook = `beforeAll(() => { throw new Error('no peer'); }); test('never', () => {});`;
  suite('hook', hook);
  // Of these vitest's report tells no error.
  suite('inner', `describe('all', () => { ${hook} });`);
  const twice = [/hook\.test\.ts: no peer/, /inner\.test\.ts: outside of its tests/];
  const { failures, ...counts } = run({});
  expect(counts).toMatchObject({ passed: 1, failed: 2 });
  expect(failures.slice(2)).toEqual(twice.map((text) => expect.stringMatching(text)));
});

test('a tree in which much fails is not run again', () => {
  for (const name of ['a', 'b', 'c', 'd']) suite(name, `test('no', () => { throw 1; });`);
  const { failures, ...counts } = run({});
  expect(counts).toEqual({ passed: 0, failed: 4, skipped: 0 });
  expect(failures.map((line) => line.split(' ')[0])).toEqual(Array(4).fill('failed:'));
});

test('suites whose failures are wanted as they are run once', () => {
  suite('moody', moody());
  expect(run({ names: ['moody'], isWhole: false })).toMatchObject({ passed: 0, failed: 1 });
});

test('an error outside of every file is a failure', () => {
  suite(
    'late',
    `test('one', () => { setTimeout(() => { throw new Error('late'); }); });
    test('two', () => new Promise((done) => setTimeout(done, 50)));`,
  );
  expect(run({})).toMatchObject({ failed: 1 });
});
