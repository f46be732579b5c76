import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFdBudget } from '../../../src/platform/file/fd-budget.ts';
import { ABSENT, createFileStore } from '../../../src/platform/file/file-store.ts';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('files over the budget are read too, and a closed one gives its place away', () => {
  const budget = createFdBudget(1);
  const files = createFileStore(budget, { failed: vi.fn(), recovered: vi.fn(), gone: vi.fn() });
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), `${name}1`);
  const [a, b] = [files.open(join(folder, 'a')), files.open(join(folder, 'b'))];
  for (const [file, text] of [
    [a, 'a1'],
    [b, 'b1'],
    [a, 'a1'],
    [b, 'b1'],
  ] as const) {
    expect(files.buffer.toString('latin1', 0, file.read())).toBe(text);
  }
  expect(budget.used).toBe(1);
  a.close();
  expect(budget.used).toBe(0);
  b.read();
  expect(budget.used).toBe(1);
  b.close();
});

test('an absent file is no failure, and is looked for again only after retryAbsent', () => {
  const failed = vi.fn();
  const files = createFileStore(createFdBudget(8), { failed, recovered: vi.fn(), gone: vi.fn() });
  const file = files.open(join(folder, 'late'));
  expect(file.read()).toBe(ABSENT);
  writeFileSync(join(folder, 'late'), '7');
  expect(file.read()).toBe(ABSENT);
  files.retryAbsent();
  expect(file.read()).toBe(1);
  expect(failed).not.toHaveBeenCalled();
  file.close();
});

test('links are kept below the root, absolute ones and .. too', () => {
  mkdirSync(join(folder, 'run/x'), { recursive: true });
  mkdirSync(join(folder, 'var'));
  symlinkSync('/run', join(folder, 'var/run'));
  symlinkSync('../../../../etc', join(folder, 'up'));
  symlinkSync('loop', join(folder, 'loop'));
  const paths = createRootedPaths(folder);
  expect(paths.resolve('/var/run/x')).toBe(join(folder, 'run/x'));
  expect(paths.resolve('/up/passwd')).toBe(join(folder, 'etc/passwd'));
  expect(paths.resolve('/../../etc')).toBe(join(folder, 'etc'));
  expect(() => paths.resolve('/loop')).toThrow(/too many symbolic links/);
  expect(createRootedPaths('/').resolve('/proc/self')).toBe('/proc/self');
});
