import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseHierarchies } from '../../../src/platform/cgroupfs/hierarchies.ts';
import { createFdBudget } from '../../../src/platform/file/fd-budget.ts';
import { createFileStore } from '../../../src/platform/file/file-store.ts';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';
import type { GuestFigures } from '../../../src/receivers/kata/guest.ts';
import { createOverhead } from '../../../src/receivers/kata/overhead.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../../support/cgroup-v1.ts';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { type ShimProcess, startShimProcess } from '../../support/kata/process.ts';
import { isMissing } from '../../support/peers.ts';

const CPU = 'kata_shim_pod_overhead_cpu';
const MEMORY = 'kata_shim_pod_overhead_memory_in_bytes';

function guestText(cpuMillis: number, usedBytes: number): string {
  const modes = { user: cpuMillis, nice: 0, system: 0, irq: 0, softirq: 0 };
  const rows = Object.entries(modes).map(
    ([item, value]) => `kata_guest_cpu_time{cpu="total",item="${item}"} ${value}`,
  );
  const memory = [`mem_total"} ${usedBytes + 1e9}`, 'mem_free"} 1000000000'];
  return `${[...rows, ...memory.map((each) => `kata_guest_meminfo{item="${each}`)].join('\n')}\n`;
}

const isSkipped = isMissing('pod overhead in real cgroups', {
  'cgroup v1 with root': v1Mounts().has('cpuacct') && process.getuid?.() === 0,
});

describe.skipIf(isSkipped)('in a real cgroup of this host', () => {
  let folder: string;
  let shim: ShimProcess;
  let cgroup: TestCgroup;
  let collector: Collector;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandgauge-kata-overhead-'));
    shim = await startShimProcess(folder, 'dragonball', { megabytes: 32 });
    cgroup = makeCgroup(`kata_${shim.id}`);
    for (const controller of ['cpuacct', 'memory']) {
      cgroup.write(controller, 'cgroup.procs', String(shim.pid));
    }
    shim.write(guestText(0, 0));
    collector = await startCollector('/', `shim_directories: ['${shim.directory}']`);
    await expect.poll(() => collector.read(), { timeout: 15_000 }).not.toEqual([]);
  });
  afterEach(async () => {
    await collector.shutdown();
    await shim.stop();
    await cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const nanos = () => Number(cgroup.read('cpuacct', 'cpuacct.usage'));
  const bytes = () => Number(cgroup.read('memory', 'memory.usage_in_bytes'));

  /** One more collection after a while, and between what the kernel's own figures of it lie. */
  async function interval(guestMillis: number, usedBytes: number) {
    await sleep(1100);
    await collector.read();
    const outer = { nanos: nanos(), time: performance.now() };
    await sleep(2000);
    shim.write(guestText(guestMillis, usedBytes));
    const inner = { nanos: nanos(), time: performance.now() };
    const points = await collector.read();
    const spent = (nanos() - outer.nanos) / 1e9;
    const least = (inner.nanos - outer.nanos) / 1e9;
    return { points, spent, least, seconds: inner.time - outer.time };
  }

  test('CPU and memory are those of the cgroup, less those of the guest', async () => {
    const free = await interval(0, 0);
    const percent = rowValue(free.points, CPU) ?? Number.NaN;
    // The program works half of the time; the reads lie a little outside of the interval.
    const expected = (free.least / (free.seconds / 1000)) * 100;
    expect(percent).toBeGreaterThan(10);
    expect(Math.abs(percent - expected)).toBeLessThan(expected * 0.25 + 3);
    const memory = rowValue(free.points, MEMORY) ?? Number.NaN;
    expect(Math.abs(memory - bytes())).toBeLessThan(8 * 2 ** 20);
    const half = await interval(500, 0);
    const rest = rowValue(half.points, CPU) ?? Number.NaN;
    const expectedRest = ((half.least - 0.5) / (half.seconds / 1000)) * 100;
    expect(Math.abs(rest - expectedRest)).toBeLessThan(expected * 0.25 + 3);
  }, 30_000);

  test('a guest that counts more than the host makes it 0, never less', async () => {
    const { points } = await interval(60_000, 8e9);
    expect(rowValue(points, CPU)).toBe(0);
    expect(rowValue(points, MEMORY)).toBe(0);
  }, 30_000);
});

describe('in written cgroups of both versions', () => {
  const ID = 'abc123de'.repeat(8);
  const GUEST = {
    busySeconds: 4,
    agentSeconds: 1,
    usageBytes: 400,
    agentBytes: 100,
  } as GuestFigures;
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sandgauge-kata-cgroup-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  /** Two processes: the shim, and a hypervisor with a thread for each of its cgroups. */
  function processes(version: 1 | 2, shim: string, threads: readonly string[]): void {
    const line = (path: string) =>
      version === 2 ? `0::${path}\n` : `4:cpu,cpuacct:${path}\n3:memory:${path}\n`;
    write('proc/10/cgroup', line(shim));
    for (const [i, path] of threads.entries()) write(`proc/20/task/${20 + i}/cgroup`, line(path));
    const mounts =
      version === 2
        ? '30 20 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n'
        : '30 20 0:25 / /c rw - cgroup c rw,cpu,cpuacct\n31 20 0:26 / /m rw - cgroup m rw,memory\n';
    write('proc/1/mountinfo', mounts);
  }

  function use(version: 1 | 2, path: string, seconds: number, bytes: number): void {
    if (version === 2) {
      write(`sys/fs/cgroup${path}/cpu.stat`, `usage_usec ${seconds * 1e6}\n`);
      write(`sys/fs/cgroup${path}/memory.current`, `${bytes}\n`);
    } else {
      write(`c${path}/cpuacct.usage`, `${seconds * 1e9}\n`);
      write(`m${path}/memory.usage_in_bytes`, `${bytes}\n`);
    }
  }

  function open() {
    const paths = createRootedPaths(root);
    const mountinfo = readFileSync(join(root, 'proc/1/mountinfo'), 'utf8');
    const listener = { failed() {}, recovered() {}, gone() {} };
    const files = createFileStore(createFdBudget(0), listener);
    const overhead = createOverhead(
      parseHierarchies(mountinfo, paths),
      join(root, 'proc'),
      ID,
      files,
    );
    return (guest: GuestFigures, time: number) =>
      overhead.read({ shim: 10, hypervisor: 20 }, guest, time);
  }

  const POD = `/kubepods/pod1/kata_${ID}`;
  const BESIDE = `/kata_overhead/${ID}`;

  test.each([1, 2] as const)('v%i: two samples, in the units of the version', (version) => {
    processes(version, POD, [POD, POD]);
    use(version, POD, 10, 1000);
    const read = open();
    expect(read(GUEST, 0)).toEqual({ cpuPercent: undefined, memoryBytes: 700 });
    use(version, POD, 12, 1000);
    // Host 2 s, guest 1.5 s of which 0.5 s are the agent's: 1 s over, in 10 s.
    expect(read({ ...GUEST, busySeconds: 5.5, agentSeconds: 1.5 }, 10_000).cpuPercent).toBeCloseTo(
      10,
    );
    // Too soon for a new one.
    expect(read(GUEST, 10_500).cpuPercent).toBeCloseTo(10);
  });

  test.each([1, 2] as const)('v%i: vCPUs in the sandbox, the rest in kata_overhead', (version) => {
    processes(version, BESIDE, [BESIDE, POD, POD]);
    use(version, POD, 1, 300);
    use(version, BESIDE, 1, 500);
    const read = open();
    expect(read(GUEST, 0).memoryBytes).toBe(500);
    use(version, POD, 2, 300);
    use(version, BESIDE, 3, 500);
    expect(read(GUEST, 1000).cpuPercent).toBeCloseTo(300);
  });

  test('threads that leave kata_overhead after the first look are followed', () => {
    processes(1, BESIDE, [BESIDE, BESIDE]);
    use(1, BESIDE, 1, 500);
    const read = open();
    expect(read(GUEST, 0).memoryBytes).toBe(200);
    processes(1, BESIDE, [BESIDE, POD]);
    use(1, BESIDE, 2, 500);
    use(1, POD, 3, 300);
    // Host 4 s, guest none, in 10 s.
    const moved = read(GUEST, 10_000);
    expect(moved.memoryBytes).toBe(500);
    expect(moved.cpuPercent).toBeCloseTo(40);
  });

  test('a thread that ends while all are looked at leaves the others', () => {
    processes(1, BESIDE, [BESIDE, BESIDE]);
    use(1, BESIDE, 1, 500);
    const read = open();
    expect(read(GUEST, 0).memoryBytes).toBe(200);
    symlinkSync(join(root, 'gone'), join(root, 'proc/20/task/99'));
    use(1, BESIDE, 2, 500);
    const next = read(GUEST, 10_000);
    expect(next.memoryBytes).toBe(200);
    expect(next.cpuPercent).toBeCloseTo(10);
  });

  test.each([
    ['a cgroup in another is counted once', [`${POD}/vcpu_${ID}`, POD], 700],
    ['a thread elsewhere: nothing is known', [POD, '/system.slice/containerd.service'], undefined],
    ['no thread that can be seen', [], undefined],
  ])('%s', (_, threads, memoryBytes) => {
    processes(2, POD, threads);
    use(2, POD, 10, 1000);
    use(2, `${POD}/vcpu_${ID}`, 5, 500);
    expect(open()(GUEST, 0).memoryBytes).toBe(memoryBytes);
  });

  test('a shim that stays with its engine is left out', () => {
    processes(2, '/system.slice/containerd.service', [POD]);
    use(2, POD, 10, 1000);
    use(2, '/system.slice/containerd.service', 99, 9e9);
    expect(open()(GUEST, 0).memoryBytes).toBe(700);
  });

  test('a counter that went back, and a cgroup that is gone', () => {
    processes(2, POD, [POD]);
    use(2, POD, 10, 1000);
    const read = open();
    read(GUEST, 0);
    use(2, POD, 3, 1000);
    expect(read(GUEST, 5000).cpuPercent).toBeUndefined();
    rmSync(join(root, 'sys'), { recursive: true });
    expect(read(GUEST, 9000)).toEqual({ cpuPercent: undefined, memoryBytes: undefined });
    use(2, POD, 4, 1000);
    expect(read(GUEST, 12_000)).toEqual({ cpuPercent: undefined, memoryBytes: 700 });
  });
});
