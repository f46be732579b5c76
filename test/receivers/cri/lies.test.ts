import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Written } from '../../../src/platform/cri/message.ts';
import type { METHODS } from '../../../src/platform/cri/methods.ts';
import type { ContainerStats, NetworkUsage } from '../../../src/platform/cri/stats.ts';
import { makePod, nanosNow, type ToldPod, trueStats } from '../../support/cri/node.ts';
import type { Handlers } from '../../support/cri/server.ts';
import type { Row } from '../../support/observed.ts';
import { byContainer, makeFolder, runCri, startDouble, startReceiver, stopAll } from './running.ts';

// Kata, CRI-O and newer containerds cannot be installed here: this runtime is a double that lies as
// they do.
afterEach(stopAll);

const KATA = 'io.containerd.kata.v2';
const CPU = 'container_cpu_usage_seconds_total';
const USAGE = 'container_memory_usage_bytes';
const WORKING_SET = 'container_memory_working_set_bytes';
const RECEIVED = 'container_network_receive_bytes_total';
const WRAPPED = 2n ** 64n - 40_000_000n;

type Stats = Written<typeof ContainerStats>;
type ListedContainers = Written<(typeof METHODS)['ListContainers']['response']>;

const metricsOf = (rows: readonly Row[], container: string) =>
  new Set(rows.filter(({ labels }) => labels.container === container).map(({ metric }) => metric));

async function readWith(stats: Stats): Promise<Row[]> {
  const pod = makePod('1', KATA);
  (pod.containers[0] as { stats: Stats }).stats = stats;
  const { observed } = await runCri([pod]);
  const rows = await observed.read();
  expect(observed.own('bad points')).toBe(0);
  expect(rows.filter(({ value }) => value > 2 ** 62)).toEqual([]);
  return rows;
}

/** One part of true stats with other values. */
function withPart(key: 'cpu' | 'memory', more: Readonly<Record<string, bigint>>): Stats {
  const stats = trueStats();
  return { ...stats, [key]: { ...stats[key], ...more } };
}

describe.each<[string, Stats, readonly string[]]>([
  ['CPU of 0', withPart('cpu', { usage_core_nano_seconds: 0n }), [CPU]],
  ['CPU below zero', withPart('cpu', { usage_core_nano_seconds: WRAPPED }), [CPU]],
  ['CPU at the time 0', withPart('cpu', { timestamp: 0n }), [CPU]],
  ['CPU of next year', withPart('cpu', { timestamp: nanosNow() + 10n ** 16n }), [CPU]],
  [
    'CPU that was cached when the container began',
    withPart('cpu', { timestamp: nanosNow() - 600_000_000_000n }),
    [CPU],
  ],
  ['memory of 0', withPart('memory', { usage_bytes: 0n }), [USAGE]],
  ['memory below zero', withPart('memory', { usage_bytes: WRAPPED }), [USAGE]],
  ['a working set of 0', withPart('memory', { working_set_bytes: 0n }), [WORKING_SET]],
  ['a working set below zero', withPart('memory', { working_set_bytes: WRAPPED }), [WORKING_SET]],
  [
    'a working set above the usage',
    withPart('memory', { working_set_bytes: 50_000_001n }),
    [WORKING_SET],
  ],
  ['rss of 0', withPart('memory', { rss_bytes: 0n }), ['container_memory_rss']],
  [
    'no page faults',
    withPart('memory', { page_faults: 0n, major_page_faults: 0n }),
    ['container_memory_failures_total'],
  ],
  [
    'memory at the time 0',
    withPart('memory', { timestamp: 0n }),
    [USAGE, WORKING_SET, 'container_memory_rss', 'container_memory_failures_total'],
  ],
])('%s', (_, stats, refused) => {
  test(`is no row of ${refused.join(', ')}, and the others are there`, async () => {
    const all = metricsOf(await readWith(trueStats()), 'app-1');
    const told = metricsOf(await readWith(stats), 'app-1');
    expect([...all].filter((metric) => !told.has(metric)).sort()).toEqual([...refused].sort());
    expect(all.size).toBeGreaterThan(8);
  });
});

test('available_bytes wraps without a limit, as of gVisor: no row has it or comes from it', async () => {
  const truth = await readWith(trueStats());
  const rows = await readWith(withPart('memory', { available_bytes: WRAPPED }));
  const figures = (all: readonly Row[]) =>
    all.filter(({ metric }) => metric !== 'container_last_seen');
  expect(figures(rows).length).toBeGreaterThan(10);
  expect(figures(rows)).toEqual(figures(truth));
});

test('usage_nano_cores that wrapped is nowhere; the counter is as it was', async () => {
  const rows = await readWith(withPart('cpu', { usage_nano_cores: WRAPPED }));
  expect(byContainer(rows, CPU)).toEqual({ 'app-1': 1.5 });
  expect(metricsOf(rows, 'app-1').has('container_cpu_usage_cores')).toBe(false);
});

test('a counter that goes back is held until it is past its last value', async () => {
  const pod = makePod('1', KATA);
  const app = pod.containers[0] as { stats: Stats };
  const { observed } = await runCri([pod]);
  const seen: (number | undefined)[] = [];
  for (const nanos of [2n, 1n, 3n]) {
    app.stats = withPart('cpu', { usage_core_nano_seconds: nanos * 10n ** 9n });
    seen.push(byContainer(await observed.read(), CPU)['app-1']);
  }
  expect(seen).toEqual([2, undefined, 3]);
  expect(observed.own('sandgauge_source_dropped_points', { source: 'cri' })).toBe(1);
});

