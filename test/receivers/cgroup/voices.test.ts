import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type FakeRoot,
  makeRoot,
  type Who,
  writeContainerd,
  writeCrio,
} from '../../support/bundles.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { unpackTree } from '../../support/tree.ts';

const NOW = 1_795_221_300_000;

/** The captures read a pod's files up to 50 ms before those of its containers, which count on. */
const SKEW = 0.05;

/** Rows of a pod that hold those of its containers; the others are no sums: limits, peaks, PSI. */
const ADDITIVE = [
  'container_cpu_usage_seconds_total',
  'container_cpu_user_seconds_total',
  'container_cpu_system_seconds_total',
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'container_memory_cache',
  'container_memory_mapped_file',
  'container_memory_swap',
  'container_threads',
  'container_fs_reads_bytes_total',
  'container_fs_writes_bytes_total',
  'container_fs_reads_total',
  'container_fs_writes_total',
];

interface Captured extends Who {
  readonly cgroup: string;
  readonly isCrio: boolean;
}

/** What ran in a tree, as its capture wrote it down. */
function containersOf(folder: string): Captured[] {
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as {
    processes: { cgroup: string; pod?: string; containerId?: string; role?: string }[];
  };
  const apps = truth.processes.filter(({ role }) => role === 'app' || role === 'sandbox');
  return apps.map(({ cgroup, pod = '', containerId: id = '', role }) => {
    const sandbox = apps.find((each) => each.pod === pod && each.role === 'sandbox');
    const own = role === 'app' ? { container: `app-${id.slice(0, 4)}` } : {};
    const names = { pod: `pod-${pod.slice(0, 4)}`, namespace: 'scene', podUid: pod };
    const path = `/${cgroup.replace(/\/container$/, '')}`;
    const isCrio = cgroup.includes('/crio-');
    return { id, ...names, ...own, sandboxId: sandbox?.containerId ?? '', cgroup: path, isCrio };
  });
}

const SYSTEMD_POD =
  '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11111111_2222_4333_8444_555555555555.slice';
const SYSTEMD = ['cri-containerd-abab', 'crio-cdcd'].map((scope, i) => {
  const id = (i === 0 ? 'ab' : 'cd').repeat(32);
  const podUid = '11111111-2222-4333-8444-555555555555';
  const names = { pod: 'pod-1111', namespace: 'scene', podUid, container: `app-${i}` };
  const cgroup = `${SYSTEMD_POD}/${scope.slice(0, -4)}${id}.scope`;
  return { id, ...names, cgroup, isCrio: i === 1 } as Captured;
});

function writeBundles(root: FakeRoot, containers: readonly Captured[]): void {
  for (const container of containers) {
    if (container.isCrio) writeCrio(root, container);
    else writeContainerd(root, container);
  }
}

const keyOf = ({ metric, labels }: Row, ...leftOut: string[]) =>
  JSON.stringify([metric, Object.entries(labels).filter(([label]) => !leftOut.includes(label))]);

const TREES = ['sysd-v2', 'v1-systemd', 'v2-systemd', 'v2-systemd-k612'];

