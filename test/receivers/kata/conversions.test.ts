import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { type ShimDouble, startShim } from '../../support/kata/shim.ts';

// What upstream's encoders get wrong, as doubles of them write it.
let host: string;
let shim: ShimDouble;
let collector: Collector;
beforeEach(async () => {
  host = mkdtempSync(join(tmpdir(), 'sandgauge-kata-values-'));
  shim = await startShim(host, { containers: ['app'] });
  collector = await startCollector(host);
});
afterEach(async () => {
  await collector.shutdown();
  await shim.close();
  rmSync(host, { recursive: true, force: true });
});

test.each([
  ['a difference that wrapped', 'kata_shim_pod_overhead_memory_in_bytes 1.8446744073709552e+19'],
  ['CPU overhead of the Go shim on cgroup v2', 'kata_shim_pod_overhead_cpu -1.2e+11'],
  ['the same where it is not below 0', 'kata_shim_pod_overhead_cpu 12'],
  ['no limit as a number', 'process_virtual_memory_max_bytes 1.8446744073709552e+19'],
  ['what no 64-bit kernel has', 'kata_guest_meminfo{item="high_total"} 0'],
  ['what is no number', 'kata_guest_load{item="load1"} NaN'],
  ['what is no end', 'kata_guest_load{item="load1"} +Inf'],
  ['a metric of no table', 'kata_guest_secret 1'],
  ['a metric that is not Kata own', 'container_memory_usage_bytes 1'],
])('%s gives no row', async (_, line) => {
  shim.text = `kata_shim_fds 1\n${line}\n`;
  const points = await collector.read();
  const names = points.map(({ series }) => series.descriptor.name);
  expect(names.filter((name) => !name.startsWith('container_spec_'))).toEqual(['kata_shim_fds']);
});

test('both spellings in one text are one series', async () => {
  shim.text = 'kata_shim_io_stat{item="readbytes"} 7\nkata_shim_io_stat{item="read_bytes"} 7\n';
  const points = await collector.read();
  expect(rowValue(points, 'kata_shim_io_stat', { item: 'read_bytes' })).toBe(7);
  expect(rowValue(points, 'kata_shim_io_stat')).toBe(7);
});

test('a counter that goes back leaves a gap and is counted', async () => {
  const read = async (value: number) => {
    shim.text = `kata_agent_total_time ${value}\nkata_shim_fds 1\n`;
    return rowValue(await collector.read(), 'kata_agent_total_time');
  };
  expect([await read(5), await read(4), await read(6)]).toEqual([5, undefined, 6]);
  expect(collector.own('sandgauge_source_dropped_points')).toBe(1);
});

test('labels that a guest sets for a workload are not believed', async () => {
  shim.text = 'kata_guest_load{item="load1",sandbox_id="x",cri_name="y"} 1\n';
  const points = await collector.read();
  expect(rowValue(points, 'kata_guest_load', { sandbox_id: shim.id, item: 'load1' })).toBe(1);
  expect(rowValue(points, 'kata_guest_load', { sandbox_id: 'x' })).toBeUndefined();
});

test('a guest that names its rows anew each time ends the old ones', async () => {
  for (let pass = 0; pass < 5; pass++) {
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `kata_guest_load{item="${pass}-${i}"} 1\n`,
    );
    shim.text = lines.join('');
    const points = await collector.read();
    const loads = points.filter(({ series }) => series.descriptor.name === 'kata_guest_load');
    expect(loads).toHaveLength(3000);
    expect(collector.ended).toHaveLength(pass === 0 ? 0 : 3000);
  }
});

test('a histogram that contradicts itself has no row', async () => {
  const name = 'kata_shim_rpc_durations_histogram_milliseconds';
  const lines = (first: number) =>
    [`_bucket{action="a",le="1"} ${first}`, '_sum{action="a"} 9', '_count{action="a"} 3'].map(
      (line) => name + line,
    );
  const read = async (first: number) => {
    shim.text = [`# TYPE ${name} histogram`, ...lines(first), ''].join('\n');
    return rowValue(await collector.read(), name);
  };
  expect([await read(2), await read(4), await read(-1), await read(3)]).toEqual([
    3,
    undefined,
    undefined,
    3,
  ]);
});
