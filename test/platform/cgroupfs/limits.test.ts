import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openLimitsV1, openLimitsV2 } from '../../../src/platform/cgroupfs/limits.ts';
import { openMemoryV1, openMemoryV2 } from '../../../src/platform/cgroupfs/memory.ts';
import { openPressure } from '../../../src/platform/cgroupfs/pressure.ts';
import { openProcesses } from '../../../src/platform/cgroupfs/processes.ts';
import { type KernelFiles, makeKernelFiles } from '../kernel-files.ts';

const INF = Number.POSITIVE_INFINITY;
const made: KernelFiles[] = [];
let root: KernelFiles;
beforeEach(() => {
  root = makeKernelFiles();
  made.push(root);
});
afterAll(() => {
  for (const each of made) each.remove();
});

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) root.write(name, content);
}

describe('limits', () => {
  const v2 = () => openLimitsV2({ cpu: root.path, memory: root.path }, root.files).read();
  const v1 = () => openLimitsV1({ cpu: root.path, memory: root.path }, root.files).read();

  test('v2: max is unlimited, its period is told all the same', () => {
    write({ 'cpu.max': 'max 100000\n', 'memory.max': 'max\n', 'memory.swap.max': 'max\n' });
    expect(v2()).toMatchObject({ quotaMicros: INF, periodMicros: 100_000, memoryBytes: INF });
    write({ 'cpu.max': '20000 50000\n', 'cpu.weight': '79\n', 'memory.max': '134217728\n' });
    expect(v2()).toMatchObject({ quotaMicros: 20_000, periodMicros: 50_000, weight: 79 });
    expect(v2().memoryBytes).toBe(134_217_728);
    write({ 'memory.swap.max': '0\n', 'cpu.max': '20000' });
    expect(v2()).toMatchObject({ quotaMicros: 20_000, periodMicros: undefined });
    expect(v2()).toMatchObject({ swapBytes: 0, shares: undefined });
  });

  test('v2: runtimes reserve with memory.low, the kubelet with memory.min', () => {
    write({ 'memory.low': '16777216\n', 'memory.min': '0\n' });
    expect(v2().reservationBytes).toBe(16_777_216);
    write({ 'memory.low': '0\n', 'memory.min': '4096\n' });
    expect(v2().reservationBytes).toBe(4096);
    write({ 'memory.low': '0\n', 'memory.min': '0\n' });
    expect(v2().reservationBytes).toBe(0);
    root.remove('memory.min');
    expect(v2().reservationBytes).toBe(0);
  });

  test('v1: -1 and PAGE_COUNTER_MAX are unlimited', () => {
    write({
      'cpu.cfs_quota_us': '-1\n',
      'cpu.cfs_period_us': '100000\n',
      'cpu.shares': '1024\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.memsw.limit_in_bytes': '268435456\n',
      'memory.soft_limit_in_bytes': '9223372036854771712\n',
    });
    expect(v1()).toEqual({
      ...{ quotaMicros: INF, periodMicros: 100_000, shares: 1024, weight: undefined },
      ...{ memoryBytes: INF, swapBytes: 268_435_456, reservationBytes: INF },
    });
  });

  test('without files, and without hierarchies, nothing is told and nothing fails', () => {
    const none = openLimitsV1({ cpu: undefined, memory: undefined }, root.files).read();
    for (const limits of [v1(), v2(), none]) {
      expect(Object.values(limits).filter((value) => value !== undefined)).toEqual([]);
    }
    expect(root.failed).toEqual([]);
  });
});

