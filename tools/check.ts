/** Everything static, in one command: format and lint, types, unused code, generated files, floors, file sizes. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';

const MAX_LINES = 300;
const NODE = process.execPath;

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'node_modules/.bin/biome', 'ci', '--colors=off', '--error-on-warnings'],
  ['types', 'node_modules/.bin/tsc'],
  ['unused code', NODE, 'node_modules/knip/bin/knip.js'],
  ['generated files', NODE, 'tools/generate.ts', '--check'],
  ['floors', NODE, 'node_modules/vitest/vitest.mjs', 'run', 'test/architecture'],
];

let failed = 0;
for (const [name, command, ...args] of steps) {
  const start = performance.now();
  try {
    execFileSync(command, args, {
      stdio: 'pipe',
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    console.log(`ok      ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    console.error(`FAILED  ${name}\n${stdout}${stderr}`);
    failed++;
  }
}

const long = globSync('{src,test,tools}/**/*.ts').filter(
  (file) => readFileSync(file, 'utf8').split('\n').length > MAX_LINES + 1,
);
if (long.length > 0) {
  console.error(`FAILED  files over ${MAX_LINES} lines: ${long.join(', ')}`);
  failed++;
}
process.exitCode = failed === 0 ? 0 : 1;
