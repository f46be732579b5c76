import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PARTS = ['src', 'test', 'tools', 'config', 'docs', 'examples', 'README.md', 'package.json'];
const SETTINGS = ['tsconfig.json', 'biome.json', 'otel-collector.yaml', 'vitest.config.ts'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-new-'));
  for (const path of [...PARTS, ...SETTINGS]) cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
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
  execFileSync('node_modules/.bin/tsc', { cwd: folder, stdio: 'pipe' });
  execFileSync('node_modules/.bin/biome', ['ci', '--error-on-warnings', 'src', 'test'], {
    ...{ cwd: folder, stdio: 'pipe' },
  });
  expect(run('tools/generate.ts', '--check').status).toBe(0);
  const suites = ['test/receivers/firecracker', 'test/contract.test.ts', 'test/architecture'];
  const tests = run('node_modules/vitest/vitest.mjs', 'run', ...suites);
  expect(tests.status, tests.stdout + tests.stderr).toBe(0);
}, 60_000);

test.each([
  [['receiver', 'cgroup'], 'src/receivers/cgroup is there already'],
  [['receiver', 'No/Such'], '"No/Such" is no name of a component type'],
  [['exporter', 'x'], 'only receivers can be made'],
])('%s is refused with a reason', (args, reason) => {
  const { status, stderr } = run('tools/new.ts', ...args);
  expect(status).toBe(1);
  expect(stderr).toContain(reason);
});
