import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyCheckout } from '../support/checkout.ts';

let folder: string;

beforeAll(() => {
  folder = copyCheckout();
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}

test('a new receiver passes the checks and its own test as it is', () => {
  const { status, stdout, stderr } = run('tools/new.ts', 'receiver', 'firecracker');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('written: src/receivers/firecracker/scraper.ts');
  const check = run('tools/check.ts');
  expect(check.status, check.stderr).toBe(0);
  const suites = ['test/receivers/firecracker', 'test/contract.test.ts'];
  const tests = run('node_modules/vitest/vitest.mjs', 'run', ...suites);
  expect(tests.status, tests.stdout + tests.stderr).toBe(0);
}, 180_000);

test.each([
  [['receiver', 'cgroup'], 'src/receivers/cgroup/README.md is there already'],
  [['receiver', 'No/Such'], '"No/Such" is no name of a component type'],
  [['exporter', 'x'], 'only receivers can be made'],
])('%s is refused with a reason', (args, reason) => {
  const { status, stderr } = run('tools/new.ts', ...args);
  expect(status).toBe(1);
  expect(stderr).toContain(reason);
});
