import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runsc } from '../../../src/receivers/runsc/factory.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { type Fault, type SandboxDouble, startDouble } from '../../support/runsc/double.ts';

const CPU = 'container_cpu_usage_seconds_total';
const ROOT = 'run/runsc';
let folder: string;
let good: SandboxDouble;
let bad: SandboxDouble;
let observed: Observed | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-faults-'));
  good = await startDouble(folder);
  bad = await startDouble(folder);
});
afterEach(async () => {
  await observed?.shutdown();
  await Promise.all([good, bad].map((each) => each.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function run(yaml = ''): Promise<Observed> {
  const receiver = `root_path: ${folder}\nsandbox_timeout: 300ms\n${yaml}`;
  observed = await runObserved({ factory: runsc, receiver, observer: '' }, Date.now);
  return observed;
}

function count(rows: readonly Row[], { containers }: SandboxDouble): number {
  const names = new Set(Object.values(containers).map(({ id }) => id));
  return rows.filter(({ metric, labels }) => metric === CPU && names.has(labels.name ?? '')).length;
}

const failures = (each: Observed) => each.own('sandgauge_source_failures', { source: 'runsc' });

test.each<[Fault, string]>([
  ['hang', 'no answer in time'],
  ['rubbish', 'not JSON'],
  ['flood', 'larger than'],
  ['close', 'closed the connection'],
  ['unasked', 'goes on after its end'],
])('a socket that does this: %s', async (fault, reason) => {
  const each = await run();
  expect(count(await each.read(), bad)).toBe(3);
  bad.fault = fault;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const rows = await each.read();
    expect(performance.now() - start).toBeLessThan(2000);
    expect(count(rows, good)).toBe(3);
    expect(count(rows, bad)).toBe(0);
  }
  expect(each.log).toHaveLength(1);
  expect(each.log[0]).toContain(`Sandbox cannot be read; its rows are absent (${bad.id})`);
  expect(each.log[0]).toContain(reason);
  expect(failures(each)).toBeGreaterThan(0);
  bad.fault = undefined;
  await sleep(1100);
  expect(count(await each.read(), bad)).toBe(3);
  expect(each.log).toHaveLength(2);
  expect(each.log[1]).toContain('Sandbox can be read again');
});

test('a sandbox that was killed: its state files stay and give no rows', async () => {
  const each = await run();
  await each.read();
  bad.kill();
  const rows = await each.read();
  expect([count(rows, good), count(rows, bad)]).toEqual([3, 0]);
  expect(each.log).toEqual([]);
  await sleep(5100);
  await each.read();
  await each.read();
  expect(each.log).toHaveLength(1);
  expect(each.log[0]).toContain('does not run, but its state files are still there');
  expect(failures(each)).toBeGreaterThan(0);
}, 20_000);

test('a pid that another process has taken is not the sandbox', async () => {
  for (const { id } of Object.values(bad.containers)) {
    const state = { id, createdAt: '2026-11-21T00:00:00Z', spec: {} };
    const text = JSON.stringify({ ...state, sandbox: { id: bad.id, pid: good.pid } });
    writeFileSync(join(folder, ROOT, `${id}_sandbox:${bad.id}.state`), text);
  }
  const rows = await (await run()).read();
  expect([count(rows, good), count(rows, bad)]).toEqual([3, 0]);
});

test.each([
  ['is not JSON', '{'],
  [
    'is of another container',
    JSON.stringify({
      id: 'other',
      createdAt: '2026-01-01T00:00:00Z',
      spec: {},
      sandbox: { id: 'x', pid: 1 },
    }),
  ],
  [
    'has no times',
    JSON.stringify({ id: 'c', createdAt: 'soon', spec: {}, sandbox: { id: 's', pid: 1 } }),
  ],
  ['is a list', '[]'],
])('a state file that %s costs one line', async (_, text) => {
  writeFileSync(join(folder, ROOT, 'c_sandbox:s.state'), text);
  const each = await run();
  for (let round = 0; round < 3; round++) expect(count(await each.read(), good)).toBe(3);
  expect(each.log).toHaveLength(1);
  expect(each.log[0]).toContain('State file cannot be used');
  expect(each.log[0]).toContain('c_sandbox:s.state');
});

test('names that are no ids never reach a path or an argument', async () => {
  for (const name of ['-rf_sandbox:x.state', '.._sandbox:...state', 'a b_sandbox:c.state']) {
    writeFileSync(join(folder, ROOT, name), '{}');
  }
  const each = await run();
  await each.read();
  expect(each.log).toEqual([]);
});

describe('transport: events', () => {
  function program(script: string): string {
    const path = join(folder, 'runsc');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return `transport: events\nrunsc_path: ${path}`;
  }

  test('runsc is missing: one line for each sandbox, which names it', async () => {
    const each = await run(`transport: events\nrunsc_path: ${folder}/no-such-runsc`);
    for (let round = 0; round < 3; round++) expect(await each.read()).toEqual([]);
    expect(each.log).toHaveLength(2);
    expect(each.log[0]).toContain('no-such-runsc');
  });

  test('runsc hangs for one sandbox: it is killed, the other is read', async () => {
    const line = `{"type":"stats","id":"$5","data":{"cpu":{"usage":{"total":5000000000}},"memory":{"usage":{}},"pids":{"current":1}}}`;
    const script = `case $5 in ${Object.values(bad.containers)
      .map(({ id }) => id)
      .join('|')}) exec sleep 1000;; esac; echo '${line}' | sed "s/\\$5/$5/"`;
    const each = await run(program(script));
    const rows = await each.read();
    expect([count(rows, good), count(rows, bad)]).toEqual([3, 0]);
    expect(each.log.join()).toContain('did not end in time');
  });

  test('arguments are the root and the id, as they are', async () => {
    const each = await run(program(`echo "$@" >> ${folder}/arguments; exit 1`));
    await each.read();
    const lines = readFileSync(`${folder}/arguments`, 'utf8').trim().split('\n');
    expect(lines).toContain(`--root ${folder}/${ROOT} events --stats ${good.id}`);
  });

  test.each(['echo rubbish', 'yes | head -c 3000000', 'exit 3', 'echo "{}"'])(
    'runsc does this: %s',
    async (script) => {
      const each = await run(program(script));
      for (let round = 0; round < 2; round++) expect(await each.read()).toEqual([]);
      expect(each.log.length).toBeLessThanOrEqual(2);
    },
  );
});

test('auto: without a socket the sandbox is asked by events, for its whole life', async () => {
  const line = `{"type":"stats","id":"x","data":{"cpu":{"usage":{"total":5000000000}},"memory":{"usage":{}},"pids":{"current":1}}}`;
  const path = join(folder, 'runsc');
  writeFileSync(path, `#!/bin/sh\necho '${line}'\n`);
  chmodSync(path, 0o755);
  const deaf = await startDouble(folder, { listens: false });
  const each = await run(`runsc_path: ${path}`);
  const seconds = (rows: readonly Row[], { id }: SandboxDouble) =>
    rows.find(({ metric, labels }) => metric === CPU && labels.name === id)?.value;
  const rows = await each.read();
  expect(count(rows, deaf)).toBe(3);
  expect(seconds(rows, deaf)).toBe(5);
  expect(seconds(rows, good)).toBe(0);
  expect(each.log).toEqual([]);
  deaf.kill();
});
