import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runsc } from '../../../src/receivers/runsc/factory.ts';
import { type Observed, runObserved } from '../../support/observed.ts';
import { type SandboxDouble, startDouble } from '../../support/runsc/double.ts';

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_usage_bytes';
const TASKS = ['container_processes', 'container_threads'];

let folder: string;
let double: SandboxDouble;
let observed: Observed | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-events-'));
  double = await startDouble(folder, { listens: false, containers: ['app'] });
});
afterEach(async () => {
  await observed?.shutdown();
  observed = undefined;
  await double.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What `runsc events` prints from now on, by the name of the container; of others nothing. */
function print(data: Record<string, object>): void {
  const cases = Object.entries(data).map(([name, told]) => {
    const whole = { cpu: { usage: {} }, memory: { usage: {} }, pids: {}, ...told };
    return `${double.containers[name]?.id}) echo '${JSON.stringify({ data: whole })}';;`;
  });
  writeFileSync(join(folder, 'runsc'), `#!/bin/sh\ncase $5 in ${cases.join(' ')} esac\n`);
  chmodSync(join(folder, 'runsc'), 0o755);
}

async function read(...metrics: string[]): Promise<Record<string, number>> {
  const receiver = `{root_path: ${folder}, transport: events, runsc_path: ${folder}/runsc}`;
  observed ??= await runObserved({ factory: runsc, receiver, observer: '' }, Date.now);
  const rows = (await observed.read()).filter(({ metric }) => metrics.includes(metric));
  return Object.fromEntries(
    rows.map(({ metric, labels, value }) => [`${metric} ${labels.container}`, value]),
  );
}

const used = (seconds: number) => ({ cpu: { usage: { total: seconds * 1e9 } } });

test('what newer builds count are threads, what older ones count nobody can tell', async () => {
  const pids = { current: 50 };
  print({ pause: { pids: { current: 1 } }, app: { pids, network_interfaces: [] } });
  expect(await read(...TASKS)).toEqual({ 'container_threads app': 50 });
});

test('no time told is a zero, unless no container has one', async () => {
  print({ pause: {}, app: {} });
  expect(await read(CPU)).toEqual({});
  print({ pause: {}, app: used(5) });
  expect(await read(CPU)).toEqual({ [`${CPU} `]: 0, [`${CPU} app`]: 5 });
});

test('a share of what the whole node used is no time of a container', async () => {
  writeFileSync(join(folder, `proc/${double.pid}/cgroup`), '0::/\n');
  mkdirSync(join(folder, 'proc/1'));
  writeFileSync(join(folder, 'proc/1/mountinfo'), '3 2 0:2 / /cg rw - cgroup2 cgroup2 rw\n');
  print({ pause: {}, app: { ...used(5), memory: { usage: { usage: 7 } } } });
  expect(await read(CPU, MEMORY)).toEqual({ [`${MEMORY} app`]: 7 });
});

test('the node is told from a cgroup where the state of the sandbox itself cannot be read, too', async () => {
  writeFileSync(join(folder, `proc/${double.pid}/cgroup`), '0::/\n');
  mkdirSync(join(folder, 'proc/1'));
  writeFileSync(join(folder, 'proc/1/mountinfo'), '3 2 0:2 / /cg rw - cgroup2 cgroup2 rw\n');
  rmSync(join(folder, `run/runsc/${double.id}_sandbox:${double.id}.state`));
  print({ app: used(5) });
  expect(await read(CPU)).toEqual({});
});

test('memory is of no container while one that has stopped may be counted', async () => {
  await double.close();
  rmSync(join(folder, 'run'), { recursive: true });
  double = await startDouble(folder, { listens: false, containers: ['app', 'init'] });
  print({ pause: {}, app: { memory: { usage: { usage: 7 } } } });
  expect(await read(MEMORY)).toEqual({});
});

test('what could be used is told by the CPUs of the host, not by those of the agent', async () => {
  const agent = availableParallelism();
  const lines = Array.from({ length: agent * 1000 }, (_, i) => `cpu${i} 1\n`);
  writeFileSync(join(folder, 'proc/stat'), lines.join(''));
  print({ pause: {}, app: used(5) });
  await read(CPU);
  await sleep(100);
  print({ pause: {}, app: used(5 + 10 * agent) });
  expect((await read(CPU))[`${CPU} app`]).toBe(5 + 10 * agent);
});
