import { execFileSync, spawn } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Point } from '../../../src/pdata/point.ts';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { type ShimProcess, startShimProcess } from '../../support/kata/process.ts';
import { startShim } from '../../support/kata/shim.ts';
import { findPeer, isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('a network namespace of a shim', {
  unshare: findPeer('unshare'),
  root: process.getuid?.() === 0,
});

// The process is real, and so is what /proc says of it; only what it answers is invented.
let folder: string;
let shim: ShimProcess | undefined;
let collector: Collector | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-kata-host-'));
});
afterEach(async () => {
  await collector?.shutdown();
  await shim?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  hypervisor: string,
  text = '',
  yaml = '',
  options: Parameters<typeof startShimProcess>[2] = { megabytes: 16 },
): Promise<() => Promise<Point[]>> {
  shim = await startShimProcess(folder, hypervisor, options);
  shim.write(text);
  collector = await startCollector('/', `shim_directories: ['${shim.directory}']\n${yaml}`);
  const { read } = collector;
  // Names are awaited for a while: no bundle tells them here.
  await expect.poll(() => read(), { timeout: 15_000, interval: 500 }).not.toEqual([]);
  return () => read();
}

function proc(file: string): string {
  return readFileSync(`/proc/${shim?.pid}/${file}`, 'utf8');
}

function status(key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(proc('status'))?.[1]);
}

function cpuTicks(): number {
  const fields = proc('stat').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test('a sandbox that may not be read: its shim by /proc', async () => {
  const read = await start('qemu');
  const before = cpuTicks();
  const points = await read();
  const value = (name: string, item?: string) =>
    rowValue(points, `kata_shim_${name}`, item === undefined ? {} : { item });
  const cpu = value('process_cpu_seconds_total') ?? Number.NaN;
  expect(cpu).toBeGreaterThanOrEqual(before / 100);
  expect(cpu).toBeLessThanOrEqual(cpuTicks() / 100);
  const cputime = (value('proc_stat', 'utime') ?? 0) + (value('proc_stat', 'stime') ?? 0);
  expect(cputime).toBeCloseTo(cpu, 6);
  const fds = readdirSync(`/proc/${shim?.pid}/fd`).length;
  expect([value('fds'), value('process_open_fds')]).toEqual([fds, fds]);
  expect(value('threads')).toBe(status('Threads'));
  const limit = /^Max open files +(\d+)/m.exec(proc('limits'))?.[1];
  expect(value('process_max_fds')).toBe(Number(limit));
  expect(value('process_virtual_memory_max_bytes')).toBeUndefined();
  const memory = value('process_resident_memory_bytes') ?? 0;
  expect(Math.abs(memory - status('VmRSS') * 1024)).toBeLessThan(4 * 2 ** 20);
  expect(memory).toBeGreaterThan(16 * 2 ** 20);
  expect(value('proc_status', 'vmrss')).toBe(memory);
  expect(value('process_virtual_memory_bytes')).toBe(value('proc_status', 'vmsize'));
  expect(value('proc_status', 'voluntary_ctxt_switches')).toBeGreaterThan(0);
  const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(shim?.pid)], {
    encoding: 'utf8',
  });
  const told = value('process_start_time_seconds') ?? 0;
  expect(Math.abs(told - Date.parse(started) / 1000)).toBeLessThan(2);
  const io = Number(/^rchar: (\d+)/m.exec(proc('io'))?.[1]);
  expect(value('io_stat', 'rchar')).toBeLessThanOrEqual(io);
  expect(value('io_stat', 'read_bytes')).toBeDefined();
  // It runs in the host's network namespace, whose interfaces are the node's.
  expect(points.some(({ series }) => series.descriptor.name === 'kata_shim_netdev')).toBe(false);
});

test('what the runtime tells itself is not told again from the host', async () => {
  const read = await start('dragonball', '# TYPE kata_shim_fds gauge\nkata_shim_fds 4711\n');
  const points = await read();
  expect(rowValue(points, 'kata_shim_fds')).toBe(4711);
  expect(rowValue(points, 'kata_shim_process_open_fds')).toBeLessThan(4711);
});

