import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decode } from '../../src/confmap/decode.ts';
import { COMPONENTS } from '../../src/distribution/components.ts';

const TEXT = readFileSync('docs/security.md', 'utf8');
const PROMISES = TEXT.slice(TEXT.indexOf('## What is promised'));

/** Paths of tests that a text names. */
function testsIn(text: string): string[] {
  return [...text.matchAll(/\btest\/[\w./-]+\.test\.ts\b/g)].map(([path]) => path);
}

test('every test that the document names is there', () => {
  const missing = testsIn(TEXT).filter((path) => !existsSync(path));
  expect(testsIn(TEXT).length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
  expect(testsIn('see test/faults/none.test.ts.')).toEqual(['test/faults/none.test.ts']);
});

test('every promise names its test', () => {
  const rows = PROMISES.split('\n').filter((line) => /^\| (?!promise|-)/.test(line));
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter((row) => testsIn(row).length === 0)).toEqual([]);
});

test('every receiver and extension with an input has its row', () => {
  const registry = readFileSync('src/distribution/components.ts', 'utf8');
  const kinds = registry.matchAll(/'\.\.\/(?:receivers|extensions)\/(\w+)\//g);
  const missing = [...kinds]
    .map(([, type]) => type)
    .filter((type) => !TEXT.includes(`\`${type}\``));
  expect(missing).toEqual([]);
});

test('what listens does so on localhost unless it is told otherwise', () => {
  const { receivers, processors, exporters, extensions } = COMPONENTS;
  const listeners = [...receivers, ...processors, ...exporters, ...extensions].flatMap(
    ({ metadata, config }) => {
      const { endpoint } = defaultsOf(config) as { endpoint?: { host?: string } };
      return endpoint?.host === undefined ? [] : [`${metadata.type} ${endpoint.host}`];
    },
  );
  expect(listeners).toContain('prometheus localhost');
  expect(listeners.filter((each) => !each.endsWith(' localhost'))).toEqual([]);
});

test('programs are run with a list of arguments, in one place, without a shell', () => {
  const runs = globSync('src/**/*.ts').filter((path) =>
    /from 'node:child_process'|import\('execa'\)|from 'execa'|\bshell:/.test(
      readFileSync(path, 'utf8'),
    ),
  );
  expect(runs).toEqual(['src/platform/file/program.ts']);
});

/** Empty for a component that has no default of something. */
function defaultsOf(config: unknown): object {
  try {
    return decode(config as never, { value: {}, locate: () => undefined }) as object;
  } catch {
    return {};
  }
}
