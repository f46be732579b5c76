import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeContainerd } from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const OTHER = '2d0f59af-cdfd-4da5-8a95-8f59071547fe';
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const scope = (uid: string, id: string) => `${podSlice(uid)}/cri-containerd-${id}.scope`;

let host: FakeHost;
const running: Observed[] = [];
beforeEach(() => {
  host = makeHost();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.shutdown();
  host.remove();
});

async function run(options: string, now = () => 1_800_000_000_000): Promise<Observed> {
  const root = `root_path: ${host.path}`;
  const observed = await runObserved({ receiver: `${root}\n${options}`, observer: root }, now);
  running.push(observed);
  return observed;
}

function idsOf(rows: readonly Row[], metric = 'container_memory_usage_bytes'): string[] {
  return rows
    .filter((row) => row.metric === metric)
    .map((row) => row.labels.id ?? '')
    .sort();
}

function makePods(): void {
  host.cgroup(podSlice(UID));
  host.cgroup(podSlice(OTHER));
  host.cgroup(scope(UID, A), [101]);
  host.cgroup(scope(UID, B), [102]);
  host.cgroup(scope(OTHER, C), [103]);
  host.cgroup('/system.slice/kubelet.service', [7]);
  host.cgroup('/system.slice/ssh.service', [8]);
}

describe('include and exclude', () => {
  const SLICES = ['/kubepods.slice', '/kubepods.slice/kubepods-burstable.slice'];
  const ALL = [
    ...['/', ...SLICES, podSlice(UID), scope(UID, A), scope(UID, B), podSlice(OTHER)],
    ...[scope(OTHER, C), '/system.slice/kubelet.service'],
  ].sort();
  const containers = [scope(UID, A), scope(UID, B), scope(OTHER, C)];

  test.each([
    ['', ALL],
    ["include: ['/']", ['/']],
    ["include: ['/*']", ['/', '/kubepods.slice']],
    ["include: ['**/cri-containerd-*.scope']", containers],
    ["include: ['/kubepods.slice/**']", ALL.filter((id) => id.startsWith('/kubepods.slice/'))],
    ["include: ['/kubepods.slice/*']", [SLICES[1]]],
    ["include: ['**/cri-containerd-?????.scope']", []],
    [`include: ['**/cri-containerd-${'?'.repeat(64)}.scope']`, containers],
    [`include: ['**/*${A.slice(0, 9)}*']`, [scope(UID, A)]],
    ["exclude: ['/kubepods.slice/**']", ['/', '/kubepods.slice', '/system.slice/kubelet.service']],
    [
      "{include: ['/kubepods.slice/**'], exclude: ['**/*.scope']}",
      [SLICES[1], podSlice(UID), podSlice(OTHER)],
    ],
    [
      "{include: ['/system.slice/*.service'], raw_cgroups: all}",
      ['/system.slice/kubelet.service', '/system.slice/ssh.service'],
    ],
    ["include: ['/system.slice/ssh.service']", []],
    ["exclude: ['**']", []],
    ["include: ['/KUBEPODS.slice']", []],
    ["include: ['/kubepodsXslice']", []],
  ])('%s', async (options, expected) => {
    makePods();
    const yaml = options.startsWith('{')
      ? options.slice(1, -1).replaceAll(/, (?=\w+:)/g, '\n')
      : options;
    const rows = await (await run(yaml)).read();
    expect(idsOf(rows)).toEqual([...expected].sort());
  });
});

