import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { runAgent } from '../support/agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-arguments-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test.each([
  [['--config', '/nope'], 'failed to get config: cannot resolve the configuration: /nope: no such'],
  [['--config', folder], 'this is a directory'],
  [['--config', 'https://x/y'], 'scheme "https" is not supported (allowed: env, file, yaml): '],
  [
    ['--set', 'x'],
    'failed to get config: cannot resolve the configuration: --set x: missing equal',
  ],
  [
    ['--set', 'x=1'],
    'failed to get config: cannot unmarshal the configuration: --set x: x: unknown',
  ],
  [
    ['--set', 'x=1', '--set', 'receivers.cgroup.timeout=5'],
    'cannot unmarshal the configuration:\n--set x: x: unknown key',
  ],
  [
    ['--set', 'service.extensions=[x]'],
    'Error: invalid configuration: --set service.extensions: service::extensions: references',
  ],
  [['--feature-gates', 'a'], 'Error: --feature-gates: no such feature gate "a". valid gates: ['],
  [['print-config', '--mode', 'unredacted'], 'Error: --mode: unredacted prints secrets'],
  [['print-config', '--mode', 'x'], 'Allowed choices are redacted, unredacted.'],
  [['print-config', '--format', 'xml'], 'Allowed choices are yaml, json.'],
  [['print-config', '--set', 'service.extensions=[x]'], 'Error: invalid configuration: '],
  [['featuregate', 'x'], 'feature "x" not found'],
  [['validate', 'x'], 'too many arguments'],
  [['nope'], 'sandgauge --help'],
  [['--nope'], "unknown option '--nope'"],
])('%j ends with 1 and says why', (args, message) => {
  const { status, output } = runAgent(args);
  expect(output).toContain(message);
  expect(status).toBe(1);
  expect(output).not.toMatch(/^ +at /m);
});

test('a file that is no text and several broken files are told together', () => {
  const latin = file('latin.yaml', Buffer.from('a: 1\nb: \xe4', 'latin1'));
  const broken = file('broken.yaml', 'receivers:\n\tcgroup:\n');
  const { status, output } = runAgent(['validate', '--config', latin, '--config', broken]);
  expect(output).toBe(
    [
      'Error: failed to get config: cannot resolve the configuration:',
      `${latin}:2: this is not UTF-8: save the file in that encoding`,
      `${broken}:2: a tab is not allowed as indentation, use spaces`,
      '',
    ].join('\n'),
  );
  expect(status).toBe(1);
});

test('what the printed configuration says is what it prints', () => {
  const first = runAgent(['print-config', '--format', 'yaml']);
  expect(first.status).toBe(0);
  const path = file('printed.yaml', first.output);
  expect(runAgent(['print-initial-config', '--config', path])).toEqual(first);
  const json = runAgent(['print-config', '--format', 'json', '--config', path]);
  expect(JSON.parse(json.output)).toEqual(parse(first.output));
  expect(runAgent(['validate', '--config', path])).toEqual({ status: 0, output: '' });
});

test('--validate=false prints what cannot run', () => {
  const args = ['print-config', '--set', 'service.extensions=[nope]', '--validate', 'false'];
  expect(runAgent(args)).toMatchObject({ status: 0 });
});

test('components are listed with their stability, gates with their state', () => {
  const listed = parse(runAgent(['components']).output);
  expect(listed.buildinfo).toMatchObject({ command: 'sandgauge' });
  for (const section of ['receivers', 'processors', 'exporters', 'extensions'] as const) {
    const types = COMPONENTS[section].map(({ metadata }) => metadata.type);
    const names = listed[section].map(({ name }: { name: string }) => name);
    expect(names).toEqual([...types].sort());
  }
  expect(listed.receivers[0].stability.metrics).toMatch(/^[A-Z][a-z]+$/);
  expect(listed.providers).toEqual([{ scheme: 'env' }, { scheme: 'file' }, { scheme: 'yaml' }]);
  const gates = runAgent(['--feature-gates=otelcol.printInitialConfig', 'featuregate']);
  expect(gates.output).toMatch(/otelcol\.printInitialConfig +true +Alpha/);
  expect(runAgent(['--help'])).toMatchObject({ status: 0 });
});

test('lists add up behind a gate', () => {
  const args = ['print-config', '--set', 'exporters.debug=', '--validate=false'];
  const more = ['--set', 'service.pipelines.metrics.exporters=[debug]'];
  const listed = (extra: string[]) =>
    parse(runAgent([...args, ...more, ...extra]).output).service.pipelines.metrics.exporters;
  expect(listed([])).toEqual(['debug']);
  const gate = ['--feature-gates', 'confmap.enableMergeAppendOption'];
  expect(listed(gate)).toEqual(['prometheus', 'debug']);
});
