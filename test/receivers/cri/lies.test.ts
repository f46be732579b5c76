import { afterEach, describe, expect, test } from 'vitest';
import type { Written } from '../../../src/platform/cri/message.ts';
import type { Metric } from '../../../src/platform/cri/metrics.ts';
import type { ContainerStats, NetworkUsage } from '../../../src/platform/cri/stats.ts';
import { makePod, nanosNow, type ToldPod, trueStats } from '../../support/cri/node.ts';
import type { Row } from '../../support/observed.ts';
import { byContainer, runCri, stopAll } from './running.ts';

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

describe('ListPodSandboxMetrics', () => {
  const BASE = ['id', 'image', 'namespace', 'pod', 'container'];
  const KEYS: Readonly<Record<string, string[]>> = {
    container_fs_reads_bytes_total: ['device'],
    container_network_receive_bytes_total: ['interface'],
    container_network_receive_packets_total: ['interface'],
  };
  type Told = Written<typeof Metric>;
  const told = (name: string, value: bigint, own: string[] = [], more: Told = {}): Told => ({
    ...{ name, timestamp: nanosNow(), value, label_values: [...BASE.map(() => 'x'), ...own] },
    ...more,
  });

  async function readMetrics(container: Told[], sandbox: Told[] = []) {
    const network = { default_interface: { name: 'eth0', rx_bytes: 10n, tx_bytes: 1n } };
    const pod = makePod('1', KATA, { network });
    const { double, observed } = await runCri([pod]);
    const container_id = pod.containers[0]?.id;
    double.handlers.ListMetricDescriptors = () => ({
      descriptors: [...new Set([...container, ...sandbox].map(({ name }) => name ?? ''))].map(
        (name) => ({ name, label_keys: [...BASE, ...(KEYS[name] ?? [])] }),
      ),
    });
    double.handlers.ListPodSandboxMetrics = () => ({
      pod_metrics: [
        {
          pod_sandbox_id: pod.id,
          metrics: sandbox,
          container_metrics: [{ container_id, metrics: container }],
        },
      ],
    });
    const rows = await observed.read();
    expect(observed.own('bad points')).toBe(0);
    expect(observed.own('duplicates')).toBe(0);
    return rows;
  }

  test('counts and bytes are taken, by device too', async () => {
    const rows = await readMetrics([
      told('container_cpu_cfs_periods_total', 12n),
      told('container_memory_cache', 77n),
      told('container_fs_reads_bytes_total', 5n, ['8:0']),
    ]);
    expect(byContainer(rows, 'container_cpu_cfs_periods_total')['app-1']).toBe(12);
    expect(byContainer(rows, 'container_memory_cache')['app-1']).toBe(77);
    const read = rows.find(({ metric }) => metric === 'container_fs_reads_bytes_total');
    expect([read?.value, read?.labels.device]).toEqual([5, '8:0']);
  });

  test.each([
    ['user seconds, which Kata’s Go shim swaps', 'container_cpu_user_seconds_total', 7n, {}],
    ['system seconds, the same', 'container_cpu_system_seconds_total', 7n, {}],
    ['seconds that are cut', 'container_cpu_cfs_throttled_seconds_total', 7n, {}],
    ['a start in ns', 'container_start_time_seconds', 1_700_000_000_000_000_001n, {}],
    ['0 of what it does not know', 'container_memory_cache', 0n, {}],
    ['what went below zero', 'container_memory_kernel_usage', WRAPPED, {}],
    ['the time 0', 'container_memory_mapped_file', 5n, { timestamp: 0n }],
    ['files that the host’s shim has open', 'container_file_descriptors', 5n, {}],
  ])('%s: no such row from there', async (_, name, value, more) => {
    const rows = await readMetrics([told(name, value, [], more)]);
    const row = rows.find((each) => each.metric === name && each.labels.container === 'app-1');
    expect(row?.value).not.toBe(Number(value));
    if (name !== 'container_start_time_seconds') expect(row).toBeUndefined();
  });

  test('interfaces are those of one source: where metrics have them, with packets', async () => {
    const rows = await readMetrics(
      [],
      [
        told('container_network_receive_bytes_total', 99n, ['eth0']),
        told('container_network_receive_packets_total', 3n, ['eth0']),
        told('container_network_receive_bytes_total', 8n, ['lo']),
      ],
    );
    const network = rows.filter(({ metric }) => metric.startsWith('container_network_'));
    expect(network.map(({ metric, value }) => `${metric} ${value}`).sort()).toEqual([
      'container_network_receive_bytes_total 99',
      'container_network_receive_packets_total 3',
    ]);
  });

  test('label values that do not fit the keys tell no device', async () => {
    const rows = await readMetrics([told('container_fs_reads_bytes_total', 5n)]);
    expect(rows.filter(({ metric }) => metric === 'container_fs_reads_bytes_total')).toEqual([]);
  });
});
