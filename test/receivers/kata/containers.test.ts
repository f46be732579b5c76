import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Point } from '../../../src/pdata/point.ts';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { type ShimDouble, type ShimOptions, startShim } from '../../support/kata/shim.ts';

// The figures are invented, and the shim is a double.
const TEXT = `# TYPE kata_guest_cpu_time gauge
kata_guest_cpu_time{cpu="0",item="user"} 99
${cpu({ user: 19_000, nice: 230, system: 7000, idle: 90_000, iowait: 50, irq: 100, softirq: 50 })}
${cpu({ steal: 70, guest: 500, guest_nice: 20 })}
# TYPE kata_guest_meminfo gauge
${memory({ mem_total: 2e9, mem_free: 1.5e9, mem_available: 1.7e9, anon_pages: 1e8, cached: 2e8 })}
${memory({ mapped: 3e7, swap_total: 1000, swap_free: 400 })}
# TYPE kata_guest_vm_stat gauge
kata_guest_vm_stat{item="pgfault"} 1234
kata_guest_vm_stat{item="pgmajfault"} 12
# TYPE kata_guest_netdev_stat gauge
${network('lo', 5)}
${network('eth0', 1000)}
`;

function cpu(modes: Readonly<Record<string, number>>): string {
  return rows('kata_guest_cpu_time', 'cpu="total",', modes);
}

function memory(items: Readonly<Record<string, number>>): string {
  return rows('kata_guest_meminfo', '', items);
}

function network(name: string, from: number): string {
  const items = ['bytes', 'packets', 'errs', 'drop'].flatMap((item) => [
    `recv_${item}`,
    `sent_${item}`,
  ]);
  const values = Object.fromEntries(items.map((item, i) => [item, from + i]));
  return rows('kata_guest_netdev_stat', `interface="${name}",`, values);
}

function rows(name: string, labels: string, values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(
    ([item, value]) => `${name}{${labels}item="${item}"} ${value}`,
  );
  return lines.join('\n');
}

let host: string;
let shim: ShimDouble;
let collector: Collector | undefined;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'sandgauge-kata-pod-'));
});
afterEach(async () => {
  await collector?.shutdown();
  await shim.close();
  rmSync(host, { recursive: true, force: true });
});

async function start(options: ShimOptions, voices: 'cri'[] = []): Promise<Collector> {
  shim = await startShim(host, { text: TEXT, ...options });
  collector = await startCollector(host, '', voices);
  return collector;
}

function named(points: readonly Point[], container: string): Record<string, number> {
  const own = points.filter(({ series }) => series.identity.container === container);
  return Object.fromEntries(
    own
      .filter(({ series }) => !/network|spec/.test(series.descriptor.name))
      .map((point) => {
        const { failure_type } = point.series.labels;
        const name =
          point.series.descriptor.name + (failure_type === undefined ? '' : ` ${failure_type}`);
        return [name, point.kind === 'number' ? point.value : Number.NaN];
      }),
  );
}

test('the only workload container of a sandbox has what the guest counts', async () => {
  const points = await (await start({ containers: ['app'] })).read();
  expect(named(points, 'app')).toEqual({
    container_cpu_usage_seconds_total: 26.38,
    container_cpu_user_seconds_total: 19.23,
    container_cpu_system_seconds_total: 7.15,
    container_memory_usage_bytes: 5e8,
    container_memory_working_set_bytes: 3e8,
    container_memory_rss: 1e8,
    container_memory_cache: 2e8,
    container_memory_mapped_file: 3e7,
    container_memory_swap: 600,
    'container_memory_failures_total pgfault': 1234,
    'container_memory_failures_total pgmajfault': 12,
  });
  expect(named(points, '')).toEqual({});
  const app = points.find(({ series }) => series.identity.container === 'app');
  expect(app?.series.identity).toMatchObject({
    ...{ image: 'docker.io/app:1', namespace: 'team', pod: `pod-${shim.id.slice(0, 6)}` },
    id: expect.stringMatching(new RegExp(`^/kubepods/pod${shim.uid}/[0-9a-f]{64}$`)),
  });
});

test('of several containers none has; a second one that comes ends the rows of the first', async () => {
  const all = await start({ containers: ['app'] });
  expect(Object.keys(named(await all.read(), 'app'))).not.toEqual([]);
  const other = shim.addContainer('sidecar');
  const points = await all.read();
  expect([named(points, 'app'), named(points, 'sidecar')]).toEqual([{}, {}]);
  expect(all.ended.map(({ series }) => series.descriptor.name)).toContain('container_memory_rss');
  expect(rowValue(points, 'kata_guest_meminfo', { item: 'anon_pages' })).toBe(1e8);
  shim.removeContainer(other);
  expect(Object.keys(named(await all.read(), 'app'))).not.toEqual([]);
});

test('with a CRI source the guest has no voice for containers', async () => {
  const points = await (await start({ containers: ['app'] }, ['cri'])).read();
  expect(named(points, 'app')).toEqual({});
  expect(rowValue(points, 'kata_guest_meminfo', { item: 'anon_pages' })).toBe(1e8);
});

test('a figure of the guest that wrapped is none', async () => {
  const text = TEXT.replace(/(item="(?:cached|pgfault)"\}) \d+/g, '$1 18446744073709550000');
  const points = await (await start({ containers: ['app'], text })).read();
  const rows = named(points, 'app');
  expect(rows.container_memory_cache).toBeUndefined();
  expect(rows['container_memory_failures_total pgfault']).toBeUndefined();
  expect(rows.container_memory_rss).toBe(1e8);
});

test('the network of the guest stands on the sandbox row, without the loopback', async () => {
  const points = await (await start({ containers: ['app', 'sidecar'] })).read();
  const found = points.filter(({ series }) => /_network_/.test(series.descriptor.name));
  expect(found).toHaveLength(8);
  for (const { series } of found) {
    expect([series.identity.name, series.labels]).toEqual([shim.id, { interface: 'eth0' }]);
  }
  const value = (name: string) => rowValue(points, `container_network_${name}_total`);
  expect(value('receive_bytes')).toBe(1000);
  expect(value('transmit_bytes')).toBe(1001);
  expect(value('receive_packets_dropped')).toBe(1006);
});

test('limits are those of the OCI specs, for the sandbox and its containers', async () => {
  const points = await (await start({ containers: ['app', 'sidecar'] })).read();
  const quotas = points.filter(
    ({ series }) => series.descriptor.name === 'container_spec_cpu_quota',
  );
  expect(quotas.map((point) => point.series.identity.container).sort()).toEqual([
    '',
    'app',
    'sidecar',
  ]);
  expect(rowValue(points, 'container_spec_cpu_shares', { container: 'sidecar' })).toBe(512);
});

test('no label of a row is told twice, and no row', async () => {
  const points = await (await start({ containers: ['app'] })).read();
  const keys = points.map(({ series: { descriptor, identity, labels } }) =>
    JSON.stringify([descriptor.name, identity, labels]),
  );
  expect(new Set(keys).size).toBe(keys.length);
});
