import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeRoot, makeRoot, writeContainerd } from '../../support/bundles.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { DEVICE, filesOf, MIB, type Use, V1_MOUNTS } from './used-files.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const OTHER_UID = '2d0f59af-cdfd-4da5-8a95-8f59071547fe';
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const POD = `/kubepods/burstable/pod${UID}`;
const SLICE = `/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice`;

let root: FakeRoot;
let time: number;
let running: Observed | undefined;
beforeEach(() => {
  root = makeRoot();
  time = 1_800_000_000_000;
  root.write('proc/stat', 'cpu  1 2 3\ncpu0 1 2 3\nbtime 1700000000\n');
  root.write('proc/meminfo', 'MemTotal:       4000000 kB\nSwapTotal:      0 kB\n');
  root.write('proc/diskstats', '   8       0 sda 1 0 8 1 1 0 8 1 0 1 1\n');
});
afterEach(async () => {
  await running?.shutdown();
  running = undefined;
  root.remove();
});

function mount(version: 1 | 2): void {
  const lines =
    version === 2
      ? ['30 20 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup rw']
      : V1_MOUNTS.map((each, i) => `3${i} 20 0:2${i} / /cg/${each} rw - cgroup cgroup rw,${each}`);
  root.write('proc/1/mountinfo', `${lines.join('\n')}\n`);
}

function use(version: 1 | 2, path: string, what: Use = {}): void {
  for (const [name, text] of Object.entries(filesOf(version, path, what))) {
    const [folder, file] = version === 2 ? ['', name] : name.split('|');
    const base = version === 2 ? 'sys/fs/cgroup' : `cg/${folder}`;
    const target = `${base}${path}/${file}`;
    if (what.mebibytes === null && /memory\.(current|usage_in_bytes)$/.test(target))
      root.remove(target);
    else root.write(target, text);
  }
}

function remove(version: 1 | 2, path: string): void {
  for (const each of V1_MOUNTS)
    root.remove(version === 2 ? `sys/fs/cgroup${path}` : `cg/${each}${path}`);
}

/** A pod of Kata: its slice, the sandbox in it, and the cgroup of the VMM and the shim. */
function makePod(version: 1 | 2, slice: Use = {}, overhead: Use = {}): void {
  for (const path of ['', '/kubepods', '/kubepods/burstable', '/kata_overhead']) {
    use(version, path, { seconds: 1000, mebibytes: 1000, threads: 100 });
  }
  use(version, POD, slice);
  use(version, `${POD}/kata_${A}`, { ...slice, pids: [11] });
  use(version, `/kata_overhead/${A}`, { ...overhead, pids: [10, 11] });
}

async function start(version: 1 | 2, options = 'raw_cgroups: all'): Promise<Observed> {
  mount(version);
  const section = `root_path: ${root.path}`;
  running = await runObserved(
    { receiver: `${section}\n${options}`, observer: section },
    () => time,
  );
  return running;
}

/** A collection that lists everything anew. */
function read(observed: Observed): Promise<Row[]> {
  time += 61_000;
  return observed.read();
}

