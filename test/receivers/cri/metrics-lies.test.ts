import { afterEach, expect, test } from 'vitest';
import { isEnded } from '../../../src/pdata/point.ts';
import type { Written } from '../../../src/platform/cri/message.ts';
import type { Metric } from '../../../src/platform/cri/metrics.ts';
import { makePod, nanosNow } from '../../support/cri/node.ts';
import { byContainer, runCri, stopAll } from './running.ts';

// As in lies.test.ts: a double of what cannot be installed here, which tells ListPodSandboxMetrics.
afterEach(stopAll);

const KATA = 'io.containerd.kata.v2';
const RECEIVED = 'container_network_receive_bytes_total';
const WRAPPED = 2n ** 64n - 40_000_000n;
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

async function runMetrics(container: Told[], sandbox: Told[] = []) {
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
  return { double, observed };
}

async function readMetrics(container: Told[], sandbox: Told[] = []) {
  const { observed } = await runMetrics(container, sandbox);
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

test('a runtime that was renewed has its labels in another order', async () => {
  const pod = makePod('1', KATA);
  const { double, observed } = await runCri([pod]);
  const name = 'container_fs_reads_bytes_total';
  const container_id = pod.containers[0]?.id;
  const devices: (string | undefined)[] = [];
  for (const label_keys of [
    ['device', 'id'],
    ['id', 'device'],
  ]) {
    const label_values = label_keys.map((key) => (key === 'device' ? '8:0' : 'x'));
    const metrics = [told(name, 5n, [], { label_values })];
    double.handlers.ListMetricDescriptors = () => ({ descriptors: [{ name, label_keys }] });
    double.handlers.ListPodSandboxMetrics = () => ({
      pod_metrics: [{ pod_sandbox_id: pod.id, container_metrics: [{ container_id, metrics }] }],
    });
    const rows = await observed.read();
    devices.push(rows.find(({ metric }) => metric === name)?.labels.device);
  }
  expect(devices).toEqual(['8:0', '8:0']);
});

test('a count of a device that is not told for once makes no other device of it', async () => {
  const pod = makePod('1', KATA);
  const { double, observed } = await runCri([pod]);
  const container_id = pod.containers[0]?.id;
  const [reads, writes] = ['container_fs_reads_bytes_total', 'container_fs_writes_bytes_total'];
  const label_keys = [...BASE, 'device'];
  double.handlers.ListMetricDescriptors = () => ({
    descriptors: [reads, writes].map((name) => ({ name, label_keys })),
  });
  const tell = async (...metrics: Told[]) => {
    double.handlers.ListPodSandboxMetrics = () => ({
      pod_metrics: [{ pod_sandbox_id: pod.id, container_metrics: [{ container_id, metrics }] }],
    });
    await observed.read();
    return observed.points.flatMap((point) => {
      const isOf = point.series.descriptor.name === reads && !isEnded(point);
      return isOf && point.kind === 'number' ? [[point.start, point.value]] : [];
    });
  };
  const [[start] = []] = await tell(told(reads, 50n, ['8:0']), told(writes, 100n, ['8:0']));
  expect(await tell(told(reads, 51n, ['8:0']))).toEqual([[start, 51]]);
  const both = [told(reads, 52n, ['8:0']), told(writes, 101n, ['8:0'])];
  expect(await tell(...both)).toEqual([[start, 52]]);
  const [[later = 0, value] = []] = await tell(told(reads, 5n, ['8:0']));
  expect(value).toBe(5);
  expect(later).toBeGreaterThan(start ?? Number.NaN);
});

test('interfaces stay those of their source while it fails', async () => {
  const received = told(RECEIVED, 99n, ['eth0']);
  const { double, observed } = await runMetrics([], [received]);
  const values = async () =>
    (await observed.read()).filter(({ metric }) => metric === RECEIVED).map(({ value }) => value);
  expect(await values()).toEqual([99]);
  double.handlers.ListPodSandboxMetrics = () => {
    throw { code: 2, details: 'failed' };
  };
  expect(await values()).toEqual([]);
});

test('label values that do not fit the keys tell no device', async () => {
  const rows = await readMetrics([told('container_fs_reads_bytes_total', 5n)]);
  expect(rows.filter(({ metric }) => metric === 'container_fs_reads_bytes_total')).toEqual([]);
});
