import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyCheckout } from '../support/checkout.ts';

/** By the step that finds it: a file, and what is added to it. */
const FAULTS: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'format and lint': ['src/pdata/planted-quotes.ts', 'export const planted = "quotes";\n'],
  types: ['src/pdata/planted-type.ts', "export const planted: number = 'text';\n"],
  'unused code': ['src/errors.ts', "\nexport const PLANTED_EXPORT = 'unused';\n"],
  'generated files': ['docs/metrics.md', 'planted\n'],
  floors: ['src/pdata/planted-floor.ts', "import '../catalog/metric.ts';\n"],
  'files over 300 lines': ['test/planted-length.ts', '// planted\n'.repeat(301)],
};
let folder: string;
let result: { status: number | null; stdout: string; stderr: string };

beforeAll(() => {
  folder = copyCheckout();
  writeFileSync(join(folder, 'test/planted-fit.ts'), '// planted\n'.repeat(300));
  for (const [file, text] of Object.values(FAULTS)) appendFileSync(join(folder, file), text);
  result = spawnSync(process.execPath, ['tools/check.ts'], { cwd: folder, encoding: 'utf8' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('all steps are made, though each fails', () => {
  expect(result.status).toBe(1);
  expect(result.stdout).toBe('');
  expect(result.stderr.match(/^FAILED /gm)).toHaveLength(Object.keys(FAULTS).length);
});

test.each(Object.entries(FAULTS))('a planted fault is found by: %s', (step, [file, text]) => {
  const blocks = result.stderr.split(/^FAILED {2}/m);
  const said = blocks.find((block) => block.startsWith(step)) ?? '';
  // What is unused is told by its name, imports by their path below src/.
  const [name] = /\bPLANTED_\w+/.exec(text) ?? [file.replace('src/pdata/', 'pdata/')];
  expect(said).toContain(name);
});

test('a file of 300 lines is short enough', () => {
  expect(result.stderr).not.toMatch(/over 300 lines: .*planted-fit/);
});