function value(rows: readonly Row[], metric: string, id: string, own = {}): number | undefined {
  const found = rows.filter(
    ({ metric: name, labels }) =>
      name === metric &&
      labels.id === id &&
      Object.entries(own).every(([label, wanted]) => labels[label] === wanted),
  );
  expect(found.length, metric).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_usage_bytes';
const READS = 'container_fs_reads_bytes_total';
const dropped = (observed: Observed) =>
  observed.own('sandgauge_source_dropped_points', { source: 'cgroup' });

describe.each([1, 2] as const)('cgroup v%i: a pod with an overhead beside its slice', (version) => {
  const pod = (rows: readonly Row[], metric: string, own = {}) => value(rows, metric, POD, own);

  test('has the sum of both, of each figure that is true as one', async () => {
    const slice = { seconds: 5, mebibytes: 100, threads: 3, readBytes: 1000 };
    makePod(version, slice, { seconds: 2, mebibytes: 50, threads: 4, readBytes: 24 });
    const rows = await read(await start(version));
    const hierarchy = { failure_type: 'pgfault', scope: 'hierarchy' };
    expect(pod(rows, CPU)).toBe(7);
    expect(pod(rows, 'container_cpu_user_seconds_total')).toBeCloseTo(4.2, 9);
    expect(pod(rows, 'container_cpu_system_seconds_total')).toBeCloseTo(2.8, 9);
    expect(pod(rows, MEMORY)).toBe(150 * MIB);
    expect(pod(rows, 'container_memory_working_set_bytes')).toBe(150 * MIB - 2 * 4096);
    expect(pod(rows, 'container_memory_rss')).toBe(75 * MIB);
    expect(pod(rows, 'container_memory_failures_total', hierarchy)).toBe(70);
    expect(pod(rows, 'container_threads')).toBe(7);
    expect(pod(rows, READS)).toBe(1024);
    expect(pod(rows, 'container_oom_events_total')).toBe(version === 2 ? 7 : undefined);
  });

  test('keeps the limits of its slice, and has no peak', async () => {
    makePod(version);
    const rows = await read(await start(version));
    expect(pod(rows, 'container_spec_memory_limit_bytes')).toBe(999424);
    expect(pod(rows, 'container_spec_cpu_quota')).toBe(50_000);
    expect(pod(rows, 'container_threads_max')).toBe(77);
    expect(pod(rows, 'container_cpu_cfs_periods_total')).toBe(5);
    const limitHits =
      version === 2 ? 'container_memory_events_max_total' : 'container_memory_failcnt';
    expect(pod(rows, limitHits)).toBe(3);
    expect(pod(rows, 'container_processes')).toBe(0);
    expect(pod(rows, 'container_memory_max_usage_bytes')).toBeUndefined();
    const sandbox = `${POD}/kata_${A}`;
    expect(value(rows, 'container_memory_max_usage_bytes', sandbox)).toBe(10 * MIB);
  });

  test('is all that it is a part of: other rows say what their files say', async () => {
    makePod(version, { seconds: 5 }, { seconds: 2 });
    const rows = await read(await start(version));
    for (const id of ['/', '/kubepods', '/kubepods/burstable', '/kata_overhead']) {
      expect(value(rows, CPU, id), id).toBe(1000);
    }
    expect(value(rows, CPU, `${POD}/kata_${A}`)).toBe(5);
    expect(value(rows, CPU, `/kata_overhead/${A}`)).toBe(2);
  });

  test('goes on counting when the overhead comes late, goes, and another one comes', async () => {
    use(version, POD, { seconds: 5 });
    use(version, `${POD}/kata_${A}`, { seconds: 5, pids: [11] });
    const observed = await start(version);
    expect(pod(await read(observed), CPU)).toBe(5);
    use(version, `/kata_overhead/${A}`, { seconds: 2, mebibytes: 50, pids: [10] });
    expect(pod(await read(observed), CPU)).toBe(7);
    // The sandbox' own cgroup goes first.
    use(version, POD, { seconds: 6, mebibytes: 8, pids: [11] });
    remove(version, `${POD}/kata_${A}`);
    use(version, `/kata_overhead/${A}`, { seconds: 3, mebibytes: 40, pids: [10] });
    const closing = await read(observed);
    expect([pod(closing, CPU), pod(closing, MEMORY)]).toEqual([9, 48 * MIB]);
    remove(version, `/kata_overhead/${A}`);
    const gone = await read(observed);
    expect([pod(gone, CPU), pod(gone, MEMORY)]).toEqual([9, 8 * MIB]);
    expect(pod(gone, 'container_memory_max_usage_bytes')).toBeUndefined();
    use(version, `${POD}/kata_${B}`, { seconds: 1, pids: [21] });
    use(version, `/kata_overhead/${B}`, { seconds: 0.5, mebibytes: 30, readBytes: 96, pids: [20] });
    const again = await read(observed);
    expect([pod(again, CPU), pod(again, MEMORY)]).toEqual([9.5, 38 * MIB]);
    expect(pod(again, READS)).toBe(2 * 4096 + 96);
    expect(dropped(observed)).toBe(0);
  });

  test('starts when its slice did', async () => {
    makePod(version);
    const observed = await start(version);
    const started = pod(await read(observed), 'container_start_time_seconds');
    expect(started).toBeGreaterThan(0);
    remove(version, `/kata_overhead/${A}`);
    expect(pod(await read(observed), 'container_start_time_seconds')).toBe(started);
  });

  test('has no row of what the overhead does not tell', async () => {
    makePod(version, {}, { mebibytes: null });
    const observed = await start(version);
    const rows = await read(observed);
    expect(pod(rows, MEMORY)).toBeUndefined();
    expect(pod(rows, 'container_memory_rss')).toBeGreaterThan(0);
    expect(pod(rows, CPU)).toBe(2);
    use(version, `/kata_overhead/${A}`, { pids: [10] });
    expect(pod(await read(observed), MEMORY)).toBe(20 * MIB);
  });

  test('has none where nothing runs in its slice, though the VMM is up', async () => {
    makePod(version);
    const stopped = `${POD}/cgroup.events`;
    if (version === 2) root.write(`sys/fs/cgroup${stopped}`, 'populated 0\n');
    else remove(version, `${POD}/kata_${A}`);
    expect(pod(await read(await start(version)), CPU)).toBeUndefined();
  });

  test('is told by the names of both runtimes and both drivers, and no other pod is', async () => {
    const other = `/kubepods/pod${OTHER_UID}`;
    const scope = `${SLICE}/cri-containerd-${B}.scope`;
    const rust = `/kata.slice/kata-overhead.slice/runtime-rs-${B}.scope`;
    makePod(version);
    use(version, SLICE, { seconds: 20 });
    use(version, scope, { seconds: 20, pids: [31] });
    use(version, rust, { seconds: 3, pids: [30] });
    use(version, other, { seconds: 7 });
    use(version, `${other}/${C}`, { seconds: 7, pids: [40] });
    use(version, `/kata_overhead/${'d'.repeat(64)}`, { seconds: 90, pids: [50] });
    const rows = await read(await start(version));
    expect(pod(rows, CPU)).toBe(2);
    expect(value(rows, CPU, SLICE)).toBe(23);
    expect(value(rows, CPU, other)).toBe(7);
  });
});

describe('cgroup v1: hierarchies apart', () => {
  test('an overhead whose processes are elsewhere in one gives no half of a sum there', async () => {
    makePod(1);
    root.write(`cg/memory/kata_overhead/${A}/cgroup.procs`, '');
    const rows = await read(await start(1));
    expect(value(rows, MEMORY, POD)).toBeUndefined();
    expect(value(rows, CPU, POD)).toBe(2);
  });

  test('a device that only one of both tells is left out', async () => {
    makePod(1);
    const file = 'blkio.throttle.io_service_bytes_recursive';
    root.write(`cg/blkio/kata_overhead/${A}/${file}`, `${DEVICE} Read 0\n${DEVICE} Total 0\n`);
    expect(value(await read(await start(1)), READS, POD)).toBeUndefined();
  });
});

describe('cgroup v2', () => {
  test('a device that only the overhead used is the pod\u2019s', async () => {
    makePod(2);
    root.write(`sys/fs/cgroup${POD}/io.stat`, '');
    expect(value(await read(await start(2)), READS, POD)).toBe(4096);
  });

  // Kata's Go runtime makes the cgroup without limits, and so without a controller but CPU time.
  test.each([
    ['the overhead', `/kata_overhead/${A}`],
    ['the slice', POD],
  ])('an I/O file that %s does not have leaves no half of a sum', async (_, path) => {
    makePod(2);
    root.remove(`sys/fs/cgroup${path}/io.stat`);
    const rows = await read(await start(2));
    expect(value(rows, READS, POD)).toBeUndefined();
    expect(value(rows, CPU, POD)).toBe(2);
  });

  test('what was left without a process counts on, and uses nothing', async () => {
    makePod(2, {}, { seconds: 2, mebibytes: 50 });
    const observed = await start(2);
    await read(observed);
    root.write(`sys/fs/cgroup/kata_overhead/${A}/cgroup.events`, 'populated 0\n');
    const rows = await read(observed);
    expect(value(rows, CPU, POD)).toBe(3);
    expect(value(rows, MEMORY, POD)).toBe(10 * MIB);
  });
});

test('a pod\u2019s row has its names, and `exclude` of the overhead takes nothing from it', async () => {
  makePod(2, { seconds: 5 }, { seconds: 2 });
  const names = { podUid: UID, pod: 'web', namespace: 'shop' };
  use(2, `${POD}/${B}`, { pids: [12] });
  writeContainerd(root, { id: B, ...names, container: 'app' });
  const rows = await read(await start(2, "raw_cgroups: all\nexclude: ['/kata_overhead/**']"));
  const own = { pod: 'web', namespace: 'shop', container: '', image: '' };
  expect(value(rows, CPU, POD, own)).toBe(7);
  expect(rows.some(({ labels }) => labels.id === `/kata_overhead/${A}`)).toBe(false);
});
