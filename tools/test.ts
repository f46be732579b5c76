/** Builds, runs the suites whose peers are on this machine, and ends with one line of counts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NODE = process.execPath;

execFileSync(NODE, ['tools/build.ts'], { stdio: 'inherit' });
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-test-'));
const report = join(folder, 'report.json');
const result = spawnSync(
  NODE,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
const counts = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });
const { numPassedTests, numFailedTests, numPendingTests } = counts;
// A suite that fails before its first test has no test of its own to count.
const failed = numFailedTests || (result.status === 0 ? 0 : 1);
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
process.exitCode = failed === 0 && numPassedTests > 0 ? 0 : 1;
