import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Point } from '../../../src/pdata/point.ts';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import {
  type Emitter,
  TABLED,
  type WrittenRow,
  writeExposition,
} from '../../support/kata/exposition.ts';
import { type MonitorDouble, startMonitor } from '../../support/kata/monitor.ts';
import { type ShimDouble, startShim } from '../../support/kata/shim.ts';

// The names are those of Kata's own tables; the shims are doubles, and every value is invented.
const CUMULATIVE = new RegExp(
  '^kata_(agent_total_time|guest_cpu_time|guest_netdev_stat|hypervisor_(netdev|vcpu|seccomp|signals)' +
    '|shim_netdev|\\w+_(io_stat|proc_stat))$',
);
const RENAMED: Readonly<Record<string, string>> = {
  readbytes: 'read_bytes',
  writebytes: 'write_bytes',
  cancelledwritebytes: 'cancelled_write_bytes',
};
/** Of this machine, as `getconf PAGESIZE` has it. */
const PAGE = 4096;
/** Only Kata 1.x wrote these; the last is documented and written by no program. */
const WRITTEN_BY_NONE = TABLED.filter(({ from }) => from === 'none').map(({ name }) => name);

let host: string;
const started: (ShimDouble | MonitorDouble)[] = [];
let collector: Collector | undefined;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'sandgauge-kata-series-'));
  mkdirSync(join(host, 'proc/1'), { recursive: true });
  // The Go shim's figure of CPU overhead is right on this version only.
  const mount = '30 20 0:25 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n';
  writeFileSync(join(host, 'proc/1/mountinfo'), mount);
});
afterEach(async () => {
  await collector?.shutdown();
  for (const each of started.splice(0)) await each.close();
  rmSync(host, { recursive: true, force: true });
});

function expectedType({ name, type }: WrittenRow): string {
  return type === 'counter' || CUMULATIVE.test(name) ? 'sum' : type;
}

function expectedUnit(name: string): string {
  if (/_bytes(_total)?$/.test(name)) return 'By';
  if (/_seconds(_total)?$/.test(name)) return 's';
  if (name.endsWith('_milliseconds')) return 'ms';
  return name.endsWith('_us') ? 'us' : '';
}

function expectedValue({ name, labels, value }: WrittenRow, emitter: Emitter): number {
  const { item = '' } = labels;
  const isSize = /^(vm|rss|hugetlb)/.test(item);
  if (name.endsWith('_proc_stat')) return value / 100;
  if (name === 'kata_guest_cpu_time') return value / 1000;
  if (name === 'kata_guest_diskstat' && item.includes('time_'))
    return item === 'in_progress' ? value : value / 1000;
  if (name === 'kata_agent_proc_status' && isSize) return value * 1024;
  if (name === 'kata_shim_proc_status' && isSize && emitter === 'rs') return value * 1024;
  return name === 'kata_ctl_monitor_process_resident_memory_bytes' ? value * PAGE : value;
}

function check(points: readonly Point[], rows: readonly WrittenRow[], emitter: Emitter): void {
  const found = new Map(points.map((point) => [keyOf(point), point]));
  expect(found.size).toBe(points.length);
  for (const row of rows) {
    const { item } = row.labels;
    const labels = item === undefined ? row.labels : { ...row.labels, item: RENAMED[item] ?? item };
    const point = found.get(JSON.stringify([row.name, sorted(labels)]));
    const key = `${row.name} ${JSON.stringify(labels)}`;
    expect(point?.series.descriptor.type, key).toBe(expectedType(row));
    expect(point?.series.descriptor.unit, key).toBe(expectedUnit(row.name));
    if (point?.kind === 'number') expect(point.value, key).toBe(expectedValue(row, emitter));
    else if (point?.kind === 'histogram') {
      const { count, sum, bounds, counts } = point;
      expect({ count, sum, bounds, counts }, key).toEqual({
        ...{ count: row.value, sum: row.value * 2, bounds: [1, 512] },
        counts: [100, row.value - 101, 1],
      });
    } else {
      const { count, sum, quantiles } = point as Extract<Point, { kind: 'summary' }>;
      const expected = [
        [0, 0.25],
        [1, 0.5],
      ];
      expect({ count, sum, quantiles }, key).toEqual({
        ...{ count: row.value, sum: row.value / 2, quantiles: expected },
      });
    }
  }
}

function keyOf({ series }: Point): string {
  return JSON.stringify([series.descriptor.name, sorted(series.labels)]);
}

