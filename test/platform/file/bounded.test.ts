import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readBounded } from '../../../src/platform/file/bounded.ts';
import { readBoundedJson } from '../../../src/platform/file/bounded-json.ts';
import { makeFifo, makeRoot } from '../../support/bundles.ts';

const root = makeRoot();
afterAll(() => root.remove());
const json = (text: string) => readBoundedJson(root.write('file.json', text));

test('a file of any size up to its bound is read whole; one byte more is an error', () => {
  const path = root.write('bytes', 'x'.repeat(1000));
  expect(readBounded(path, 1000)?.length).toBe(1000);
  expect(() => readBounded(path, 999)).toThrow('it is larger than 999 bytes');
  expect(readBounded(root.write('empty', ''), 10)?.length).toBe(0);
});

test('what is not there is undefined, also where a parent is a file', () => {
  expect(readBounded(join(root.path, 'none'), 10)).toBeUndefined();
  const file = root.write('parent', 'x');
  expect(readBounded(`${file}/child`, 10)).toBeUndefined();
  expect(readBoundedJson(`${file}/child`)).toBeUndefined();
});

test('links, FIFOs, devices and folders are refused at once', () => {
  const path = (name: string) => join(root.path, name);
  symlinkSync('/etc/passwd', path('link'));
  expect(() => readBounded(path('link'), 1e6)).toThrow('it is a symbolic link');
  makeFifo(path('fifo'));
  expect(() => readBounded(path('fifo'), 1e6)).toThrow('it is not a regular file');
  expect(() => readBounded('/dev/zero', 1e6)).toThrow('it is not a regular file');
  mkdirSync(path('folder'));
  expect(() => readBounded(path('folder'), 1e6)).toThrow('it is not a regular file');
});

test('a sparse file of 100 MB is refused before it is read', () => {
  const path = root.write('large.json', '{}');
  truncateSync(path, 100 * 2 ** 20);
  expect(() => readBoundedJson(path)).toThrow(/it is larger than \d+ bytes/);
});

test('JSON is at most 64 levels deep; brackets in texts do not count', () => {
  expect(json(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeDefined();
  expect(() => json(`${'['.repeat(65)}${']'.repeat(65)}`)).toThrow('more than 64 levels');
  expect(() => json('['.repeat(10_000))).toThrow('more than 64 levels');
  expect(() => json('{"a":'.repeat(10_000))).toThrow('more than 64 levels');
  expect(json(JSON.stringify({ text: '[{'.repeat(500) }))).toBeDefined();
  expect(json(JSON.stringify({ text: `\\"${'['.repeat(500)}"\\` }))).toBeDefined();
});

test.each(['', '{', '{"a":1', '[1,]', 'nul', '\u0000', '{"a":1}}', '\ufeff{}'])(
  'what is no JSON is an error that quotes nothing: %j',
  (text) => {
    expect(() => json(text)).toThrow(/^it is not JSON$/);
  },
);

test('all JSON that is not deep is read as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      expect(json(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 50 },
  );
});