describe('pressure', () => {
  const read = (content: string) => {
    root.write('cpu.pressure', content);
    return openPressure(`${root.path}/cpu.pressure`, root.files).read();
  };
  const some = 'some avg10=1.53 avg60=0.87 avg300=0.73 total=7324568\n';

  test('totals are microseconds: some is waiting, full is stalled', () => {
    expect(read(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n`)).toEqual({
      waitingSeconds: 7.324568,
      stalledSeconds: 0.25,
    });
  });

  test('kernels before 5.13 tell no full for CPU', () => {
    expect(read(some)).toEqual({ waitingSeconds: 7.324568, stalledSeconds: undefined });
    expect(read(some.trim())).toEqual({ waitingSeconds: 7.324568, stalledSeconds: undefined });
  });

  test('a kernel without PSI tells nothing', () => {
    const nothing = { waitingSeconds: undefined, stalledSeconds: undefined };
    expect(read('')).toEqual(nothing);
    expect(openPressure(`${root.path}/io.pressure`, root.files).read()).toEqual(nothing);
    expect(root.failed).toEqual([]);
  });
});

describe('kills for lack of memory', () => {
  test('v2: oom_kill, not oom, which counts attempts', () => {
    root.write('memory.events', 'low 0\nhigh 3\nmax 77\noom 54\noom_kill 1\noom_group_kill 9\n');
    const stats = openMemoryV2(root.path, root.files, undefined).read();
    expect(stats).toMatchObject({ oomKills: 1, highEvents: 3, maxEvents: 77 });
  });

  test('v1: memory.oom_control, whose other keys begin alike; old kernels tell no kills', () => {
    root.write('memory.oom_control', 'oom_kill_disable 1\nunder_oom 1\noom_kill 4\n');
    expect(openMemoryV1(root.path, root.files).read().oomKills).toBe(4);
    root.write('memory.oom_control', 'oom_kill_disable 1\nunder_oom 0\n');
    expect(openMemoryV1(root.path, root.files).read().oomKills).toBeUndefined();
  });

  test('without files nothing is told', () => {
    for (const reader of [
      openMemoryV1(root.path, root.files),
      openMemoryV2(root.path, root.files, undefined),
      openMemoryV2(root.path, root.files, () => undefined),
    ]) {
      expect(Object.values(reader.read()).filter((value) => value !== undefined)).toEqual([]);
    }
  });
});

describe.each([1, 2] as const)('cgroup.procs, v%i', (version) => {
  const read = (pids: readonly number[]) => {
    root.write('cgroup.procs', pids.map((pid) => `${pid}\n`).join(''));
    return openProcesses(root.path, root.files, version).read(1);
  };

  test.each([0, 1, 700, 9000, 40_000])('%i processes, each of them once', (count) => {
    const pids = Array.from({ length: count }, (_, i) => 4_000_000 + i);
    const found = read(pids);
    expect(found).toHaveLength(count);
    expect(found.every((pid, i) => pid === pids[i])).toBe(true);
  });

  test('it is read once a pass', () => {
    root.write('cgroup.procs', '1\n');
    const reader = openProcesses(root.path, root.files, version);
    expect(reader.read(1)).toEqual([1]);
    root.write('cgroup.procs', '1\n2\n');
    expect(reader.read(1)).toEqual([1]);
    expect(reader.read(2)).toEqual([1, 2]);
  });
});

test('whatever the files hold, nothing is thrown and no figure is NaN', () => {
  const word = fc.constantFrom('some', 'full', 'total=', 'max', '-1', '1e9', ' ', '\n', '5', '.');
  const noise = fc.oneof(
    fc.array(word).map((words) => words.join('')),
    fc.string({ unit: 'binary' }),
  );
  const names = ['cpu.max', 'memory.max', 'memory.stat', 'memory.current', 'x.pressure'];
  fc.assert(
    fc.property(noise, (content) => {
      write(Object.fromEntries(names.map((name) => [name, content])));
      const directories = { cpu: root.path, memory: root.path };
      const readers = [
        openLimitsV2(directories, root.files),
        openMemoryV2(root.path, root.files, undefined),
        openPressure(`${root.path}/x.pressure`, root.files),
      ];
      for (const reader of readers) {
        for (const value of Object.values(reader.read())) expect(value).not.toBeNaN();
        reader.close();
      }
    }),
    { numRuns: 50 },
  );
});
