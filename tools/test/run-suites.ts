import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileReport, failuresIn, type Verdict, verdictOf } from './verdict.ts';

/** Many files that fail are a broken tree, not a machine that was busy for a moment. */
const MOST_ONCE_MORE = 3;
/** Much of it is waiting, so two at a time on two cores too. */
const LANES = Math.max(2, availableParallelism() - 1);
const OUTSIDE = 'outside of every file';

/** How suites are run. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Runs side by side, and a few files that failed once more, alone: those with real daemons and guests
   * depend on the machine's mood.
   */
  readonly isWhole: boolean;
}

/** Runs vitest with names of suites and `--flags`; tells what failed, and what passes the second time. */
export function runSuites(args: readonly string[], { env = {}, isWhole }: RunOptions): Verdict {
  const files = vitest(isWhole ? [...args, `--maxWorkers=${LANES}`] : args, env);
  const failed = files.filter(hasFailed);
  const isFew = failed.length > 0 && failed.length <= MOST_ONCE_MORE;
  if (!isWhole || !isFew || failed.some(({ name }) => name === OUTSIDE)) {
    return verdictOf(files, told('failed', failed));
  }
  for (const { name } of failed) console.log(`failed, and is run once more: ${name}`);
  const flags = args.filter((arg) => arg.startsWith('--'));
  const second = vitest([...failed.map(({ name }) => name), ...flags, '--maxWorkers=1'], env);
  return verdictOf(
    [...files.filter((file) => !failed.includes(file)), ...second],
    [...told('failed once', failed), ...told('failed twice', second.filter(hasFailed))],
  );
}

function hasFailed({ status }: FileReport): boolean {
  return status === 'failed';
}

function told(what: string, files: readonly FileReport[]): string[] {
  return files.flatMap(failuresIn).map((failure) => `${what}: ${failure}`);
}

function vitest(args: readonly string[], env: NodeJS.ProcessEnv): FileReport[] {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { status } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args],
      { stdio: 'inherit', env: { ...process.env, ...env } },
    );
    const files: FileReport[] = existsSync(report)
      ? JSON.parse(readFileSync(report, 'utf8')).testResults
      : [];
    if (status === 0 || files.some(hasFailed)) return files;
    return [
      ...files,
      { name: OUTSIDE, status: 'failed', message: 'see above', assertionResults: [] },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
