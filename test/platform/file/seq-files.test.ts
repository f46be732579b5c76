import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createFdBudget } from '../../../src/platform/file/fd-budget.ts';
import { ABSENT, createFileStore } from '../../../src/platform/file/file-store.ts';
import { makeRoot } from '../../support/bundles.ts';

const root = makeRoot();
afterAll(() => root.remove());

function makeStore(limit = 8) {
  const said: string[] = [];
  const files = createFileStore(createFdBudget(limit), {
    failed: (path, code) => said.push(`failed ${code} ${path}`),
    recovered: (path) => said.push(`recovered ${path}`),
    gone: (path) => said.push(`gone ${path}`),
  });
  return { files, said };
}

test('a file that the kernel hands over by the page is read whole', () => {
  const { files } = makeStore();
  const maps = files.open('/proc/self/maps');
  const page = maps.read();
  const whole = maps.readWhole();
  const text = files.buffer.toString('latin1', 0, whole);
  maps.close();
  const expected = readFileSync('/proc/self/maps', 'latin1');
  expect(page).toBeLessThanOrEqual(whole);
  expect(whole).toBeGreaterThan(4096);
  // Mappings may come and go between the reads; the last one is the kernel's own.
  expect(text.split('\n').at(-2)).toBe(expected.split('\n').at(-2));
});

test.each([0, 1, 3583, 3584, 4096, 65_536, 65_537, 300_000])('%i bytes are all read', (size) => {
  const content = Buffer.alloc(size, 'abcdefg\n').toString();
  const path = root.write('file', content);
  for (const limit of [0, 8]) {
    const { files } = makeStore(limit);
    const file = files.open(path);
    for (const read of [() => file.readWhole(), () => files.readOnce(path)]) {
      const length = read();
      expect(length).toBe(size);
      expect(files.buffer.toString('latin1', 0, length)).toBe(content);
    }
    file.close();
  }
});

test('a file without end is cut off, not read for ever', () => {
  const { files } = makeStore();
  expect(files.readOnce('/dev/zero')).toBeLessThanOrEqual(32 * 2 ** 20);
});

test('a folder, a missing file and a gone process are absent, not failures', () => {
  const { files, said } = makeStore();
  mkdirSync(`${root.path}/folder`);
  for (const path of [`${root.path}/folder`, `${root.path}/none`, '/proc/4194311/stat']) {
    expect(files.readOnce(path)).toBe(ABSENT);
    expect(files.open(path).readWhole()).toBe(ABSENT);
  }
  expect(said).toEqual([]);
});

const asRoot = process.getuid?.() === 0;
test.skipIf(!asRoot)('what may not be read is told with its code, and again when it can', () => {
  const { files, said } = makeStore();
  const path = root.write('secret', '1');
  chmodSync(path, 0o600);
  chmodSync(root.path, 0o755);
  const file = files.open(path);
  process.seteuid?.(65_534);
  try {
    expect(file.read()).toBe(ABSENT);
    expect(file.read()).toBe(ABSENT);
    expect(files.readOnce(path)).toBe(ABSENT);
  } finally {
    process.seteuid?.(0);
  }
  expect(said).toEqual([`failed EACCES ${path}`, `failed EACCES ${path}`]);
  files.retryAbsent();
  expect(file.read()).toBe(1);
  expect(files.readOnce(path)).toBe(1);
  expect(said.slice(2)).toEqual([`recovered ${path}`, `recovered ${path}`]);
  file.close();
});
