import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCriClient } from '../../src/platform/cri/client.ts';
import { cri } from '../../src/receivers/cri/factory.ts';
import { runsc } from '../../src/receivers/runsc/factory.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, IMAGES, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { makeRunscProgram, type RunscProgram } from '../support/containerd/runsc-behind-runc.ts';
import { type Observed, type Row, runObserved } from '../support/observed.ts';
import { compile, findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('the cri receiver and a real containerd', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
  cc: findPeer('cc'),
});

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = [
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_memory_rss',
];

describe.skipIf(isSkipped)('pods of a real containerd, asked over its CRI', () => {
  let program: RunscProgram;
  let containerd: Containerd;
  let pod: Pod;
  let guest: Pod | undefined;
  const running: Observed[] = [];

  beforeAll(async () => {
    program = makeRunscProgram();
    containerd = await startContainerd(
      { '/bin/hog': compile('hog.c') },
      { handlers: { gvisor: program.path } },
    );
    pod = await runPod(
      containerd,
      'web',
      {
        burner: {
          command: ['/bin/hog', '100', '48'],
          resources: {
            ...{ cpu_period: 100_000, cpu_quota: 30_000, cpu_shares: 512 },
            memory_limit_in_bytes: 256 * 2 ** 20,
          },
        },
        idle: { command: ['/bin/sleep', '100000'] },
      },
      { labels: { app: 'web' } },
    );
    guest = await runPod(
      containerd,
      'gv',
      {
        spinner: { command: ['/bin/awk', 'BEGIN{while(1) i++}'] },
        calm: { command: ['/bin/sleep', '100000'] },
      },
      // One pod alone has the network of the test.
      { isHostNetwork: true, handler: 'gvisor' },
    );
    await sleep(6_000);
  }, 90_000);

  afterAll(async () => {
    for (const each of running) await each.shutdown();
    await removeGuest();
    await pod?.remove();
    await containerd?.stop();
    program?.remove();
  }, 90_000);

  async function removeGuest(): Promise<void> {
    if (guest !== undefined) await program.end(guest, containerd);
    guest = undefined;
  }

  /** A receiver alone with an observer that knows bundles, or the runtime. */
  async function start(
    factory: typeof cri | typeof runsc | undefined,
    receiver: string,
    observer = `containerd_state_directories: [${containerd.state}]`,
  ): Promise<Observed> {
    const named = `${observer}\nsandbox_image: ${IMAGES.pause}`;
    const sections = { receiver, observer: named, ...(factory === undefined ? {} : { factory }) };
    const observed = await runObserved(sections, Date.now);
    running.push(observed);
    return observed;
  }

  const startCri = () => start(cri, `cri_socket: ${containerd.socket}`);
  const startCgroup = (observer?: string) =>
    start(undefined, `include: ['/sandgauge-${process.pid}-*/**']`, observer);
  const of = (rows: readonly Row[], { cgroup } = pod) =>
    rows.filter(({ labels }) => labels.id?.startsWith(cgroup));
  const keyOf = ({ metric, labels }: Row) =>
    JSON.stringify([metric, Object.entries(labels).sort()]);
  const figure = (rows: readonly Row[], metric: string, id = '') =>
    rows.find((row) => row.metric === metric && row.labels.name === id)?.value ?? Number.NaN;

  test('runc: its rows are those of the cgroup receiver, within 2 %', async () => {
    const [engine, cgroup] = [await startCri(), await startCgroup()];
    for (const each of [engine, cgroup]) await each.read();
    await sleep(2_500);
    const before = of(await cgroup.read(), pod);
    const told = of(await engine.read(), pod);
    const after = of(await cgroup.read(), pod);
    const values = (rows: readonly Row[]) => new Map(rows.map((row) => [keyOf(row), row.value]));
    const [least, most] = [values(before), values(after)];
    const compared = new Set<string>();
    for (const row of told) {
      const [low, high] = [least.get(keyOf(row)), most.get(keyOf(row))];
      if (low === undefined || high === undefined || row.metric === 'container_last_seen') continue;
      compared.add(row.metric);
      const where = `${row.metric} ${row.labels.container} ${low} ${row.value} ${high}`;
      expect(row.value, where).toBeGreaterThanOrEqual(low * 0.98 - 1);
      expect(row.value, where).toBeLessThanOrEqual(high * 1.02 + 1);
    }
    expect([...compared]).toEqual(
      expect.arrayContaining([
        ...[CPU, ...MEMORY, 'container_spec_memory_limit_bytes', 'container_spec_cpu_quota'],
        ...['container_network_receive_bytes_total', 'container_start_time_seconds'],
      ]),
    );
    const burner = pod.containers.burner ?? '';
    expect(figure(told, CPU, burner)).toBeGreaterThan(1);
    for (const metric of [CPU, ...MEMORY]) {
      const [low, high] = [before, after].map((rows) => figure(rows, metric, burner));
      const ratio = figure(told, metric, burner) / (((low ?? 0) + (high ?? 0)) / 2);
      expect(Math.abs(ratio - 1), `${metric} ${ratio}`).toBeLessThan(0.02);
    }
    // Every row bears the labels that the cgroup receiver's have.
    const others = told.filter(
      (row) => !most.has(keyOf(row)) && !row.metric.startsWith('container_fs_'),
    );
    expect([...new Set(others.map(({ metric }) => metric))]).toEqual([]);
    expect(engine.log).toEqual([]);
    expect(engine.own('duplicates')).toBe(0);
  });

  test('gVisor behind runc’s shim: the runtime tells the sandbox for each, we tell none of it', async () => {
    const client = createCriClient(containerd.socket);
    const { stats } = await client.call('ListContainerStats', {}, performance.now() + 5_000);
    client.close();
    const [calm = '', spinner = ''] = [guest?.containers.calm, guest?.containers.spinner];
    const toldOf = (id: string) => {
      const found = stats.find(({ attributes }) => attributes?.id === id);
      return Number(found?.cpu?.usage_core_nano_seconds) / 1e9;
    };
    // The lie: a container that sleeps has the CPU of the one that spins.
    expect(toldOf(calm)).toBeGreaterThan(2);
    expect(Math.abs(toldOf(calm) / toldOf(spinner) - 1)).toBeLessThan(0.1);
    const engine = await startCri();
    await engine.read();
    const rows = of(await engine.read(), guest);
    expect(rows.filter(({ labels }) => labels.name !== '')).toEqual([]);
    // The pod's own cgroup is whole.
    expect(rows.find(({ metric }) => metric === CPU)?.value).toBeGreaterThan(2);
    const root = `${dirname(containerd.socket)}/gvisor/k8s.io`;
    const inside = await start(runsc, `roots: [${root}]`);
    const truth = await inside.read();
    expect(figure(truth, CPU, calm)).toBeLessThan(0.5);
    expect(figure(truth, CPU, spinner)).toBeGreaterThan(2);
  });

  test('names of the runtime are those of the bundles, and the image of the sandbox too', async () => {
    const byBundle = await startCgroup();
    const byRuntime = await startCgroup(
      `containerd_state_directories: []\ncri_socket: unix://${containerd.socket}`,
    );
    const labelsOf = async (observed: Observed) => {
      await observed.read();
      await sleep(2_500);
      const rows = of(await observed.read(), pod);
      return new Map(
        rows.map(({ labels }) => [labels.id, `${labels.image} ${labels.name} ${labels.pod}`]),
      );
    };
    const [expected, told] = [await labelsOf(byBundle), await labelsOf(byRuntime)];
    expect(told.size).toBe(4);
    expect(told).toEqual(expected);
    expect([...told.values()].join()).toContain(IMAGES.pause);
    expect(byRuntime.log).toEqual([]);
  });

  test('a writable layer that no walk finds is told by the runtime, where a socket is given', async () => {
    // The native snapshotter mounts no overlay; containerd measures every 10 s.
    const told = await startCgroup(`cri_socket: ${containerd.socket}`);
    const alone = await startCgroup();
    const found = async (observed: Observed) =>
      of(await observed.read()).filter(({ metric }) => metric === 'container_fs_usage_bytes');
    for (let tries = 0; tries < 30 && (await found(told)).length < 2; tries++) await sleep(1_000);
    const rows = await found(told);
    expect(rows.map(({ labels }) => labels.container).sort()).toEqual(['burner', 'idle']);
    for (const { value, labels } of rows) {
      // A copy of the image's busybox at least.
      expect(value).toBeGreaterThan(500_000);
      expect(labels.device).toMatch(/^\/dev\//);
    }
    expect(await found(alone)).toEqual([]);
  }, 60_000);

  test('a restart of containerd: rows come again, and no counter goes back', async () => {
    await removeGuest();
    const engine = await startCri();
    const burner = pod.containers.burner ?? '';
    await engine.read();
    await sleep(2_100);
    const before = figure(await engine.read(), CPU, burner);
    expect(before).toBeGreaterThan(1);
    const restarted = containerd.restart();
    await engine.read();
    await restarted;
    await sleep(2_500);
    expect(figure(await engine.read(), CPU, burner)).toBeGreaterThan(before);
    expect(engine.own('sandgauge_source_dropped_points', { source: 'cri' })).toBe(0);
  }, 60_000);
});
