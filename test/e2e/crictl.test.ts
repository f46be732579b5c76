import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRows, type SampleRow } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { IMAGES } from '../support/containerd/containerd.ts';
import type { Pod } from '../support/containerd/pod.ts';
import {
  buildCrictl,
  type CpuJson,
  type MetricJson,
  type PodStatsJson,
  runCrictl,
  type StatsJson,
} from '../support/cri/crictl.ts';
import { type CriPods, LIMIT, startCriPods } from '../support/cri/pods.ts';
import { pidsOf } from '../support/kernel-v1.ts';
import { findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('crictl against the cri exporter', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
  cc: findPeer('cc'),
  nsenter: findPeer('nsenter'),
  go: findPeer('go'),
});

/** The CRI has whole ones. */
const NANO = 1e-9;
const CPU = 'container_cpu_usage_seconds_total';
const WORKING_SET = 'container_memory_working_set_bytes';

describe.skipIf(isSkipped)('crictl, pods of a real runc and a real runsc', () => {
  let program: string;
  let pods: CriPods;

  beforeAll(async () => {
    program = buildCrictl();
    pods = await startCriPods();
  }, 400_000);

  afterAll(() => pods?.stop(), 60_000);

  async function crictl<T>(...args: string[]): Promise<T> {
    const run = await runCrictl(program, pods.socket, [...args, '-o', 'json']);
    expect(run.status, run.errors).toBe(0);
    return JSON.parse(run.output) as T;
  }

  /** What crictl tells, between two scrapes. */
  async function between<T>(ask: () => Promise<T>): Promise<[SampleRow[], T, SampleRow[]]> {
    const before = parseRows(await pods.agent.scrape());
    const told = await ask();
    return [before, told, parseRows(await pods.agent.scrape())];
  }

  const figure = (rows: readonly SampleRow[], metric: string, id: string) =>
    rows.find(({ name, labels }) => name === metric && labels.id === id)?.value ?? Number.NaN;
  const seconds = (cpu: CpuJson | null | undefined) =>
    Number(cpu?.usageCoreNanoSeconds.value) / 1e9;

  test('the socket is its owner’s alone', () => {
    expect(statSync(pods.socket).mode & 0o777).toBe(0o600);
  });

  test('ps and pods list what runs, with its names', async () => {
    const { containers } = await crictl<{
      containers: {
        id: string;
        podSandboxId: string;
        metadata: { name: string };
        createdAt: string;
        image: { image: string };
      }[];
    }>('ps');
    const told = new Map(containers.map((each) => [each.id, each]));
    expect([...told.keys()].sort()).toEqual(
      ['burner', 'idle', 'spinner', 'calm'].map(pods.idOf).sort(),
    );
    for (const name of ['burner', 'spinner']) {
      const each = told.get(pods.idOf(name));
      expect(each?.metadata.name).toBe(name);
      expect(each?.image.image).toBe(IMAGES.tools);
      expect(each?.podSandboxId).toBe(
        name === 'burner' ? pods.runc.sandboxId : pods.runsc.sandboxId,
      );
      expect(Math.abs(Date.now() - Number(each?.createdAt) / 1e6)).toBeLessThan(300_000);
    }
    const { items } = await crictl<{
      items: { id: string; metadata: { name: string; namespace: string; uid: string } }[];
    }>('pods');
    const listed = new Map(items.map(({ id, metadata }) => [id, metadata]));
    expect(listed.size).toBe(2);
    expect(listed.get(pods.runc.sandboxId)).toMatchObject({
      name: 'web',
      namespace: 'team',
      uid: pods.runc.uid,
    });
    expect(listed.get(pods.runsc.sandboxId)).toMatchObject({
      name: 'gv',
      namespace: 'team',
      uid: pods.runsc.uid,
    });
    const table = await runCrictl(program, pods.socket, ['ps']);
    expect(table.output).toMatch(/burner .*web +team/);
    expect(table.output).toMatch(/spinner .*gv +team/);
  });

  test('stats agree with /metrics', async () => {
    const [before, { stats }, after] = await between(() => crictl<{ stats: StatsJson[] }>('stats'));
    const told = new Map(stats.map((each) => [each.attributes.metadata.name, each]));
    expect([...told.keys()].sort()).toEqual(['burner', 'calm', 'idle', 'spinner']);
    for (const [name, each] of told) {
      const cgroup = pods.cgroupOf(name);
      expect(seconds(each.cpu), name).toBeGreaterThanOrEqual(figure(before, CPU, cgroup) - NANO);
      expect(seconds(each.cpu), name).toBeLessThanOrEqual(figure(after, CPU, cgroup) + NANO);
    }
    const burner = told.get('burner')?.memory;
    const set = figure(after, WORKING_SET, pods.cgroupOf('burner'));
    expect(Math.abs(Number(burner?.workingSetBytes?.value) / set - 1)).toBeLessThan(0.02);
    expect(Number(burner?.availableBytes?.value)).toBe(
      LIMIT - Number(burner?.workingSetBytes?.value),
    );
    expect(told.get('idle')?.memory?.availableBytes ?? null).toBeNull();
    // This build of runsc tells each container the memory of the whole sandbox: none is told.
    expect(told.get('spinner')?.memory ?? null).toBeNull();
    expect(figure(after, WORKING_SET, pods.cgroupOf('spinner'))).toBeNaN();
  });

  test('the CPU that crictl shows is what the workloads use', async () => {
    // Without --all crictl leaves out what has used neither CPU nor memory, as a calm one may not have.
    const run = await runCrictl(program, pods.socket, ['stats', '--all', '--seconds', '5']);
    expect(run.status, run.errors).toBe(0);
    const share = (name: string) =>
      Number(new RegExp(`${name} +([\\d.]+) `).exec(run.output)?.[1] ?? Number.NaN);
    expect(share('burner')).toBeGreaterThan(20);
    expect(share('burner')).toBeLessThan(36);
    expect(share('idle')).toBeLessThan(3);
    expect(share('spinner')).toBeGreaterThan(20);
    expect(share('calm')).toBeLessThan(10);
  }, 60_000);

  test('after 10 s the cores are told, and those of the quota are true', async () => {
    await crictl('stats');
    await sleep(10_500);
    const { stats } = await crictl<{ stats: StatsJson[] }>(
      'stats',
      '--id',
      pods.idOf('burner').slice(0, 13),
    );
    expect(stats).toHaveLength(1);
    const cores = Number(stats[0]?.cpu?.usageNanoCores?.value) / 1e9;
    expect(cores).toBeGreaterThan(0.2);
    expect(cores).toBeLessThan(0.36);
  }, 60_000);

  test('statsp agree with /metrics: the pod as a whole, and its network', async () => {
    const [before, { stats }, after] = await between(() =>
      crictl<{ stats: PodStatsJson[] }>('statsp'),
    );
    const told = new Map(stats.map((each) => [each.attributes.metadata.name, each.linux]));
    expect([...told.keys()].sort()).toEqual(['gv', 'web']);
    const each = [
      ['web', pods.runc.cgroup, `${pods.runc.cgroup}/${pods.runc.sandboxId}`],
      ['gv', pods.runsc.cgroup, pods.runsc.cgroupOf('pause')],
    ] as const;
    for (const [name, cgroup, sandbox] of each) {
      const pod = told.get(name);
      expect(seconds(pod?.cpu), name).toBeGreaterThanOrEqual(figure(before, CPU, cgroup) - NANO);
      expect(seconds(pod?.cpu), name).toBeLessThanOrEqual(figure(after, CPU, cgroup) + NANO);
      const sum = pod?.containers.reduce((total, { cpu }) => total + seconds(cpu), 0) ?? Number.NaN;
      expect(sum, name).toBeLessThanOrEqual(seconds(pod?.cpu) + 0.1);
      expect(Number(pod?.memory.workingSetBytes?.value)).toBeGreaterThan(1e6);
      // Of two interfaces it is the one with the route; of one it is that.
      expect(pod?.network.defaultInterface?.name, name).toBe('eth0');
      const received = (rows: readonly SampleRow[]) =>
        rows.find(
          ({ name: metric, labels }) =>
            metric === 'container_network_receive_bytes_total' &&
            labels.id === sandbox &&
            labels.interface === 'eth0',
        )?.value;
      const bytes = Number(pod?.network.defaultInterface?.rxBytes.value);
      expect(bytes).toBeGreaterThanOrEqual(received(before) ?? Number.NaN);
      expect(bytes).toBeLessThanOrEqual(received(after) ?? Number.NaN);
    }
    const others = told.get('web')?.network.interfaces.map((each) => each.name);
    expect(others?.sort()).toEqual(['net1', 'net2']);
    expect(told.get('gv')?.network.interfaces).toEqual([]);
    const processes = Number(told.get('web')?.process?.processCount.value);
    expect(processes).toBe(processesOf(pods.runc));
  });

  test('metricsp are the rows of /metrics, whole', async () => {
    const [before, { podMetrics }, after] = await between(() =>
      crictl<{
        podMetrics: {
          podSandboxId: string;
          metrics: MetricJson[];
          containerMetrics: { containerId: string; metrics: MetricJson[] }[];
        }[];
      }>('metricsp'),
    );
    const { descriptors } = await crictl<{ descriptors: { name: string; labelKeys: string[] }[] }>(
      'metricdescs',
    );
    const keys = new Map(descriptors.map(({ name, labelKeys }) => [name, labelKeys]));
    const textOf = (name: string, labels: Readonly<Record<string, string>>) =>
      `${name} ${JSON.stringify(
        Object.entries(labels)
          .filter(([, value]) => value !== '')
          .sort(),
      )}`;
    const told = new Map(
      podMetrics
        .flatMap((pod) => [pod.metrics, ...pod.containerMetrics.map(({ metrics }) => metrics)])
        .flat()
        .map(({ name, labelValues, value }) => {
          const labels = (keys.get(name) ?? []).map((key, i) => [key, labelValues[i] ?? '']);
          return [textOf(name, Object.fromEntries(labels)), Number(value.value)];
        }),
    );
    const inPods = (rows: readonly SampleRow[]) =>
      new Map(
        rows
          .filter(({ labels }) => labels.pod === 'web' || labels.pod === 'gv')
          .map(({ name, labels, value }) => [textOf(name, labels), value]),
      );
    const [lower, upper] = [inPods(before), inPods(after)];
    expect(told.size).toBeGreaterThan(150);
    // Each row that both scrapes have, and no other.
    for (const key of lower.keys()) if (upper.has(key)) expect(told.has(key), key).toBe(true);
    for (const [key, value] of told) {
      expect(lower.has(key) || upper.has(key), key).toBe(true);
      if (!/_total /.test(key) || !lower.has(key) || !upper.has(key)) continue;
      expect(value, key).toBeGreaterThanOrEqual(Math.floor(lower.get(key) ?? Number.NaN));
      expect(value, key).toBeLessThanOrEqual(upper.get(key) ?? Number.NaN);
    }
  });

  test.each([
    ['inspect', 'ContainerStatus'],
    ['inspectp', 'PodSandboxStatus'],
    ['stop', 'StopContainer'],
    ['rmp', 'PodSandboxStatus'],
  ])('%s is told that it is not served', async (command, method) => {
    const run = await runCrictl(program, pods.socket, [command, pods.idOf('burner')]);
    expect(run.status).not.toBe(0);
    expect(run.errors).toMatch(
      new RegExp(`code = Unimplemented desc = The server does not implement .*/${method}`),
    );
  });

  test('info says that it is no runtime, version who it is', async () => {
    const { status } = await crictl<{
      status: { conditions: { status: boolean; reason: string }[] };
    }>('info');
    expect(status.conditions.map((each) => [each.status, each.reason])).toEqual([
      [false, 'StatsOnly'],
      [false, 'StatsOnly'],
    ]);
    const { output } = await runCrictl(program, pods.socket, ['version']);
    expect(output).toMatch(/RuntimeName: +sandgauge/);
    const own = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(output).toContain(`RuntimeVersion:  ${own.version}`);
  });

  test('a container that is killed is gone from the next answer on', async () => {
    pods.runsc.runsc('kill', pods.idOf('calm'), 'KILL');
    await pods.containerd.cri.call('RemoveContainer', { container_id: pods.idOf('idle') });
    await sleep(500);
    const { stats } = await crictl<{ stats: StatsJson[] }>('stats');
    const names = stats.map(({ attributes }) => attributes.metadata.name).sort();
    expect(names).toEqual(['burner', 'spinner']);
    expect(pods.agent.log()).not.toMatch(/\terror\t/);
  });
});

/** Processes of all containers of a pod and of its sandbox. */
function processesOf({ cgroup, sandboxId, containers }: Pod): number {
  const ids = [sandboxId, ...Object.values(containers)];
  return ids.reduce((sum, id) => sum + pidsOf(`${cgroup}/${id}`).length, 0);
}
