/**
 * Builds, runs the suites whose peers are on this machine, and ends with one line of counts. With
 * `--binary` it makes the standalone binary too and runs the end-to-end suites, or those that are named,
 * once more, against it; SANDGAUGE_BINARY=<path> alone runs whatever is named against that.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const NODE = process.execPath;
const BINARY = `dist/sandgauge-linux-${process.arch}`;
const END_TO_END = ['test/e2e', 'test/cli', 'test/examples.test.ts'];
/** Not once more: what tests the binary alone, and two that watch for a minute what others run too. */
const ONCE = ['binary', 'kubernetes-deploy', 'containerd', 'runsc'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

const args = process.argv.slice(2).filter((arg) => arg !== '--binary');
const withBinary = args.length < process.argv.length - 2;

execFileSync(NODE, ['tools/build.ts'], { stdio: 'inherit' });
if (withBinary) execFileSync(NODE, ['tools/package.ts', process.arch], { stdio: 'inherit' });
const runs = [runVitest(args)];
if (withBinary) {
  console.log(`once more, against ${BINARY}`);
  const few = [...END_TO_END, ...ONCE.map((path) => `--exclude=${path}`)];
  const env = { SANDGAUGE_BINARY: resolve(BINARY) };
  runs.push(runVitest(args.length > 0 ? args : few, env));
}
const sum = (key: keyof Counts) => runs.reduce((total, counts) => total + counts[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') === 0 && runs.every(({ passed }) => passed > 0) ? 0 : 1;

function runVitest(vitestArgs: readonly string[], env: NodeJS.ProcessEnv = {}): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const result = spawnSync(
    NODE,
    ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...vitestArgs],
    { stdio: 'inherit', env: { ...process.env, ...env } },
  );
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(folder, { recursive: true });
  return {
    passed: counts.numPassedTests,
    // A suite that fails before its first test has no test of its own to count.
    failed: counts.numFailedTests || (result.status === 0 ? 0 : 1),
    skipped: counts.numPendingTests,
  };
}