describe.each(TREES)('the captured tree %s', (name) => {
  const folder = unpackTree(name);
  const snap = join(folder, 'snap1');
  const containers = name === 'sysd-v2' ? SYSTEMD : containersOf(folder);
  const root = makeRoot();
  let observed: Observed;
  let rows: Row[];
  beforeAll(async () => {
    writeBundles(root, containers);
    observed = await runObserved(
      { receiver: `root_path: ${snap}`, observer: `root_path: ${root.path}` },
      () => NOW,
    );
    rows = await observed.read();
  });
  afterAll(async () => {
    await observed.shutdown();
    root.remove();
  });
  const named = () => rows.filter(({ labels }) => labels.image !== '' && labels.pod !== '');
  const podRow = (metric: string, { namespace, pod }: Row['labels'], own = {}) =>
    rows.find(
      (row) =>
        row.metric === metric &&
        row.labels.pod === pod &&
        row.labels.namespace === namespace &&
        row.labels.name === '' &&
        Object.entries(own).every(([label, value]) => row.labels[label] === value),
    );

  test('every container that has processes is named, and its pod too', () => {
    const ids = new Set(rows.map(({ labels }) => labels.id));
    for (const { cgroup, pod, namespace, container, id, isCrio, podUid } of containers) {
      const labels = rows.find((row) => row.labels.id === cgroup)?.labels;
      const crioName = `k8s_${container ?? 'POD'}_${pod}_${namespace}_${podUid}_0`;
      expect(labels, cgroup).toMatchObject({
        ...{ pod, namespace, name: isCrio ? crioName : id },
        container: container ?? (isCrio ? 'POD' : ''),
      });
      const slice = cgroup.slice(0, cgroup.lastIndexOf('/'));
      const podLabels = rows.find((row) => row.labels.id === slice)?.labels;
      expect(podLabels).toMatchObject({ pod, namespace, container: '', image: '', name: '' });
    }
    expect(ids.size).toBeGreaterThan(containers.length);
    expect(observed.own('sandgauge_observer_withheld_workloads')).toBe(0);
    expect(observed.log).toEqual([]);
  });

  test('the containers of a pod never add up to more than the pod', () => {
    const pods = new Set(containers.map(({ pod }) => pod));
    let compared = 0;
    for (const metric of ADDITIVE) {
      const own = metric.startsWith('container_fs_') ? ['device'] : [];
      const sums = new Map<string, { sum: number; first: Row }>();
      for (const row of named().filter((each) => each.metric === metric)) {
        const key = JSON.stringify([row.labels.pod, ...own.map((label) => row.labels[label])]);
        const known = sums.get(key) ?? { sum: 0, first: row };
        sums.set(key, { ...known, sum: known.sum + row.value });
      }
      for (const { sum, first } of sums.values()) {
        const device = first.labels.device === undefined ? {} : { device: first.labels.device };
        const pod = podRow(metric, first.labels, device);
        expect(pod, `${metric} ${first.labels.pod}`).toBeDefined();
        const most = (pod?.value ?? 0) * (1 + (/_total$/.test(metric) ? SKEW : 0));
        expect(sum, `${metric} ${first.labels.pod}`).toBeLessThanOrEqual(most);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(pods.size * 8);
  });

  test('no row stands twice, by all labels, and by its names without id', () => {
    const all = rows.map((row) => keyOf(row));
    expect(new Set(all).size).toBe(all.length);
    expect(observed.own('duplicates')).toBe(0);
    const byName = named().map((row) => keyOf(row, 'id', 'name', 'image'));
    expect(new Set(byName).size).toBe(byName.length);
    expect(byName.length).toBeGreaterThan(containers.length * 10);
  });

  test('interfaces stand on sandboxes and on the node, nowhere else', () => {
    const owners = rows.filter(({ metric }) => metric.startsWith('container_network_'));
    const sandboxes = containers.filter(({ container }) => container === undefined);
    const ids = new Set(owners.map(({ labels }) => labels.id));
    const expected = sandboxes.map(({ cgroup }) => cgroup);
    expect([...ids].filter((id) => id !== '/').sort()).toEqual(expected.sort());
    expect(owners.every(({ labels }) => labels.interface !== 'lo')).toBe(true);
  });

  test('nothing negative, unlimited or NaN leaves the receiver', () => {
    expect(observed.own('bad points')).toBe(0);
    expect(rows.length).toBeGreaterThan(200);
  });
});

describe('a pod of gVisor, whose processes all are in the cgroup of its sandbox', () => {
  const folder = unpackTree('v2-systemd');
  const root = makeRoot();
  const containers = containersOf(folder).filter(({ podUid }) => podUid.startsWith('2d0f59af'));
  let observed: Observed;
  afterAll(async () => {
    await observed.shutdown();
    root.remove();
  });

  test('gives the rows of the pod, and of its containers limits alone', async () => {
    for (const container of containers) {
      const config = writeContainerd(root, container);
      const file = config.slice(root.path.length).replace('config.json', 'shim-binary-path');
      root.write(file, '/usr/local/bin/containerd-shim-runsc-v1');
    }
    observed = await runObserved(
      { receiver: `root_path: ${join(folder, 'snap1')}`, observer: `root_path: ${root.path}` },
      () => NOW,
    );
    const rows = await observed.read();
    const metricsOf = (id: string) =>
      rows.filter(({ labels }) => labels.id === id).map(({ metric }) => metric);
    for (const { cgroup } of containers) {
      const metrics = metricsOf(cgroup);
      expect(metrics).toContain('container_spec_memory_limit_bytes');
      expect(metrics.filter((metric) => !metric.startsWith('container_spec_'))).toEqual([]);
    }
    const [first] = containers;
    const slice = first?.cgroup.slice(0, first.cgroup.lastIndexOf('/')) ?? '';
    expect(metricsOf(slice)).toContain('container_cpu_usage_seconds_total');
    expect(containers).toHaveLength(2);
  });
});