test('a process that bears the id but does not hold the socket is not measured', async () => {
  const id = `impostor${process.pid}`;
  const impostor = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)', '--', id]);
  const read = await start('qemu', '', '', { id, megabytes: 200 });
  const memory = () =>
    read().then((points) => rowValue(points, 'kata_shim_proc_status', { item: 'vmrss' }));
  expect(await memory()).toBeGreaterThan(200 * 2 ** 20);
  await shim?.stop();
  expect(await memory()).toBeUndefined();
  impostor.kill('SIGKILL');
});

test.skipIf(isSkipped)(
  'a shim in a network namespace of its own is found all the same',
  async () => {
    const read = await start('qemu', '', '', { megabytes: 1, unshares: true });
    expect(rowValue(await read(), 'kata_shim_threads')).toBe(status('Threads'));
  },
);

test.each([
  ['its own', 2, ['eth0', 'lo']],
  ["the host's", 0, []],
])('interfaces of a shim whose network namespace is %s', async (_, links, devices) => {
  const double = await startShim(folder, { containers: [] });
  const written = join(folder, 'proc', String(double.pid));
  for (const file of ['stat', 'status']) {
    writeFileSync(join(written, file), readFileSync(`/proc/self/${file}`));
  }
  const line = (name: string) =>
    `  ${name}: ${Array.from({ length: 16 }, (_, i) => i + 1).join(' ')}`;
  const header = 'Inter-| Receive\n face |bytes\n';
  mkdirSync(join(written, 'net'));
  writeFileSync(join(written, 'net/dev'), `${header}${line('lo')}\n${line('eth0')}\n bad: 1 2\n`);
  for (const each of [written, join(folder, 'proc/1')])
    mkdirSync(join(each, 'ns'), { recursive: true });
  writeFileSync(join(folder, 'proc/1/ns/net'), '');
  if (links === 0) linkSync(join(folder, 'proc/1/ns/net'), join(written, 'ns/net'));
  else writeFileSync(join(written, 'ns/net'), '');
  collector = await startCollector(folder);
  const points = await collector.read();
  const found = points.filter(({ series }) => series.descriptor.name === 'kata_shim_netdev');
  const names = new Set(found.map(({ series }) => series.labels.interface));
  expect([...names].sort()).toEqual(devices);
  expect(found).toHaveLength(16 * devices.length);
  if (links > 0) {
    const row = (item: string) => rowValue(found, 'kata_shim_netdev', { interface: 'eth0', item });
    const items = ['recv_bytes', 'recv_multicast', 'sent_bytes', 'sent_colls', 'sent_compressed'];
    expect(items.map(row)).toEqual([1, 8, 9, 14, 16]);
  }
  await double.close();
});

test('hypervisor and virtiofsd of a sandbox that is not read, if they bear its id', async () => {
  const id = `beside${process.pid}`;
  const run = (...args: string[]) =>
    spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)', '--', ...args]);
  const hypervisor = run('-name', `sandbox-${id}`);
  const stranger = run('-name', 'sandbox-other');
  await start('qemu', '', '', { id, megabytes: 1 });
  const pids = { pid: hypervisor.pid, virtiofs_daemon_pid: stranger.pid };
  const state = { hypervisor: { hypervisor_type: 'qemu', ...pids } };
  await collector?.shutdown();
  writeFileSync(join(folder, 'kata', id, 'state.json'), JSON.stringify(state));
  collector = await startCollector('/', `shim_directories: ['${shim?.directory}']`);
  await expect.poll(() => collector?.read(), { timeout: 15_000, interval: 500 }).not.toEqual([]);
  const points = (await collector?.read()) ?? [];
  const lines = readFileSync(`/proc/${hypervisor.pid}/status`, 'utf8');
  const threads = Number(/^Threads:\s+(\d+)/m.exec(lines)?.[1]);
  expect(rowValue(points, 'kata_hypervisor_threads')).toBe(threads);
  expect(rowValue(points, 'kata_hypervisor_io_stat', { item: 'syscr' })).toBeGreaterThan(0);
  expect(
    rowValue(points, 'kata_hypervisor_netdev', { interface: 'lo', item: 'recv_bytes' }),
  ).toBeDefined();
  expect(rowValue(points, 'kata_virtiofsd_threads')).toBeUndefined();
  for (const each of [hypervisor, stranger]) each.kill('SIGKILL');
});

test('raw: nothing is computed', async () => {
  const read = await start('dragonball', 'kata_shim_fds 4711\n', 'raw: true');
  expect((await read()).map(({ series }) => series.descriptor.name)).toEqual(['kata_shim_fds']);
});