test('a runtime that does not tell when a container was made: no start is made up', async () => {
  const folder = makeFolder();
  mkdirSync(join(folder.path, 'proc'));
  writeFileSync(join(folder.path, 'proc/stat'), 'btime 1700000000\n');
  const double = await startDouble(folder, [makePod('1', KATA)]);
  const list = double.handlers.ListContainers as NonNullable<Handlers['ListContainers']>;
  double.handlers.ListContainers = async (request) => {
    const { containers = [] } = (await list(request)) as ListedContainers;
    return { containers: containers.map((each) => ({ ...each, created_at: 0n })) };
  };
  const observed = await startReceiver(folder);
  const told = metricsOf(await observed.read(), 'app-1');
  expect(told.has(CPU)).toBe(true);
  expect(told.has('container_last_seen')).toBe(true);
  expect(told.has('container_start_time_seconds')).toBe(false);
  const starts = observed.points
    .filter(({ series }) => series.descriptor.name === CPU && series.identity.container === 'app-1')
    .map(({ start }) => start);
  expect(starts).toEqual([1_700_000_000_000]);
});

test('a part that is told as of an earlier moment than before keeps its time', async () => {
  const pod = makePod('1', KATA);
  const app = pod.containers[0] as { stats: Stats };
  const { observed } = await runCri([pod]);
  await observed.read();
  app.stats = withPart('cpu', {
    timestamp: nanosNow() - 10_000_000_000n,
    usage_core_nano_seconds: 2_000_000_000n,
  });
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 2 });
  expect(observed.own('bad points')).toBe(0);
});

describe('a writable layer', () => {
  const layer = (more: object) =>
    readWith(
      trueStats({
        writable_layer: {
          timestamp: nanosNow(),
          fs_id: { mountpoint: '/var/lib/layers' },
          ...more,
        },
      }),
    ).then((rows) => {
      const bytes = byContainer(rows, 'container_fs_usage_bytes')['app-1'];
      return [bytes, byContainer(rows, 'container_fs_inodes_total')['app-1']];
    });

  test.each([
    ['has both', { used_bytes: 4096n, inodes_used: 3n }, [4096, 3]],
    ['may be empty', { used_bytes: 0n, inodes_used: 1n }, [0, 1]],
    ['that was not measured yet is absent', { used_bytes: 0n, inodes_used: 0n }, []],
    ['without bytes is absent', { inodes_used: 3n }, []],
    [
      'at the time 0, as before the first walk of containerd, is absent',
      { timestamp: 0n, used_bytes: 9n, inodes_used: 3n },
      [],
    ],
    ['without inodes has its bytes', { used_bytes: 9n }, [9]],
  ])('%s', async (_, told, expected) => {
    const [bytes, inodes] = await layer(told);
    expect([bytes, inodes]).toEqual([expected[0], expected[1]]);
  });
});

describe('interfaces', () => {
  const eth0 = { name: 'eth0', rx_bytes: 10n, rx_errors: 0n, tx_bytes: 20n, tx_errors: 0n };
  async function received(network: Written<typeof NetworkUsage>, more: Partial<ToldPod> = {}) {
    const { observed } = await runCri([makePod('1', KATA, { network, ...more })]);
    const rows = await observed.read();
    expect(observed.own('bad points')).toBe(0);
    return rows
      .filter(({ metric }) => metric === RECEIVED)
      .map(({ labels, value }) => `${labels.interface} ${value}`);
  }

  test('lo as the default, as CRI-O tells it, is left out', async () => {
    const lo = { ...eth0, name: 'lo' };
    const told = { timestamp: nanosNow(), default_interface: lo, interfaces: [eth0] };
    expect(await received(told)).toEqual(['eth0 10']);
  });

  test('without a time, as in containerd 1.6, they are of now', async () => {
    expect(await received({ default_interface: eth0 })).toEqual(['eth0 10']);
  });

  test('without a time and all 0 they are not known', async () => {
    const zero = { name: 'eth0', rx_bytes: 0n, rx_errors: 0n, tx_bytes: 0n, tx_errors: 0n };
    expect(await received({ default_interface: zero })).toEqual([]);
    expect(await received({ timestamp: nanosNow(), default_interface: zero })).toEqual(['eth0 0']);
  });

  test('of a pod in the network of the host they are the host’s', async () => {
    const told = { timestamp: nanosNow(), default_interface: eth0 };
    expect(await received(told, { isHostNetwork: true })).toEqual([]);
  });

  test.each(['a name of over 15 letters', 'a b', 'x/y', ''])('named %j are none', async (name) => {
    expect(await received({ timestamp: nanosNow(), default_interface: { ...eth0, name } })).toEqual(
      [],
    );
  });

  test('the same one twice is told once', async () => {
    const told = { timestamp: nanosNow(), default_interface: eth0, interfaces: [eth0] };
    expect(await received(told)).toEqual(['eth0 10']);
  });
});

test('pressure of 0 is not told from none; other totals are seconds', async () => {
  const psi = { Some: { Total: 2_500_000_000n }, Full: { Total: 0n } };
  const rows = await readWith({
    ...trueStats(),
    cpu: { ...trueStats().cpu, psi },
    io: { timestamp: nanosNow(), psi: { Some: { Total: 0n }, Full: { Total: 0n } } },
  });
  const told = rows.filter(
    ({ metric, labels }) => metric.startsWith('container_pressure_') && labels.container,
  );
  expect(told.map(({ metric, value }) => `${metric} ${value}`)).toEqual([
    'container_pressure_cpu_waiting_seconds_total 2.5',
  ]);
});
