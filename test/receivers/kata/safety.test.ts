import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { startMonitor } from '../../support/kata/monitor.ts';
import { type ShimDouble, startShim } from '../../support/kata/shim.ts';

// A read of a runtime-rs shim can end its pod (kata-containers#13707): these are doubles of shims.
let host: string;
const started: { close(): Promise<void> }[] = [];
let collector: Collector | undefined;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'sandgauge-kata-safety-'));
});
afterEach(async () => {
  await collector?.shutdown();
  for (const each of started.splice(0)) await each.close();
  rmSync(host, { recursive: true, force: true });
});

async function shim(
  hypervisor: string | undefined,
  runtime: 'go' | 'rs' = 'rs',
): Promise<ShimDouble> {
  const options = { runtime, containers: ['app'], ...(hypervisor && { hypervisor }) };
  const double = await startShim(host, options);
  started.push(double);
  return double;
}

/** Another process of the host whose arguments name the sandbox. */
function run(pid: number, ...args: string[]): void {
  mkdirSync(join(host, 'proc', String(pid)), { recursive: true });
  writeFileSync(join(host, 'proc', String(pid), 'cmdline'), `${args.join('\0')}\0`);
}

const NOT_READ =
  'Sandboxes of runtime-rs on this hypervisor are measured from the host only: to read them can end them';

test.each(['qemu', 'firecracker', 'cloud-hypervisor', 'remote', undefined])(
  'runtime-rs on %s is never asked, said once, and the others are read',
  async (hypervisor) => {
    const unsafe = [await shim(hypervisor), await shim(hypervisor)];
    const safe = await shim('dragonball');
    collector = await startCollector(host);
    for (let pass = 0; pass < 3; pass++) {
      const points = await collector.read();
      expect(rowValue(points, 'kata_guest_tasks', { sandbox_id: safe.id, item: 'max' })).toBe(92);
    }
    expect(unsafe.flatMap(({ asked }) => asked)).toEqual([]);
    expect(safe.asked).toHaveLength(3);
    expect(collector.log).toEqual([`${NOT_READ}: ${hypervisor ?? 'unknown'}`]);
  },
);

test('the Go runtime is read on any hypervisor', async () => {
  const { asked } = await shim(undefined, 'go');
  collector = await startCollector(host);
  await collector.read();
  expect(asked).toHaveLength(1);
});

test('who takes the risk names the hypervisor', async () => {
  const { asked } = await shim('qemu');
  collector = await startCollector(host, 'runtime_rs: {hypervisors: [dragonball, qemu]}');
  await collector.read();
  expect(asked).toHaveLength(1);
});

test('a process of another hypervisor is believed over the state', async () => {
  const double = await shim('dragonball');
  run(900, '/opt/kata/bin/qemu-system-x86_64', '-name', `sandbox-${double.id}`);
  collector = await startCollector(host);
  await collector.read();
  expect(double.asked).toEqual([]);
  expect(collector.log).toEqual([`${NOT_READ}: qemu`]);
});

test('a state that comes late, or is broken meanwhile', async () => {
  const double = await shim(undefined);
  const path = join(host, 'run/kata', double.id, 'state.json');
  collector = await startCollector(host);
  writeFileSync(path, '{"hypervisor":');
  await collector.read();
  expect(double.asked).toEqual([]);
  writeFileSync(path, '{"hypervisor":{"hypervisor_type":"dragonball","pid":7}}');
  await collector.read();
  expect(double.asked).toHaveLength(1);
  expect(collector.log.join()).toMatch(/State of the sandbox cannot be used.*can be used again/);
});

test('a directory that is not known to be the Go runtime counts as runtime-rs', async () => {
  const double = await shim(undefined, 'rs');
  collector = await startCollector(host, 'shim_directories: [/run/kata]');
  await collector.read();
  expect(double.asked).toEqual([]);
});

test.each([
  ['through kata-monitor', 'source: monitor'],
  ['for its own figures', ''],
])('kata-monitor is not made to read it either, %s', async (_, yaml) => {
  const unsafe = await shim('qemu');
  const safe = await shim(undefined, 'go');
  const texts = { [unsafe.id]: unsafe.text, [safe.id]: safe.text };
  const monitor = await startMonitor(texts, 'kata_monitor_scrape_count 1\n');
  started.push(monitor);
  collector = await startCollector(host, `monitor_endpoint: ${monitor.endpoint}\n${yaml}`);
  const points = await collector.read();
  expect(rowValue(points, 'kata_shim_threads', { sandbox_id: safe.id })).toBe(9);
  expect(unsafe.asked).toEqual([]);
  expect(monitor.asked.filter((path) => path.includes(unsafe.id) || /filter/.test(path))).toEqual(
    [],
  );
  expect(rowValue(points, 'kata_monitor_scrape_count')).toBeUndefined();
  expect(collector.log.join()).toContain('kata-monitor is not asked for its own figures');
});