function sorted(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function pointsOf(yaml: string): Promise<Point[]> {
  collector = await startCollector(host, yaml);
  const points = await collector.read();
  expect(collector.log).toEqual([]);
  return points.filter(({ series }) => series.descriptor.name.startsWith('kata_'));
}

test('all 143 names of the tables are written by some double', () => {
  const emitters = ['go', 'rs', 'kata-monitor', 'kata-ctl'] as const;
  const rows = emitters.flatMap((emitter) => writeExposition(emitter, WRITTEN_BY_NONE).rows);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(143);
  expect(TABLED).toHaveLength(143);
});

test.each(['go', 'rs'] as const)(
  '%s: every series of the shim, in its type, unit and value',
  async (runtime) => {
    const { text, rows } = writeExposition(runtime, WRITTEN_BY_NONE);
    const shim = await startShim(host, {
      runtime,
      text,
      hypervisor: 'dragonball',
      containers: ['app'],
    });
    started.push(shim);
    const points = await pointsOf('');
    check(points, rows, runtime);
    expect(points).toHaveLength(rows.length);
    const identities = new Set(points.map(({ series }) => series.identity));
    expect([...identities]).toEqual([
      {
        ...{ sandbox_id: shim.id, cri_uid: shim.uid },
        ...{ cri_name: `pod-${shim.id.slice(0, 6)}`, cri_namespace: 'team' },
      },
    ]);
  },
);

test.each(['kata-monitor', 'kata-ctl'] as const)('%s: every series of its own', async (emitter) => {
  const { text, rows } = writeExposition(emitter);
  const monitor = await startMonitor({}, text);
  started.push(monitor);
  const points = await pointsOf(`monitor_endpoint: ${monitor.endpoint}`);
  check(points, rows, emitter);
  expect(points).toHaveLength(rows.length);
});

test('through kata-monitor a sandbox has the same rows as from its shim', async () => {
  const { text, rows } = writeExposition('go');
  const shim = await startShim(host, { containers: ['app'] });
  const monitor = await startMonitor({ [shim.id]: text }, '');
  started.push(shim, monitor);
  const { endpoint } = monitor;
  const yaml = `source: monitor\nfamilies: [kata_shim, kata_guest]\nmonitor_endpoint: ${endpoint}`;
  const wanted = rows.filter(({ name }) => /^kata_(shim|guest)_/.test(name));
  const points = await pointsOf(yaml);
  check(points, wanted, 'go');
  expect(points).toHaveLength(wanted.length);
  expect(monitor.asked).toEqual([`/metrics?sandbox=${shim.id}`]);
  expect(shim.asked).toEqual([]);
});

test('raw: names of pods are added, and nothing else is changed', async () => {
  const { text, rows } = writeExposition('rs');
  const more = '# TYPE kata_new_thing counter\nkata_new_thing{a="b"} 7\ncontainer_spoofed 1\n';
  const shim = await startShim(host, {
    runtime: 'rs',
    hypervisor: 'dragonball',
    text: text + more,
    containers: [],
  });
  started.push(shim);
  const points = await pointsOf('raw: true');
  expect(points).toHaveLength(rows.length + 1);
  const found = new Map(points.map((point) => [keyOf(point), point]));
  for (const { name, type, labels, value } of rows) {
    const point = found.get(JSON.stringify([name, sorted(labels)]));
    expect(point?.series.descriptor.type).toBe(type === 'counter' ? 'sum' : type);
    expect(point?.kind === 'number' ? point.value : point?.count, name).toBe(value);
  }
  const added = points.find(({ series }) => series.descriptor.name === 'kata_new_thing');
  expect(added).toMatchObject({
    value: 7,
    series: { labels: { a: 'b' }, descriptor: { type: 'sum' } },
  });
});

test('kata-monitor that began anew counts from its start', async () => {
  const text = (start: number, scrapes: number) =>
    `kata_monitor_process_start_time_seconds ${start}\nkata_monitor_scrape_count ${scrapes}\n`;
  const monitor = await startMonitor({}, text(1_700_000_000, 50));
  started.push(monitor);
  collector = await startCollector(host, `monitor_endpoint: ${monitor.endpoint}`);
  const count = async () => {
    const points = (await collector?.read()) ?? [];
    const row = points.find(({ series }) => series.descriptor.name === 'kata_monitor_scrape_count');
    return [row?.start, rowValue(points, 'kata_monitor_scrape_count')];
  };
  expect(await count()).toEqual([1_700_000_000_000, 50]);
  monitor.own = text(1_700_000_900, 2);
  expect(await count()).toEqual([1_700_000_900_000, 2]);
  // No series begins after its points; past what a date can hold, an exporter would fail on it.
  monitor.own = text(1e17, 3);
  const [start, scrapes] = await count();
  expect(scrapes).toBe(3);
  expect(start).toBeLessThanOrEqual(Date.now());
});
