import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runsc } from '../../../src/receivers/runsc/factory.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { type DoubleOptions, type SandboxDouble, startDouble } from '../../support/runsc/double.ts';

// No newer build of runsc can be installed here: these sandboxes are doubles of it, from its source.
const INTERFACES = [
  { Name: 'lo', RxBytes: 7, TxBytes: 7 },
  {
    Name: 'eth0',
    RxBytes: 1000,
    RxPackets: 10,
    RxErrors: 1,
    RxDropped: 2,
    TxBytes: 500,
    TxPackets: 5,
    TxErrors: 0,
    TxDropped: 0,
  },
];
const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_working_set_bytes';

let folder: string;
const started: (SandboxDouble | Observed)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-double-'));
});
afterEach(async () => {
  for (const each of started.splice(0).reverse()) {
    await ('shutdown' in each ? each.shutdown() : each.close());
  }
  rmSync(folder, { recursive: true, force: true });
});

async function setUp(options: DoubleOptions = {}, yaml = '') {
  const double = await startDouble(folder, options);
  const observed = await runObserved(
    { factory: runsc, receiver: `root_path: ${folder}\n${yaml}`, observer: `root_path: ${folder}` },
    Date.now,
  );
  started.push(double, observed);
  return { double, observed };
}

function byContainer(rows: readonly Row[], metric: string): Record<string, number> {
  const found = rows.filter((row) => row.metric === metric);
  return Object.fromEntries(found.map(({ labels, value }) => [labels.container, value]));
}

test('a build whose guest has cgroups: every figure is the container own', async () => {
  const { double, observed } = await setUp({ memory: 'own', interfaces: INTERFACES });
  const rows = await observed.read();
  expect(byContainer(rows, CPU)).toEqual({ '': 0, burner: 1, idle: 2 });
  expect(byContainer(rows, MEMORY)).toEqual({ '': 1e6, burner: 2e6, idle: 3e6 });
  expect(byContainer(rows, 'container_processes')).toEqual({ '': 1, burner: 2, idle: 3 });
  expect(byContainer(rows, 'container_threads')).toEqual({ '': 2, burner: 4, idle: 6 });
  const network = rows.filter(({ metric }) => metric === 'container_network_receive_bytes_total');
  expect(network.map(({ labels, value }) => [labels.name, labels.interface, value])).toEqual([
    [double.id, 'eth0', 1000],
  ]);
  expect(byContainer(rows, 'container_spec_cpu_shares')).toEqual({
    '': 512,
    burner: 512,
    idle: 512,
  });
  await observed.read();
  expect(double.connections).toBe(1);
});

test('a build that divides memory: none is given to one of several containers', async () => {
  const { observed } = await setUp({ memory: 'split' });
  const rows = await observed.read();
  expect(byContainer(rows, MEMORY)).toEqual({});
  expect(byContainer(rows, CPU)).toEqual({ '': 0, burner: 1, idle: 2 });
});

test('a build that divides memory: the only workload has all of it, pause none', async () => {
  const { observed } = await setUp({ memory: 'split', containers: ['burner'] });
  expect(byContainer(await observed.read(), MEMORY)).toEqual({ burner: 3e6 });
});

test('a build that divides memory: one that has stopped is counted, so no part is the whole', async () => {
  const { double, observed } = await setUp({ memory: 'split' });
  (double.containers.idle as { processes: number }).processes = 0;
  const rows = await observed.read();
  expect(byContainer(rows, MEMORY)).toEqual({});
  expect(byContainer(rows, CPU)).toEqual({ '': 0, burner: 1 });
});

test('CPU times by name, as with cgroups v1 in the guest', async () => {
  const { observed } = await setUp({ isKeyedByName: true });
  expect(byContainer(await observed.read(), CPU)).toEqual({ '': 0, burner: 1, idle: 2 });
});

test('times are held to the cgroup where the state of the sandbox itself cannot be read, too', async () => {
  for (const each of ['proc/1', 'cg/pod']) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, 'proc/1/mountinfo'), '3 2 0:2 / /cg rw - cgroup2 cgroup2 rw\n');
  const { double, observed } = await setUp();
  writeFileSync(join(folder, `proc/${double.pid}/cgroup`), '0::/pod\n');
  writeFileSync(join(folder, 'cg/pod/cpu.stat'), 'usage_usec 1500000\n');
  rmSync(join(folder, `run/runsc/${double.id}_sandbox:${double.id}.state`));
  expect(byContainer(await observed.read(), CPU)).toEqual({ burner: 0.5, idle: 1 });
});

test('a counter that dips goes on from there, and never back', async () => {
  const { double, observed } = await setUp();
  const burner = double.containers.burner as { cpuNanos: number };
  const seen: number[] = [];
  for (const nanos of [1e9, 2e9, 1.5e9, 1.6e9, 3e9]) {
    burner.cpuNanos = nanos;
    seen.push(byContainer(await observed.read(), CPU).burner ?? Number.NaN);
  }
  expect(seen.map((value) => Math.round(value * 10) / 10)).toEqual([1, 2, 2, 2.1, 3.5]);
  expect(observed.own('bad points')).toBe(0);
});

test.each([
  [
    'a path longer than an address has room for',
    { socketFolder: `/${'x'.repeat(60)}/${'y'.repeat(60)}` },
  ],
  ['the root, where the state does not tell', { tellsSocket: false }],
  ['/run, where runsc falls back to', { tellsSocket: false, socketFolder: '/run' }],
])('a socket in %s', async (_, options) => {
  const { observed } = await setUp(options, 'transport: control_socket');
  expect(byContainer(await observed.read(), CPU)).toEqual({ '': 0, burner: 1, idle: 2 });
});

test.each(['', 'metric_sets: [cpu]'])(
  'a container that has no process any more is gone, the others stay, with "%s"',
  async (yaml) => {
    const { double, observed } = await setUp({}, yaml);
    await observed.read();
    (double.containers.burner as { processes: number }).processes = 0;
    expect(byContainer(await observed.read(), CPU)).toEqual({ '': 0, idle: 2 });
  },
);

test('a sandbox that is made anew between two reads begins anew', async () => {
  const { double, observed } = await setUp();
  await observed.read();
  for (const each of Object.values(double.containers)) each.cpuNanos += 5e9;
  await observed.read();
  double.restart();
  for (const each of Object.values(double.containers)) each.cpuNanos = 1e9;
  expect(byContainer(await observed.read(), CPU)).toEqual({ '': 1, burner: 1, idle: 1 });
});

test('an interface of which a count is not told is left out', async () => {
  const some = { Name: 'eth1', RxBytes: 7, TxBytes: 7 };
  const { observed } = await setUp({ interfaces: [...INTERFACES, some] });
  const rows = await observed.read();
  const found = rows.filter(({ metric }) => metric === 'container_network_receive_bytes_total');
  expect(found.map(({ labels }) => labels.interface)).toEqual(['eth0']);
});

test('a root that comes later, and containers that are added', async () => {
  const observed = await runObserved(
    { factory: runsc, receiver: `root_path: ${folder}`, observer: '' },
    Date.now,
  );
  started.push(observed);
  expect(await observed.read()).toEqual([]);
  expect(observed.log).toEqual([]);
  const double = await startDouble(folder, { root: '/run/containerd/runsc/k8s.io' });
  started.push(double);
  expect(byContainer(await observed.read(), CPU)).toEqual({ '': 0, burner: 1, idle: 2 });
});
