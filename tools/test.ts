/**
 * Builds, runs the suites whose peers are on this machine, those that are named or all but the slow ones,
 * and ends with what failed and one line of counts. With `--binary` it runs the slow ones too, makes the
 * standalone binary, and runs the end-to-end suites, or those that are named, once more, against it;
 * SANDGAUGE_BINARY=<path> alone runs whatever is named against that.
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { runSuites } from './test/run-suites.ts';
import { SLOW_SUITES } from './test/slow-suites.ts';
import { sumOf } from './test/verdict.ts';

const NODE = process.execPath;
const BINARY = `dist/sandgauge-linux-${process.arch}`;
const END_TO_END = ['test/e2e', 'test/cli', 'test/examples.test.ts'];
/** Not once more: what tests the binary alone, and two that watch for a minute what others run too. */
const ONCE = ['binary', 'kubernetes-deploy', 'containerd', 'runsc'].map(
  (name) => `test/e2e/${name}.test.ts`,
);
const exclude = (paths: readonly string[]) => paths.map((path) => `--exclude=${path}`);

const args = process.argv.slice(2).filter((arg) => arg !== '--binary');
const withBinary = args.length < process.argv.length - 2;

execFileSync(NODE, ['tools/build.ts'], { stdio: 'inherit' });
if (withBinary) execFileSync(NODE, ['tools/package.ts', process.arch], { stdio: 'inherit' });
const isWhole = args.length === 0;
const isQuick = isWhole && !withBinary;
const verdicts = [runSuites(isQuick ? exclude(SLOW_SUITES) : args, { isWhole })];
if (withBinary) {
  console.log(`once more, against ${BINARY}`);
  const few = [...END_TO_END, ...exclude(ONCE)];
  const env = { SANDGAUGE_BINARY: resolve(BINARY) };
  verdicts.push(runSuites(isWhole ? few : args, { isWhole, env }));
}
const { passed, failed, skipped, failures } = sumOf(verdicts);
if (isQuick) console.log(`not run, as they are slow: ${SLOW_SUITES.join(', ')}`);
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && verdicts.every((verdict) => verdict.passed > 0) ? 0 : 1;