describe('runtimes', () => {
  const who = (id: string, podUid: string) => ({
    ...{ id, podUid, pod: podUid === UID ? 'runc-pod' : 'gvisor-pod', namespace: 'default' },
    container: `c${id.slice(0, 3)}`,
  });
  beforeEach(() => {
    makePods();
    for (const id of [A, B]) writeContainerd(host, who(id, UID));
    const config = writeContainerd(host, who(C, OTHER));
    const shim = '/usr/local/bin/containerd-shim-runsc-v1';
    host.write(config.slice(host.path.length).replace('config.json', 'shim-binary-path'), shim);
  });
  const spec = 'container_spec_memory_limit_bytes';

  test.each([
    ['runtimes: {include: [runsc]}', [podSlice(OTHER), scope(OTHER, C)]],
    ['runtimes: {include: [kata]}', []],
    ['runtimes: {include: [runc]}', [podSlice(UID), scope(UID, A), scope(UID, B)]],
    ['runtimes: {include: [runc, runsc], exclude: [runc]}', [podSlice(OTHER), scope(OTHER, C)]],
  ])('%s', async (options, expected) => {
    const observed = await run(options);
    await observed.read();
    expect(idsOf(await observed.read(), spec)).toEqual([...expected].sort());
  });

  test('what is no pod stands whatever is excluded', async () => {
    const observed = await run('runtimes: {exclude: [runsc]}');
    await observed.read();
    const ids = idsOf(await observed.read());
    expect(ids).toContain('/');
    expect(ids).toContain('/system.slice/kubelet.service');
    expect(ids).toContain(podSlice(UID));
    expect(ids.filter((id) => id.includes(OTHER.replaceAll('-', '_')))).toEqual([]);
  });

  test('a pod goes by its containers even where `exclude` takes their rows', async () => {
    const observed = await run("runtimes: {exclude: [runsc]}\nexclude: ['**/*.scope']");
    expect(idsOf(await observed.read(), spec)).not.toContain(podSlice(OTHER));
  });

  test('the first collection selects as every later one does', async () => {
    for (const options of ['runtimes: {exclude: [runsc]}', 'runtimes: {include: [runsc]}']) {
      const observed = await run(options);
      const first = idsOf(await observed.read(), spec);
      expect(first, options).toEqual(idsOf(await observed.read(), spec));
    }
  });
});

describe('the cgroup in which crun keeps the processes', () => {
  test('is no row of its own; its processes are those of the container', async () => {
    const outer = scope(UID, A);
    host.cgroup(podSlice(UID));
    host.cgroup(outer, [], { 'pids.current': '9\n' });
    host.cgroup(`${outer}/container`, [163, 166, 167, 168]);
    const rows = await (await run('raw_cgroups: all')).read();
    expect(rows.filter(({ labels }) => labels.id?.endsWith('/container'))).toEqual([]);
    const value = (metric: string) =>
      rows.find((row) => row.metric === metric && row.labels.id === outer)?.value;
    expect(value('container_processes')).toBe(4);
    expect(value('container_threads')).toBe(9);
  });

  test('a cgroup of the same name elsewhere is one like others', async () => {
    host.cgroup('/system.slice/container', [9]);
    const rows = await (await run('raw_cgroups: all')).read();
    expect(idsOf(rows)).toContain('/system.slice/container');
  });
});

describe('a container without processes, as gVisor leaves them', () => {
  const leaf = () => scope(UID, A);
  const make = () => {
    host.cgroup(podSlice(UID));
    host.cgroup(leaf(), [], {
      'cgroup.events': 'populated 0\nfrozen 0\n',
      'cpu.max': '50000 100000\n',
      'memory.max': '134217728\n',
      'cpu.weight': '10\n',
    });
  };
  const rowsOf = (rows: readonly Row[]) => rows.filter(({ labels }) => labels.id === leaf());

  test('has the rows of its limits, and no zeros, where its bundle is known', async () => {
    make();
    const who = { id: A, podUid: UID, pod: 'p', namespace: 'n', container: 'app' };
    writeContainerd(host, who, {
      resources: {
        cpu: { shares: 256, quota: 50_000, period: 100_000 },
        memory: { limit: 2 ** 27 },
      },
    });
    const rows = rowsOf(await (await run('')).read());
    expect(Object.fromEntries(rows.map(({ metric, value }) => [metric, value]))).toMatchObject({
      container_spec_cpu_period: 100_000,
      container_spec_cpu_quota: 50_000,
      container_spec_cpu_shares: 256,
      container_spec_memory_limit_bytes: 2 ** 27,
    });
    expect(rows.filter(({ metric }) => !metric.startsWith('container_spec_'))).toEqual([]);
    expect(rows.every(({ labels }) => labels.pod === 'p' && labels.container === 'app')).toBe(true);
  });

  test('has none where nothing is known of it', async () => {
    make();
    expect(rowsOf(await (await run('')).read())).toEqual([]);
  });
});

test.each([
  ['runtimes: {include: [kata]}', [podSlice(UID)]],
  ['runtimes: {exclude: [kata], include: [runc]}', [podSlice(OTHER), scope(OTHER, C)]],
])("%s: a pod whose only child is the cgroup of Kata's sandbox is Kata's", async (options, ids) => {
  host.cgroup(podSlice(UID));
  host.cgroup(`${podSlice(UID)}/kata_${A}`, [101]);
  host.cgroup(podSlice(OTHER));
  host.cgroup(scope(OTHER, C), [103]);
  expect(idsOf(await (await run(options)).read())).toEqual(ids);
});
